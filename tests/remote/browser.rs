//! A real Chromium, headless, with its virtual authenticator: what a person would do, in the words of its driver.

use std::path::Path;

use serde_json::Value;

use crate::support::{Running, Sandbox, program, wait_until};

/// One browser with one passkey device.
pub struct Browser {
    running: Running,
    lines: usize,
    _sandbox: Sandbox,
}

impl Browser {
    pub fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tools = root.join("target/tools/browser");
        assert!(tools.join("node_modules/playwright-core").exists(), "playwright-core is missing: use tests/run");
        assert!(tools.join("node_modules/axe-core").exists(), "axe-core is missing: use tests/run");
        let sandbox = Sandbox::new();
        let call = sandbox.call(program("node"), [root.join("tests/remote/browser.mjs")]).arg(tools);
        let running = call.arg(program("chromium")).start_with_open_stdin();
        Self { running, lines: 0, _sandbox: sandbox }
    }

    /// What the body of a function of `page`, `context`, `cdp`, `browser`, `faults` and `axe` gives.
    pub fn run(&mut self, code: &str) -> Value {
        let told = self.told(code);
        assert!(told["error"].is_null(), "{code}\n{told}\n{}", self.running.stderr());
        told["value"].clone()
    }

    /// The same, as text.
    pub fn text(&mut self, code: &str) -> String {
        self.run(code).as_str().unwrap_or_default().to_owned()
    }

    fn told(&mut self, code: &str) -> Value {
        let line = serde_json::json!({ "code": code });
        self.running.write(&format!("{line}\n"));
        self.lines += 1;
        let said = wait_until("the browser", || {
            let said = self.running.stdout();
            let whole = said.matches('\n').count();
            (whole >= self.lines).then_some(said)
        });
        serde_json::from_str(said.lines().nth(self.lines - 1).unwrap()).unwrap()
    }
}

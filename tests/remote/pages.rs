//! The pages as people use them, in a real browser with a passkey of its own; and as those use them who made another page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::browser::Browser;
use super::*;

/// A server, a host that knows Alice's passkey, and Alice's browser.
pub(super) struct Desk {
    pub(super) scene: Scene,
    pub(super) browser: Browser,
    pub(super) page: String,
    key: String,
}

impl Desk {
    /// Alice makes a passkey, and her key is put on the host.
    pub(super) fn new() -> Self {
        let scene = Scene::new(On::Sqlite, "");
        let page = page(&scene.server);
        let mut browser = Browser::start();
        let key = enrol(&scene.server, &mut browser, "alice");
        let config = scene.host.sandbox.read("gate/config.yaml");
        let entry = format!("{{key: {key}, origins: [\"{page}\"]}}");
        let line: Vec<&str> = scene.alice.line.split(' ').take(2).collect();
        let config = config.replacen(&line.join(" "), &entry, 1);
        assert!(config.contains(&entry), "{config}");
        scene.host.sandbox.write("gate/config.yaml", config);
        Self { scene, browser, page, key }
    }

    pub(super) fn enter(&mut self) {
        self.open("/");
        self.browser.run("await page.click('#by-passkey'); await page.waitForSelector('.visitor')");
    }

    pub(super) fn open(&mut self, path: &str) {
        self.browser.run(&format!("await page.goto('{}{path}')", self.page));
    }

    /// Asks on the host, and opens the request.
    pub(super) fn asked(&mut self) -> (Running, String) {
        let (gate, id) = self.scene.host.ask();
        self.scene.arrived(&id);
        self.open(&format!("/requests/{id}"));
        (gate, id)
    }

    pub(super) fn answer(&mut self, decision: &str) {
        self.browser.run(&format!(
            "await page.fill('#reason', 'seen and {decision}'); await page.click('button[value={decision}]');
             await page.click('#sign'); await page.waitForSelector('.answers li')"
        ));
    }

    pub(super) fn faults(&mut self) -> Value {
        self.browser.run("return faults")
    }
}

/// Where browsers find a server.
pub(super) fn page(server: &Server) -> String {
    format!("http://localhost:{}", server.address.rsplit(':').next().unwrap())
}

/// Comes in by a token.
pub(super) fn enter(browser: &mut Browser, page: &str, token: &str) {
    browser.run(&format!(
        "await context.clearCookies(); await page.goto('{page}/requests'); await page.click('summary');
         await page.fill('#token', '{token}'); await page.press('#token', 'Enter'); await page.waitForSelector('.visitor')"
    ));
}

/// Makes a passkey; gives the key's line, as the page shows it.
pub(super) fn enrol(server: &Server, browser: &mut Browser, principal: &str) -> String {
    let ran = server.call(&["enrol", principal, "--page", &page(server)]).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    let link = ran.stdout.trim().to_owned();
    assert!(link.starts_with(&format!("{}/enrol#", page(server))), "{link}");
    browser.run(&format!("await page.goto('about:blank'); await page.goto('{link}')"));
    browser.run("await page.click('#make-passkey'); await page.waitForSelector('#made:not([hidden])')");
    let key = browser.text("return await page.textContent('#key')");
    assert!(key.starts_with("sk-ecdsa-sha2-nistp256@openssh.com "), "{key}");
    let entry = browser.text("return await page.textContent('#entry')");
    assert!(entry.contains(&key) && entry.contains(&page(server)), "{entry}");
    // The link works once.
    browser.run(&format!("await page.goto('about:blank'); await page.goto('{link}')"));
    browser.run("await page.waitForSelector('#fault:not([hidden])')");
    assert_eq!(browser.run("return await page.isDisabled('#make-passkey')"), true);
    key
}

#[test]
fn an_answer_by_a_passkey_runs_the_command() {
    let mut desk = Desk::new();
    desk.enter();
    let (gate, id) = desk.asked();
    assert_eq!(desk.browser.text("return await page.textContent('#command')"), "rm -rf victim");
    desk.answer("approve");
    let ran = gate.wait();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert!(!desk.scene.host.stands());
    desk.browser
        .run("await page.waitForFunction(() => document.getElementById('state').textContent === 'approved and run')");
    let verified = desk.scene.host.sandbox.gate(["audit", "verify"]).run();
    assert_eq!(verified.status, Status::Exited(0), "{verified:?}");
    let shown = desk.scene.host.sandbox.gate(["show", &id, "--json"]).run();
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!((&shown["answers"][0]["proof"], &shown["answers"][0]["grade"]), (&"webauthn".into(), &"signed".into()));
    assert_eq!(desk.faults(), serde_json::json!([]));
}

#[test]
fn a_denial_by_a_passkey_is_final() {
    let mut desk = Desk::new();
    desk.enter();
    let (gate, _) = desk.asked();
    desk.answer("deny");
    assert_eq!(gate.wait().status, Status::Exited(77));
    assert!(desk.scene.host.stands());
}

#[test]
fn the_queue_shows_what_comes_and_goes_by_itself() {
    let mut desk = Desk::new();
    desk.enter();
    assert!(desk.browser.text("return await page.textContent('main')").contains("Nothing waits"));
    let (gate, id) = desk.scene.host.ask();
    desk.browser.run(&format!("await page.waitForSelector('.card#r{id}')"));
    let ran = desk.scene.host.sandbox.gate(["withdraw", &id]).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    gate.wait();
    desk.browser.run(&format!("await page.waitForSelector('.plain #r{id}')"));
}

#[test]
fn an_answer_that_a_server_changes_or_moves_runs_nothing() {
    let mut desk = Desk::new();
    desk.enter();
    desk.scene.host.sandbox.write("work/precious/file", "");
    let other = desk.scene.host.sandbox.gate(["--", "rm", "-rf", "precious"]).start();
    other.wait_for_stderr("waiting until");
    let said = other.stderr();
    let second = said.split("(request ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let (gate, first) = desk.asked();
    // Alice denies; the server, with all that it has, keeps the signature and says something else with it.
    let signed = desk.browser.run(
        "let signed;
         await page.route('**/answer', (route) => { signed = JSON.parse(route.request().postData()); return route.abort(); });
         await page.fill('#reason', 'no'); await page.click('button[value=deny]'); await page.click('#sign');
         await page.waitForSelector('#fault:not([hidden])');
         return signed",
    );
    let statement = STANDARD_NO_PAD.decode(signed["statement"].as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&statement).unwrap();
    let token = desk.scene.server.token("approver", "alice");
    let carried = |id: &str, member: &str, value: Value| {
        let mut statement = statement.clone();
        statement["decision"] = "approve".into();
        statement[member] = value;
        let mut proof = serde_json::json!({"kind": "webauthn"});
        for name in ["authenticator_data", "client_data", "signature"] {
            proof[name] = signed[name].clone();
        }
        let verdict = serde_json::to_vec(&serde_json::json!({"proof": proof, "statement": statement})).unwrap();
        let body = format!("{{\"verdict\":\"{}\"}}", STANDARD_NO_PAD.encode(verdict));
        let path = format!("/v1/requests/{id}/answers");
        let (status, told) = desk.scene.server.asked(&token, &path, &["-X", "POST", "-d", &body]);
        assert_eq!(status, 201, "{told}");
    };
    carried(&first, "reason", "no".into());
    gate.wait_for_stderr("another challenge");
    let (_, whole) = desk.scene.server.asked(&token, &format!("/v1/requests/{second}"), &[]);
    carried(&second, "request", whole["listed"]["digest"].clone());
    other.wait_for_stderr("another challenge");
    assert!(desk.scene.host.stands() && desk.scene.host.sandbox.work().join("precious").exists());
}

#[test]
fn a_page_that_shows_another_request_than_the_host_made_gets_no_answer_for_it() {
    let mut desk = Desk::new();
    desk.enter();
    let (_gate, _) = desk.asked();
    // Its script shows a harmless command, and has the digest of that signed.
    desk.browser.run(
        "const digest = 'sha256:' + 'ab'.repeat(32);
         await page.route('**/statement', async (route) => {
             const response = await route.fetch();
             const told = await response.json();
             const statement = JSON.parse(Buffer.from(told.statement, 'base64').toString());
             statement.request = digest;
             told.statement = Buffer.from(JSON.stringify(statement)).toString('base64').replace(/=+$/, '');
             await route.fulfill({ response, json: told });
         });
         await page.fill('#reason', 'fine'); await page.click('button[value=approve]');
         await page.waitForSelector('#fault:not([hidden])')",
    );
    assert!(desk.browser.text("return await page.textContent('#fault')").contains("proposes something else"));
    // Even with a script that does not look.
    desk.browser.run(
        "await page.evaluate(() => { document.getElementById('answering').dataset.digest = 'sha256:' + 'ab'.repeat(32) });
         await page.reload();
         await page.route('**/*.js', async (route) => {
             const response = await route.fetch();
             const body = (await response.text()).replace('|| statement.request !== digest', '');
             await route.fulfill({ response, body });
         });
         await page.reload();
         await page.evaluate(() => { document.getElementById('command').textContent = 'ls' });
         await page.fill('#reason', 'fine'); await page.click('button[value=approve]'); await page.click('#sign');
         await page.waitForSelector('#fault:not([hidden])')",
    );
    assert!(desk.browser.text("return await page.textContent('#fault')").contains("another request"));
    assert!(desk.scene.host.stands());
}

#[test]
fn what_a_command_says_stays_text() {
    let mut desk = Desk::new();
    desk.enter();
    let hostile =
        ["<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "a\u{202e}b\u{200b}", "\"'`{{7*7}}"];
    let reason = "</title><b onclick=alert(3)>why</b>";
    let gate = desk.scene.host.sandbox.gate(["--reason", reason, "--", "rm", "-rf"]).args(hostile).start();
    gate.wait_for_stderr("waiting until");
    let said = gate.stderr();
    let id = said.split("(request ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    desk.scene.arrived(&id);
    for path in ["/requests".to_owned(), format!("/requests/{id}")] {
        desk.open(&path);
        let text = desk.browser.text("return await page.textContent('main')");
        assert!(text.contains(hostile[0]) && text.contains(hostile[1]), "{text}");
        assert!(text.contains("a\\u{202E}b\\u{200B}") && !text.contains('\u{202e}'), "{text}");
        let made = desk.browser.run("return await page.locator('img, b[onclick], main script').count()");
        assert_eq!(made, 0);
    }
    assert_eq!(desk.faults(), serde_json::json!([]));
}

#[test]
fn what_another_page_sends_changes_nothing() {
    let mut desk = Desk::new();
    desk.enter();
    let (_gate, id) = desk.asked();
    let secret = desk.browser.text("return (await context.cookies()).find((cookie) => cookie.name === 'gate').value");
    let (cookie, mark) = (
        format!("Cookie: gate={secret}"),
        format!("x-gate-mark: {}", desk.browser.text("return await page.getAttribute('[data-mark]', 'data-mark')")),
    );
    let own = format!("Origin: {}", desk.page);
    let ran =
        desk.scene.host.sandbox.call(program("ssh-keygen"), ["-l", "-f", "-"]).stdin(format!("{}\n", desk.key)).run();
    let key = ran.stdout.split(' ').nth(1).unwrap().to_owned();
    let body = format!("{{\"decision\":\"approve\",\"reason\":\"x\",\"key\":\"{key}\"}}");
    let path = format!("/requests/{id}/statement");
    let asked = |headers: &[&str]| {
        let mut options = vec!["-X", "POST", "-d", &body];
        headers.iter().for_each(|header| options.extend(["-H", *header]));
        desk.scene.server.asked("", &path, &options).0
    };
    assert_eq!(asked(&[&cookie, &mark, &own]), 200);
    assert_eq!(asked(&[&cookie, &mark]), 403, "without an origin");
    assert_eq!(asked(&[&cookie, &mark, "Origin: https://evil.example"]), 403, "from another origin");
    assert_eq!(asked(&[&cookie, &mark, "Origin: null"]), 403, "from nowhere");
    assert_eq!(asked(&[&cookie, &own]), 403, "without the mark");
    assert_eq!(asked(&[&cookie, &own, "x-gate-mark: 00"]), 403, "with another mark");
    assert_eq!(asked(&[&mark, &own]), 401, "without the cookie");
    let out = ["-X", "POST", "-d", "mark=00", "-H", &cookie, "-H", &own];
    assert_eq!(desk.scene.server.asked("", "/leave", &out).0, 403);
    // A true form of a true other page: the browser itself keeps the cookie back.
    let blocked = desk.browser.run(
        "const other = await context.newPage();
         await other.route('https://evil.example/', (route) => route.fulfill({ contentType: 'text/html',
             body: `<form method=post action='${page.url().replace(/\\/requests.*/, '')}/leave'><input name=mark value=0></form>` }));
         await other.goto('https://evil.example/');
         const [response] = await Promise.all([other.waitForResponse('**/leave'), other.evaluate(() => document.forms[0].submit())]);
         return response.status()",
    );
    assert!(blocked == 401 || blocked == 403, "{blocked}");
}

#[test]
fn a_session_ends_with_its_person_and_its_passkey() {
    let mut desk = Desk::new();
    desk.enter();
    let cookies = desk.browser.run("return await context.cookies()");
    let cookie = &cookies[0];
    assert_eq!((&cookie["httpOnly"], &cookie["sameSite"]), (&true.into(), &"Strict".into()), "{cookies}");
    let secret = format!("Cookie: gate={}", cookie["value"].as_str().unwrap());
    assert_eq!(desk.scene.server.asked("", "/session", &["-H", &secret]).0, 204);
    desk.browser.run("await page.click('.visitor button'); await page.waitForSelector('#by-passkey')");
    assert_eq!(desk.scene.server.asked("", "/session", &["-H", &secret]).0, 401);
    desk.enter();
    let ran =
        desk.scene.host.sandbox.call(program("ssh-keygen"), ["-l", "-f", "-"]).stdin(format!("{}\n", desk.key)).run();
    let fingerprint = ran.stdout.split(' ').nth(1).unwrap();
    assert_eq!(desk.scene.server.call(&["revoke", fingerprint]).run().status, Status::Exited(0));
    desk.open("/requests");
    desk.browser.run("await page.waitForSelector('#by-passkey')");
    desk.browser.run("await page.click('#by-passkey'); await page.waitForSelector('#fault:not([hidden])')");
}

#[test]
fn only_who_may_see_requests_comes_in_by_a_token() {
    let scene = Scene::new(On::Sqlite, "");
    let mut browser = Browser::start();
    let (_gate, id) = scene.host.ask();
    scene.arrived(&id);
    let page = page(&scene.server);
    for (role, name, enters, answers) in [
        ("host", "build01", false, false),
        ("admin", "root", false, false),
        ("auditor", "eve", true, false),
        ("approver", "alice", true, true),
    ] {
        let token = scene.server.token(role, name);
        browser.run(&format!(
            "await context.clearCookies(); await page.goto('{page}/requests/{id}');
             await page.click('summary'); await page.fill('#token', '{token}');
             await Promise.all([page.waitForNavigation(), page.press('#token', 'Enter')])"
        ));
        assert_eq!(browser.run("return await page.locator('.visitor').count()") == 1, enters, "{role}");
        if enters {
            browser.run(&format!("await page.goto('{page}/requests/{id}')"));
            assert_eq!(browser.run("return await page.locator('#answering').count()") == 1, answers, "{role}");
        }
    }
}

#[test]
fn every_page_forbids_what_it_does_not_bring() {
    let server = Server::new(On::Sqlite);
    for path in ["/", "/requests", "/enrol", "/requests/none"] {
        let ran = server
            .sandbox
            .call(program("curl"), ["-si", "-H", "Accept: text/html"])
            .arg(format!("http://{}{path}", server.address))
            .run();
        let said = ran.stdout.to_lowercase();
        for wanted in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: same-origin",
            "cache-control: no-store",
        ] {
            assert!(said.contains(wanted), "{path}: {said}");
        }
        assert!(!said.contains("<script>") && !said.contains("style=") && !said.contains("onclick"), "{path}");
    }
}

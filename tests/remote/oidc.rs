//! Signing in at a provider: a real one, certified, on this machine; and the lies it and others could tell.

use std::path::Path;

use super::browser::Browser;
use super::*;

/// What Bob is at the provider.
const BOB: &str = r#"{"sub": "7", "email": "bob@acme.com", "email_verified": true, "groups": ["gate-yes"]}"#;
/// What asks for no more than a server's word.
const ASSERTED: &str =
    "gate: 1\nname: acme\nask:\n  default: {from: [approvers], count: 1, within: 15m, grade: asserted}\n";

/// A provider that says what the test wants.
struct Provider {
    running: Running,
    issuer: String,
    lines: usize,
    _sandbox: Sandbox,
}

impl Provider {
    fn start(port: &str, key: &str, more: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tools = root.join("target/tools/oidc");
        assert!(tools.join("node_modules/oidc-provider").exists(), "oidc-provider is missing: use tests/run");
        let sandbox = Sandbox::new();
        let call = sandbox.call(program("node"), [root.join("tests/remote/provider.mjs")]).arg(tools);
        let running = call.args([port, key]).args(more).start_with_open_stdin();
        let issuer = wait_until("the provider", || running.stdout().lines().next().map(str::to_owned));
        Self { running, issuer, lines: 1, _sandbox: sandbox }
    }

    /// Who is at the browser from now on, and which lie is told.
    fn says(&mut self, claims: &str, lie: &str) {
        let line = format!("{{\"claims\": {claims}, \"lie\": \"{lie}\"}}\n");
        self.running.write(&line);
        self.lines += 1;
        wait_until("the provider", || (self.running.stdout().lines().count() >= self.lines).then_some(()));
    }

    /// The same provider with another key.
    fn restarted(self, key: &str) -> Self {
        let port = self.issuer.rsplit(':').next().unwrap().to_owned();
        self.running.signal(rustix::process::Signal::KILL);
        self.running.wait();
        Self::start(&port, key, &[])
    }
}

/// A server that knows a provider, and a host that knows the server's key.
struct Entry {
    provider: Provider,
    server: Server,
    host: User,
    page: String,
}

impl Entry {
    fn new(policy: &str, groups: &str) -> Self {
        Self::at(Provider::start("0", "one", &[]), policy, groups)
    }

    fn at(provider: Provider, policy: &str, groups: &str) -> Self {
        let sandbox = Sandbox::new();
        let secret = sandbox.write("secret", "provider-secret\n");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let settings = format!(
            "issuer: {}\nclient_id: gate\nclient_secret: {{file: {}}}\nscopes: [email, groups]\n{groups}",
            provider.issuer,
            secret.display()
        );
        let settings = sandbox.write("oidc.yaml", settings);
        let server = Server::started(sandbox, None, &["--oidc", settings.to_str().unwrap()]);
        let host = Self::host(&server, policy);
        let page = format!("http://localhost:{}", server.address.rsplit(':').next().unwrap());
        Self { provider, server, host, page }
    }

    /// A host where Bob has no key, and the server's word is heard.
    fn host(server: &Server, policy: &str) -> User {
        let ran = server.call(&["key"]).run();
        assert!(ran.stdout.starts_with("ssh-ed25519 "), "{ran:?}");
        let keys = Sandbox::new();
        let alice = keys.ssh_key("alice", "");
        let pin = format!(", key: {}", ran.stdout.trim());
        let host = User::new(server, &server.token("host", "build01"), &alice, &pin);
        let config = host.sandbox.read("gate/config.yaml");
        let bob = "principals:\n  bob@acme.com: {groups: [approvers]}\n  root@acme.com: {groups: [approvers], accounts: [root]}\n";
        let config = config.replacen("principals:\n", bob, 1);
        host.sandbox.write("gate/config.yaml", config);
        if !policy.is_empty() {
            host.sandbox.write("gate/policies/acme.yaml", policy);
        }
        host
    }

    /// Asks on the host; gives the request's id.
    fn asked(&self) -> (Running, String) {
        let (gate, id) = self.host.ask();
        let token = fs::read_to_string(self.host.sandbox.gate_home().join("keys/remote.token")).unwrap();
        wait_until("the request at the server", || {
            let (status, _) = self.server.asked(token.trim(), &format!("/v1/requests/{id}"), &[]);
            (status == 200).then_some(())
        });
        (gate, id)
    }

    /// Another browser, without a script.
    fn visitor(&self) -> Visitor {
        Visitor { page: self.page.clone(), sandbox: Sandbox::new() }
    }
}

/// Somebody with a browser that only follows.
struct Visitor {
    page: String,
    sandbox: Sandbox,
}

impl Visitor {
    /// What an address answers: status, where it leads, and the text.
    fn get(&self, url: &str, options: &[&str]) -> (u16, String, String) {
        let words = [
            "-s",
            "-D",
            "head",
            "-c",
            "jar",
            "-b",
            "jar",
            "-H",
            "Accept: text/html",
            "-w",
            "\n%{http_code} %{redirect_url}",
        ];
        let ran = self.sandbox.call(program("curl"), words).args(options).arg(url).run();
        assert_eq!(ran.status, Status::Exited(0), "{url} {ran:?}");
        // Before it writes the file curl reads it again, and has back what the server took away.
        if self.sandbox.read("work/head").contains("set-cookie: gate-oidc=; ") {
            let jar = self.sandbox.read("work/jar");
            let kept: Vec<&str> = jar.lines().filter(|line| !line.contains("\tgate-oidc\t")).collect();
            self.sandbox.write("work/jar", kept.join("\n") + "\n");
        }
        let (text, last) = ran.stdout.rsplit_once('\n').unwrap();
        let (status, to) = last.split_once(' ').unwrap();
        (status.parse().unwrap(), to.to_owned(), text.to_owned())
    }

    /// From the server to the provider and until it sends the browser back: where to.
    fn sent_back(&self) -> String {
        let mut url = format!("{}/enter/oidc", self.page);
        for _ in 0..12 {
            let (status, to, text) = self.get(&url, &[]);
            assert!((300..400).contains(&status), "{url} {status} {text}");
            if to.starts_with(&format!("{}/enter/oidc/back?", self.page)) {
                return to;
            }
            url = to;
        }
        panic!("nobody comes back from {url}");
    }

    /// Signs in; the status of what comes of it, and its text.
    fn signs_in(&self) -> (u16, String) {
        let (status, _, text) = self.get(&self.sent_back(), &[]);
        (status, text)
    }

    fn is_in(&self) -> bool {
        self.get(&format!("{}/session", self.page), &[]).0 == 204
    }

    /// What the page of a request says.
    fn sees(&self, id: &str) -> String {
        let (status, _, text) = self.get(&format!("{}/requests/{id}", self.page), &[]);
        assert_eq!(status, 200, "{text}");
        text
    }

    /// Answers with the form of the page.
    fn answers(&self, id: &str, decision: &str) -> (u16, String) {
        let text = self.sees(id);
        let part = |start: &str, none: &str| {
            text.split(start).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or(none).to_owned()
        };
        let none = format!("sha256:{}", "ab".repeat(32));
        let (mark, digest) = (part("name=\"mark\" value=\"", ""), part("data-digest=\"", &none));
        let form = format!("mark={mark}&digest={digest}&decision={decision}&reason=looks+good");
        let origin = format!("Origin: {}", self.page);
        let url = format!("{}/requests/{id}/vouch", self.page);
        let (status, _, text) = self.get(&url, &["-d", &form, "-H", &origin]);
        (status, text)
    }
}

#[test]
fn an_answer_of_somebody_the_provider_knows_runs_the_command_where_that_is_enough() {
    let mut entry = Entry::new(ASSERTED, "groups: {approvers: {gate-yes: [approvers]}}\n");
    entry.provider.says(BOB, "");
    let (gate, id) = entry.asked();
    let mut browser = Browser::start();
    browser.run(&format!(
        "await page.goto('{}/requests/{id}'); await page.click('#by-provider'); await page.waitForSelector('.visitor');
         await page.goto('{}/requests/{id}')",
        entry.page, entry.page
    ));
    assert!(browser.text("return await page.textContent('.visitor')").contains("bob@acme.com"));
    browser.run(
        "await page.fill('#reason', 'looks good'); await page.click('button[value=approve]');
         await page.waitForSelector('.answers li')",
    );
    assert!(browser.text("return await page.textContent('.answers')").contains("a server's word"));
    let ran = gate.wait();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert!(!entry.host.stands());
    let shown = entry.host.sandbox.gate(["show", &id, "--json"]).run();
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!((&shown["answers"][0]["proof"], &shown["answers"][0]["grade"]), (&"witness".into(), &"asserted".into()));
    let verified = entry.host.sandbox.gate(["audit", "verify"]).run();
    assert_eq!(verified.status, Status::Exited(0), "{verified:?}");
    assert_eq!(browser.run("return faults"), serde_json::json!([]));
    // Neither a token (all of which begin so) nor the secret is kept anywhere or told anybody.
    let mut kept = entry.server.running.as_ref().unwrap().stderr().into_bytes();
    for file in fs::read_dir(entry.server.sandbox.gate_home().join("server")).unwrap() {
        kept.extend(fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("bob@acme.com") && !holds("eyJ") && !holds("provider-secret"));
    let cookies = browser.run("return await context.cookies()");
    let own = cookies.as_array().unwrap().iter().filter(|cookie| cookie["domain"] == "localhost");
    let names: Vec<&str> = own.map(|cookie| cookie["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["gate"], "the question's cookie is gone");
}

#[test]
fn what_the_token_does_not_say_is_asked_for_and_must_be_of_the_same_person() {
    let provider = Provider::start("0", "one", &["conform"]);
    let mut entry = Entry::at(provider, ASSERTED, "groups: {approvers: {gate-yes: [approvers]}}\n");
    entry.provider.says(BOB, "");
    assert_eq!(entry.visitor().signs_in().0, 200);
    entry.provider.says(BOB, "somebody else");
    let (status, text) = entry.visitor().signs_in();
    assert!(status == 403 && text.contains("about somebody else"), "{status} {text}");
    entry.provider.says(&BOB.replace("true", "false"), "");
    assert!(entry.visitor().signs_in().1.contains("did not verify"));
}

#[test]
fn somebody_with_a_passkey_answers_with_it_however_they_came_in() {
    let mut entry = Entry::new(ASSERTED, "");
    entry.provider.says(BOB, "");
    let mut browser = Browser::start();
    let key = super::pages::enrol(&entry.server, &mut browser, "bob@acme.com");
    let config = entry.host.sandbox.read("gate/config.yaml");
    let keys = format!("bob@acme.com: {{keys: [{{key: {key}, origins: [\"{}\"]}}], ", entry.page);
    entry.host.sandbox.write("gate/config.yaml", config.replacen("bob@acme.com: {", &keys, 1));
    let (gate, id) = entry.asked();
    // Whoever has taken over the account at the provider has not got the passkey.
    let thief = entry.visitor();
    assert_eq!(thief.signs_in().0, 200);
    let (status, text) = thief.answers(&id, "approve");
    assert!(status == 403 && text.contains("answer with it"), "{status} {text}");
    browser.run(&format!(
        "await page.goto('{}/requests/{id}'); await page.click('#by-provider'); await page.waitForSelector('.visitor');
         await page.goto('{}/requests/{id}'); await page.fill('#reason', 'looks good');
         await page.click('button[value=approve]'); await page.click('#sign'); await page.waitForSelector('.answers li')",
        entry.page, entry.page
    ));
    let ran = gate.wait();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    let shown = entry.host.sandbox.gate(["show", &id, "--json"]).run();
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!((&shown["answers"][0]["proof"], &shown["answers"][0]["grade"]), (&"webauthn".into(), &"signed".into()));
}

#[test]
fn a_host_that_asks_for_a_key_of_ones_own_refuses_the_servers_word() {
    let mut entry = Entry::new("", "");
    entry.provider.says(BOB, "");
    let (gate, id) = entry.asked();
    let visitor = entry.visitor();
    assert_eq!(visitor.signs_in().0, 200);
    let text = visitor.sees(&id);
    assert!(text.contains("graded <strong>signed</strong>") && !text.contains("value=\"approve\""), "{text}");
    let (status, text) = visitor.answers(&id, "approve");
    assert!(status == 422 && text.contains("takes a key of your own"), "{status} {text}");
    assert_eq!(visitor.answers(&id, "deny").0, 303, "a denial needs no grade");
    assert_eq!(gate.wait().status, Status::Exited(77));
    assert!(entry.host.stands());
}

#[test]
fn a_host_believes_the_server_whose_key_it_pinned_and_no_other() {
    let mut entry = Entry::new(ASSERTED, "");
    entry.provider.says(BOB, "");
    // Somebody exchanged the server's key, as a server does that is not the one that was pinned.
    entry.server.kill();
    entry.server.sandbox.write("gate/server/witness.key", [7; 32]);
    entry.server.start();
    let (gate, id) = entry.asked();
    let visitor = entry.visitor();
    assert_eq!(visitor.signs_in().0, 200);
    assert_eq!(visitor.answers(&id, "approve").0, 303);
    gate.wait_for_stderr("an answer does not count: ");
    assert!(gate.stderr().contains("it is not that of the approval server enrolled here"), "{}", gate.stderr());
    assert!(entry.host.stands());
}

#[test]
fn nobody_approves_their_own_request_by_a_provider() {
    let mut entry = Entry::new(ASSERTED, "");
    entry.provider.says(&BOB.replace("bob@", "root@"), "");
    let (gate, id) = entry.asked();
    let visitor = entry.visitor();
    assert_eq!(visitor.signs_in().0, 200);
    assert_eq!(visitor.answers(&id, "approve").0, 303, "who asks is for the host to know");
    gate.wait_for_stderr("an account that `root@acme.com` claims");
    assert!(entry.host.stands());
}

#[test]
fn a_provider_with_a_new_key_is_believed_again_soon() {
    let mut entry = Entry::new(ASSERTED, "");
    entry.provider.says(BOB, "");
    assert_eq!(entry.visitor().signs_in().0, 200);
    entry.provider = entry.provider.restarted("two");
    entry.provider.says(BOB, "");
    wait_until("the new key", || {
        let came = entry.visitor().signs_in().0 == 200;
        // Tries are counted.
        std::thread::sleep(std::time::Duration::from_millis(if came { 0 } else { 500 }));
        came.then_some(())
    });
    // Where the provider is down, those who are in stay in, and the page says what is wrong.
    let visitor = entry.visitor();
    assert_eq!(visitor.signs_in().0, 200);
    entry.provider.running.signal(rustix::process::Signal::KILL);
    assert!(visitor.is_in());
    entry.server.kill();
    entry.server.start();
    let (status, _, text) = visitor.get(&format!("{}/enter/oidc", entry.page), &[]);
    assert!(status == 403 && text.contains("cannot be reached"), "{status} {text}");
    assert!(visitor.is_in());
}

#[test]
fn no_forged_token_lets_anybody_in() {
    let mut entry = Entry::new(ASSERTED, "groups: {approvers: {gate-yes: [approvers]}}\n");
    for (lie, why) in [
        ("key", "signature does not hold"),
        ("unknown key", "does not publish"),
        ("none", "proves nothing"),
        ("none with kid", "proves nothing"),
        ("public key as secret", "proves nothing"),
        ("client secret", "proves nothing"),
        ("changed", "signature does not hold"),
        ("audience", "(`aud`)"),
        ("two audiences", "(`azp`)"),
        ("party", "(`azp`)"),
        ("issuer", "(`iss`)"),
        ("nonce", "(`nonce`)"),
        ("no nonce", "(`nonce`)"),
        ("over", "(`exp`)"),
        ("early", "(`iat`)"),
        ("moved", "answers 302"),
    ] {
        entry.provider.says(BOB, lie);
        let visitor = entry.visitor();
        let (status, text) = visitor.signs_in();
        assert!(status == 403 && text.contains(why), "{lie}: {status} {text}");
        assert!(!visitor.is_in(), "{lie}");
    }
    entry.provider.says(BOB, "no key id");
    assert_eq!(entry.visitor().signs_in().0, 200, "one key needs no name");
}

#[test]
fn who_the_provider_does_not_vouch_for_or_the_file_does_not_name_stays_out() {
    let mut entry =
        Entry::new(ASSERTED, "groups: {approvers: {gate-yes: [approvers], dba: [others]}, auditors: [audit]}\n");
    let (_gate, id) = entry.asked();
    for (claims, why) in [
        (BOB.replace("true", "false"), "did not verify"),
        (BOB.replace("\"email_verified\": true", "\"email_verified\": \"true\""), "did not verify"),
        (BOB.replace("bob@acme.com", "agent:build"), "no person"),
        (BOB.replace("bob@acme.com", "account:root@build01"), "no person"),
        (BOB.replace("bob@acme.com", "<img src=x>"), "no person"),
        (BOB.replace("gate-yes", "approvers"), "in no group"),
        (r#"{"sub": "7", "email": "bob@acme.com", "email_verified": true}"#.to_owned(), "in no group"),
        (r#"{"denied": true}"#.to_owned(), "access_denied: &#60;b&#62;not today"),
    ] {
        entry.provider.says(&claims, "");
        let visitor = entry.visitor();
        let (status, text) = visitor.signs_in();
        assert!(status == 403 && text.contains(why), "{claims}: {status} {text}");
        assert!(!visitor.is_in() && !text.contains("<img src=x") && !text.contains("<b>"), "{claims}");
    }
    entry.provider.says(&BOB.replace("gate-yes", "audit"), "");
    let auditor = entry.visitor();
    assert_eq!(auditor.signs_in().0, 200);
    assert!(!auditor.sees(&id).contains("id=\"answering\""));
    assert_eq!(auditor.answers(&id, "approve").0, 403);
    // A group that the request does not ask, whatever the host says of the person.
    entry.provider.says(&BOB.replace("gate-yes", "dba"), "");
    let other = entry.visitor();
    assert_eq!(other.signs_in().0, 200);
    assert!(other.sees(&id).contains("id=\"not-asked\""));
    assert_eq!(other.answers(&id, "deny").0, 403);
}

#[test]
fn only_the_browser_that_asked_comes_in_once_and_with_its_own_answer() {
    let mut entry = Entry::new(ASSERTED, "");
    entry.provider.says(BOB, "");
    let (victim, thief) = (entry.visitor(), entry.visitor());
    let (stolen, own) = (victim.sent_back(), thief.sent_back());
    let part = |url: &str, name: &str| {
        url.split(['?', '&']).find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap().to_owned()
    };
    let refused = |visitor: &Visitor, url: &str, why: &str| {
        let (status, _, text) = visitor.get(url, &[]);
        assert!(status == 403 && text.contains(why), "{url}: {status} {text}");
        assert!(!visitor.is_in());
    };
    // Without its own question, an answer is nobody's: not the victim's, and not one that an attacker hands out.
    refused(&entry.visitor(), &stolen, "did not ask to sign in");
    refused(&thief, &stolen, "(`state`)");
    refused(&thief, &own, "did not ask to sign in");
    // Another's code in one's own answer: the code is good for the victim's verifier alone.
    let own = thief.sent_back();
    refused(&thief, &own.replace(&part(&own, "code"), &part(&stolen, "code")), "invalid_grant");
    // The provider names itself, and another one does as well.
    assert_eq!(part(&own, "iss"), entry.provider.issuer.replace(':', "%3A").replace('/', "%2F"));
    let mixed = victim.sent_back();
    refused(&victim, &mixed.replace(&part(&mixed, "iss"), "https%3A%2F%2Fevil.example"), "(`iss`)");
    let mixed = victim.sent_back();
    refused(&victim, &mixed.replace(&format!("&iss={}", part(&mixed, "iss")), ""), "(`iss`)");
    // Nothing in the address says where to go next.
    let back = format!("{}&redirect_uri=https://evil.example&next=//evil.example", victim.sent_back());
    let question = victim.sandbox.read("work/jar");
    let (status, to, text) = victim.get(&back, &[]);
    assert!(status == 200 && to.is_empty() && !text.contains("evil"), "{status} {to} {text}");
    assert!(victim.is_in());
    // The same again, and with the same question.
    let (status, _, text) = victim.get(&back, &[]);
    assert!(status == 403 && text.contains("did not ask to sign in"), "{status} {text}");
    victim.sandbox.write("work/jar", question);
    let (status, _, text) = victim.get(&back, &[]);
    assert!(status == 403 && text.contains("invalid_grant"), "{status} {text}");
}

#[test]
fn what_a_provider_says_of_itself_leads_nowhere_inside() {
    let mut entry = Entry::new(ASSERTED, "");
    for (lie, why) in [
        ("other description", "is of the issuer"),
        ("inside", "is not on this machine, as the issuer is"),
        ("elsewhere", "answers 302"),
        ("endless", "more than 1048576 bytes"),
        ("unbound", "PKCE"),
    ] {
        entry.provider.says(BOB, lie);
        entry.server.kill();
        entry.server.start();
        let (status, _, text) = entry.visitor().get(&format!("{}/enter/oidc", entry.page), &[]);
        assert!(status == 403 && text.contains(why), "{lie}: {status} {text}");
    }
}

#[test]
fn what_another_page_sends_is_no_answer() {
    let mut entry = Entry::new(ASSERTED, "");
    entry.provider.says(BOB, "");
    let (_gate, id) = entry.asked();
    let visitor = entry.visitor();
    assert_eq!(visitor.signs_in().0, 200);
    let text = visitor.sees(&id);
    let value = |name: &str| {
        let start = format!("name=\"{name}\" value=\"");
        text.split(&start).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let (mark, digest) = (value("mark"), value("digest"));
    let url = format!("{}/requests/{id}/vouch", entry.page);
    let own = format!("Origin: {}", entry.page);
    let sent = |origin: &str, mark: &str, digest: &str| {
        let form = format!("mark={mark}&digest={digest}&decision=approve&reason=x");
        visitor.get(&url, &["-d", &form, "-H", origin]).0
    };
    let other = format!("sha256:{}", "ab".repeat(32));
    assert_eq!(sent("Origin: https://evil.example", &mark, &digest), 403);
    assert_eq!(sent("Origin: null", &mark, &digest), 403);
    assert_eq!(sent("X-None: x", &mark, &digest), 403);
    assert_eq!(sent(&own, "00", &digest), 403);
    assert_eq!(sent(&own, &mark, &other), 422, "another request than the page showed");
    assert_eq!(sent(&own, &mark, &digest), 303);
    // Somebody who came in by a token is not vouched for.
    let token = entry.server.token("approver", "bob@acme.com");
    let by_token = entry.visitor();
    let form = format!("token={token}");
    assert_eq!(by_token.get(&format!("{}/enter", entry.page), &["-d", &form, "-H", &own]).0, 303);
    assert_eq!(by_token.answers(&id, "approve").0, 403);
}

#[test]
fn who_came_in_by_a_provider_that_is_not_asked_any_more_is_out() {
    let mut entry = Entry::new(ASSERTED, "");
    entry.provider.says(BOB, "");
    let jar = {
        let visitor = entry.visitor();
        assert_eq!(visitor.signs_in().0, 200);
        assert!(visitor.is_in());
        visitor.sandbox.read("work/jar")
    };
    assert!(!jar.contains("gate-oidc"), "the question's cookie is gone: {jar}");
    let options = std::mem::take(&mut entry.server.options);
    let is_in = |entry: &Entry| {
        let visitor = entry.visitor();
        visitor.sandbox.write("work/jar", &jar);
        visitor.is_in()
    };
    entry.server.kill();
    entry.server.start();
    assert!(!is_in(&entry));
    assert_eq!(entry.visitor().get(&format!("{}/enter/oidc", entry.page), &[]).0, 404);
    entry.server.options = options;
    entry.server.kill();
    entry.server.start();
    assert!(is_in(&entry));
}

#[test]
fn a_file_that_says_nothing_sensible_serves_nobody() {
    let server = Server::new(On::Sqlite);
    for (text, why) in [
        ("issuer: http://id.acme.com\nclient_id: gate\n", "oidc.yaml:1:9: "),
        ("issuer: https://id.acme.com\nclient_id: gate\nclient_secret: abc\n", "oidc.yaml:3:16: "),
    ] {
        server.sandbox.write("work/oidc.yaml", text);
        let ran = server.call(&["--listen", "127.0.0.1:0", "--oidc", "oidc.yaml"]).run();
        assert!(ran.status == Status::Exited(78) && ran.stderr.contains(why), "{ran:?}");
    }
    let ran = server.call(&["--listen", "127.0.0.1:0", "--oidc", "missing.yaml"]).run();
    assert!(ran.status == Status::Exited(78) && ran.stderr.contains("there is no file"), "{ran:?}");
}

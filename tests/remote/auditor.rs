//! The pages for auditors as they use them: who may see which, what hosts shipped and whether it holds, what was counted, who
//! may come in; and what is on them that hosts, requesters and strangers wrote.

use super::browser::Browser;
use super::pages::{enrol, enter, page};
use super::records::{SEGMENT, history};
use super::*;

/// A server and its host, and Eve's browser.
struct Desk {
    scene: Scene,
    browser: Browser,
    page: String,
}

impl Desk {
    /// Eve is in as an auditor.
    fn new(on: On) -> Self {
        let scene = Scene::new(on, "");
        let (mut browser, page) = (Browser::start(), page(&scene.server));
        enter(&mut browser, &page, &scene.server.token("auditor", "eve"));
        Self { scene, browser, page }
    }

    /// Opens a page; gives its status.
    fn open(&mut self, path: &str) -> u64 {
        let opened = format!("return (await page.goto('{}{path}')).status()", self.page);
        self.browser.run(&opened).as_u64().unwrap()
    }

    fn texts(&mut self, selector: &str) -> Vec<String> {
        let told = self.browser.run(&format!("return await page.locator('{selector}').allInnerTexts()"));
        told.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    fn text(&mut self) -> String {
        self.texts("main").concat()
    }

    fn faults(&mut self) -> Value {
        self.browser.run("return faults")
    }
}

/// The log of a host, as the host itself names it.
fn log(host: &User) -> String {
    let line = host.sandbox.read(SEGMENT);
    let first: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    first["body"]["log"].as_str().unwrap().to_owned()
}

#[test]
fn each_page_is_shown_to_its_roles_alone() {
    for on in BOTH {
        let mut desk = Desk::new(on);
        desk.scene.host.runs(&["true"]);
        assert_eq!(desk.scene.host.ship().0, Status::Exited(0));
        let record = format!("/log/{}/0", log(&desk.scene.host));
        let alone = ["/log", &record, "/statistics", "/settings"];
        for path in alone.iter().chain(&["/people", "/requests"]) {
            assert_eq!(desk.open(path), 200, "{on:?} {path} as auditor");
        }
        assert_eq!(desk.texts("header nav a"), ["Requests", "Log", "Statistics", "People", "Settings"]);
        let alice = desk.scene.server.token("approver", "alice");
        enter(&mut desk.browser, &desk.page, &alice);
        assert_eq!(desk.texts("header nav a"), ["Requests", "Your keys"]);
        for path in alone {
            assert_eq!(desk.open(path), 403, "{on:?} {path} as approver");
            let said = desk.text();
            assert!(said.contains("is for auditors") && !said.contains("build01"), "{path}: {said}");
        }
        // Her own ways in, and nobody else's.
        assert_eq!(desk.open("/people"), 200);
        let said = desk.text();
        assert!(said.contains(alice.split('_').nth(2).unwrap()) && said.contains("Token as approver"), "{said}");
        assert!(!said.contains("auditor") && !said.contains("build01"), "{said}");
        desk.browser.run("await context.clearCookies()");
        for path in alone.iter().chain(&["/people"]) {
            assert_eq!(desk.open(path), 401, "{on:?} {path} as nobody");
            assert!(desk.text().contains("Sign in"));
        }
        assert_eq!(desk.faults(), serde_json::json!([]));
    }
}

#[test]
fn what_a_host_shipped_is_found_read_and_anchored() {
    for on in BOTH {
        let mut desk = Desk::new(on);
        let id = history(&desk.scene);
        desk.open("/log");
        let said = desk.texts(".grid .card").concat();
        assert!(said.contains("nothing arrived") && said.contains("Not shipped"), "a head, and no record: {said}");
        assert_eq!(desk.scene.host.ship().0, Status::Exited(0));
        let count = desk.scene.host.sandbox.read(SEGMENT).lines().count();
        desk.open("/log");
        let said = desk.texts(".grid .card").concat();
        for wanted in ["build01", "holds", &format!("{count} records"), &format!("to record {}", count - 1)] {
            assert!(said.contains(wanted), "{on:?} {wanted}: {said}");
        }
        assert_eq!(desk.texts(".records li").len(), count);
        // The form, as somebody fills it in.
        desk.browser.run(
            "await page.fill('#text', 'RM -RF VICTIM'); await page.click('.search summary'); await page.selectOption('#kind', 'run');
             await page.press('#text', 'Enter'); await page.waitForSelector('text=Show all')",
        );
        let found = desk.texts(".records li");
        assert!(found.len() == 1 && found[0].contains(&id) && found[0].contains("rm -rf victim"), "{found:?}");
        assert_eq!(desk.browser.text("return await page.inputValue('#text')"), "RM -RF VICTIM");
        desk.browser.run("await page.click('.records a'); await page.waitForSelector('pre')");
        let said = desk.text();
        for wanted in [&id, "approved by alice", "yes: under the head of", "verified with all records before it"] {
            assert!(said.contains(wanted), "{on:?} {wanted}: {said}");
        }
        for (path, status) in [
            ("/log?kind=x", 400),
            ("/log?after=1", 400),
            ("/log?host=%00", 400),
            ("/log/none/0", 404),
            ("/log/01010101-0101-4101-8101-010101010101/0", 404),
        ] {
            assert_eq!(desk.open(path), status, "{path}");
        }
        desk.open("/log?outcome=denied");
        assert!(desk.text().contains("No record is like that."));
        assert_eq!(desk.faults(), serde_json::json!([]));
    }
}

#[test]
fn a_log_that_was_replaced_is_shown_as_contradicted() {
    for on in BOTH {
        let mut desk = Desk::new(on);
        let host = &desk.scene.host;
        host.runs(&["echo", "one"]);
        let old = host.sandbox.read(SEGMENT);
        host.runs(&["echo", "two"]);
        assert_eq!(host.ship().0, Status::Exited(0));
        let last = host.sandbox.read(SEGMENT).lines().count() - 1;
        host.sandbox.write(SEGMENT, &old);
        host.runs(&["echo", "never mind"]);
        assert_eq!(host.ship().0, Status::Exited(65));
        let record = format!("/log/{}/{last}", log(host));
        desk.open("/log");
        let said = desk.texts(".grid .card").concat();
        let wanted = format!("at record {last}, seen");
        assert!(said.contains("contradicted") && said.contains(&wanted) && !said.contains("holds"), "{said}");
        desk.open(&record);
        let said = desk.text();
        assert!(said.contains("Contradicted") && said.contains("echo two"), "{on:?} {said}");
    }
}

#[test]
fn a_record_that_was_changed_in_the_database_is_not_shown() {
    for on in BOTH {
        let mut desk = Desk::new(on);
        desk.scene.host.runs(&["true"]);
        assert_eq!(desk.scene.host.ship().0, Status::Exited(0));
        let record = format!("/log/{}/0", log(&desk.scene.host));
        for (change, why) in [
            (
                "UPDATE records SET digest = (SELECT MAX(digest) FROM records WHERE number > 0) WHERE number = 0",
                "is not what its columns say",
            ),
            (
                "UPDATE records SET sealed = (SELECT sealed FROM records WHERE number = 1) WHERE number = 0",
                "does not open",
            ),
        ] {
            assert_eq!((desk.open(&record), desk.open("/log")), (200, 200), "{on:?}");
            desk.scene.server.meddle("CREATE TABLE kept AS SELECT * FROM records");
            desk.scene.server.meddle(change);
            assert_eq!((desk.open(&record), desk.open("/log")), (503, 503), "{on:?} {change}");
            // Operators are told why.
            wait_until("the reason", || {
                desk.scene.server.running.as_ref().unwrap().stderr().contains(why).then_some(())
            });
            desk.scene.server.meddle("DELETE FROM records");
            desk.scene.server.meddle("INSERT INTO records SELECT * FROM kept");
            desk.scene.server.meddle("DROP TABLE kept");
        }
    }
}

#[test]
fn what_records_names_and_searches_say_stays_text() {
    let mut desk = Desk::new(On::Sqlite);
    let hostile =
        ["<img src=x onerror=alert(1)>", "</pre><script>alert(2)</script>", "a\u{202e}b\u{200b}", "\"'`{{7*7}}"];
    let words: Vec<&str> = ["echo"].into_iter().chain(hostile).collect();
    desk.scene.host.runs(&words);
    assert_eq!(desk.scene.host.ship().0, Status::Exited(0));
    desk.scene.server.token("approver", "<b onclick=alert(3)>mallory\u{202e}");
    let last = desk.scene.host.sandbox.read(SEGMENT).lines().count() - 1;
    let record = format!("/log/{}/{last}", log(&desk.scene.host));
    let search = "/log?text=%22%3E%3Cimg%20src%3Dx%3E&principal=%3Cscript%3E&since=";
    for (path, wanted) in [
        ("/log", &hostile[..2]),
        (&record, &hostile[..2]),
        ("/people", &["<b onclick=alert(3)>mallory\\u{202E}"]),
        (search, &["No record is like that."]),
    ] {
        assert_eq!(desk.open(path), 200);
        let said = desk.text();
        assert!(wanted.iter().all(|text| said.contains(text)), "{path}: {said}");
        assert!(!said.contains('\u{202e}') && !said.contains('\u{200b}'), "{path}: {said}");
        let made = desk.browser.run("return await page.locator('main img, main b[onclick], main script').count()");
        assert_eq!(made, 0, "{path}");
    }
    assert_eq!(desk.browser.text("return await page.inputValue('#text')"), "\"><img src=x>");
    assert_eq!(desk.faults(), serde_json::json!([]));
}

#[test]
fn older_records_are_a_page_away() {
    let mut desk = Desk::new(On::Sqlite);
    for _ in 0..52 {
        desk.scene.host.runs(&["true"]);
    }
    assert_eq!(desk.scene.host.ship().0, Status::Exited(0));
    let count = desk.scene.host.sandbox.read(SEGMENT).lines().count();
    desk.open("/log?kind=&host=build01");
    let mut seen = Vec::new();
    loop {
        let places = desk.browser.run("return await page.$$eval('.records a', (all) => all.map((a) => a.pathname))");
        seen.extend(places.as_array().unwrap().iter().map(|path| path.as_str().unwrap().to_owned()));
        if desk.browser.run("return await page.locator('a[rel=next]').count()") == 0 {
            break;
        }
        desk.browser.run("await Promise.all([page.waitForNavigation(), page.click('a[rel=next]')])");
        assert_eq!(desk.browser.text("return await page.inputValue('#host')"), "build01", "the search goes on");
    }
    let log = log(&desk.scene.host);
    assert_eq!(seen, (0..count).rev().map(|number| format!("/log/{log}/{number}")).collect::<Vec<_>>());
}

#[test]
fn statistics_count_what_happened() {
    for on in BOTH {
        let mut desk = Desk::new(on);
        desk.open("/statistics");
        assert!(desk.text().contains("there was none"), "{on:?}");
        history(&desk.scene);
        desk.scene.host.sandbox.write("work/victim/file", "");
        let (gate, id) = desk.scene.host.ask();
        desk.scene.arrived(&id);
        assert_eq!(desk.scene.approver.answer("deny", &id, &desk.scene.alice).run().status, Status::Exited(0));
        assert_eq!(gate.wait().status, Status::Exited(77));
        let (_waiting, id) = desk.scene.host.ask();
        desk.scene.arrived(&id);
        assert_eq!(desk.scene.host.ship().0, Status::Exited(0));
        desk.open("/statistics?days=7");
        let figures = desk.texts(".figures li");
        assert!(figures[0].starts_with("3") && figures[1].contains("in the median of 2"), "{on:?} {figures:?}");
        let count = desk.scene.host.sandbox.read(SEGMENT).lines().count();
        assert!(figures[2].starts_with(&count.to_string()), "{figures:?}");
        let ends = desk.texts("section[aria-labelledby=ends] tbody tr").join("|");
        let wanted = ["approved and run\t1", "denied\t1", "waiting\t1"];
        let ends = ends.replace("\t\n", "");
        assert!(wanted.iter().all(|row| ends.contains(row)), "{on:?} {ends:?}");
        assert!(desk.texts("section[aria-labelledby=rules] tbody th").iter().any(|rule| rule.starts_with("gate/")));
        desk.browser.run("await page.click('summary')");
        let days = desk.texts(".plain-table tbody tr");
        assert!(days.len() == 7 && days[6].ends_with("\t1\t1\t1"), "{on:?} {days:?}");
        assert_eq!(desk.browser.run("return await page.locator('.chart rect').count()"), 3);
        assert_eq!(desk.open("/statistics?days=8"), 400);
    }
}

#[test]
fn people_are_shown_with_what_they_come_in_by_and_no_secret() {
    for on in BOTH {
        let mut desk = Desk::new(on);
        let server = &desk.scene.server;
        let over = server.call(&["token", "auditor", "bob", "--within", "1s"]).run().stdout;
        let gone = server.token("host", "build09");
        let revoked = gone.split('_').nth(2).unwrap();
        assert_eq!(server.call(&["revoke", revoked]).run().status, Status::Exited(0));
        let mut other = Browser::start();
        let key = enrol(server, &mut other, "carol");
        assert_eq!(server.call(&["enrol", "dora", "--page", &desk.page]).run().status, Status::Exited(0));
        wait_until("the end of a token", || (server.asked(over.trim(), "/v1/requests", &[]).0 == 401).then_some(()));
        desk.open("/people");
        let people = desk.texts(".grid > li").into_iter().map(|card| card.replace('\n', " ")).collect::<Vec<_>>();
        let card = |name: &str| {
            people.iter().find(|card| card.starts_with(name)).unwrap_or_else(|| panic!("{name}: {people:?}"))
        };
        assert!(card("bob").contains("comes in no more") && card("bob").contains("over since"), "{people:?}");
        assert!(card("build09").contains(revoked) && card("build09").contains("revoked 2"), "{people:?}");
        assert!(card("carol").contains("Passkey SHA256:") && !card("carol").contains("no more"), "{people:?}");
        assert!(card("dora").contains("Invitation") && card("dora").contains("counts until"), "{people:?}");
        assert!(card("eve").contains("Token as auditor") && card("eve").contains("counts"), "{people:?}");
        let whole = desk.browser.text("return await page.content()");
        for token in [gone, over.trim().to_owned()] {
            let secret = token.rsplit('_').next().unwrap().to_owned();
            assert!(!whole.contains(&secret));
        }
        assert!(!whole.contains(key.split(' ').nth(1).unwrap()), "a fingerprint is enough");
    }
}

#[test]
fn settings_are_those_of_the_start_without_a_secret() {
    for on in BOTH {
        let sandbox = Sandbox::new();
        let secret = sandbox.write("secret", "provider-secret\n");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let oidc = format!(
            "issuer: http://127.0.0.1:9\nclient_id: gate-here\nclient_secret: {{file: {}}}\ngroups: {{auditors: [sec]}}\n",
            secret.display()
        );
        let oidc = sandbox.write("oidc.yaml", oidc);
        let options = ["--oidc", oidc.to_str().unwrap(), "--keep", "90d", "--rate", "77", "--log", "text"];
        let database = (on == On::Postgres).then(|| Arc::new(Postgres::start()));
        let server = Server::started(sandbox, database, &options);
        let (mut browser, page) = (Browser::start(), page(&server));
        enter(&mut browser, &page, &server.token("auditor", "eve"));
        browser.run(&format!("await page.goto('{page}/settings')"));
        let said = browser.text("return await page.innerText('main')");
        let key = server.call(&["key"]).run().stdout;
        let database = if on == On::Postgres { "PostgreSQL" } else { "SQLite" };
        for wanted in [
            &server.address,
            &page,
            "90 days",
            "77",
            "every call, as text",
            "http://127.0.0.1:9",
            "gate-here, with a secret",
            "sec looks on",
            key.trim(),
            database,
            "no: only this machine reaches it",
        ] {
            assert!(said.contains(wanted), "{on:?} {wanted}: {said}");
        }
        let whole = browser.text("return await page.content()");
        let hidden = server.database.as_ref().map_or_else(|| "sealing-secret".to_owned(), |database| database.url());
        assert!(!whole.contains("provider-secret") && !whole.contains(&hidden), "{on:?}");
        assert_eq!(browser.run("return await page.locator('main form, main input, main button').count()"), 0);
    }
}

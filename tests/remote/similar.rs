//! What a request's page tells of earlier ones like it.

use super::browser::Browser;
use super::pages::{enter, page};
use super::*;

/// Asks about a command; gives the request's id once it is at the server.
fn asked(scene: &Scene, host: &User, words: &[&str]) -> (Running, String) {
    let gate = host.sandbox.gate(["--"]).args(words).start();
    gate.wait_for_stderr("waiting until");
    let id = gate.stderr().split("(request ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let alice = scene.server.token("approver", "alice");
    wait_until("the request at the server", || {
        (scene.server.asked(&alice, &format!("/v1/requests/{id}"), &[]).0 == 200).then_some(())
    });
    (gate, id)
}

#[test]
fn a_request_stands_beside_earlier_ones_and_what_became_of_them() {
    for on in BOTH {
        let scene = Scene::new(on, "");
        let (mut browser, page) = (Browser::start(), page(&scene.server));
        let other = User::new(&scene.server, &scene.server.token("host", "build02"), &scene.alice, "");
        let hostile = "<img src=x onerror=alert(1)>\u{202e}";
        let (denied, first) = asked(&scene, &scene.host, &["rm", "-rf", "victim"]);
        assert_eq!(scene.approver.answer("deny", &first, &scene.alice).run().status, Status::Exited(0));
        assert_eq!(denied.wait().status, Status::Exited(77));
        let (approved, second) = asked(&scene, &other, &["rm", "-rf", "victim"]);
        assert_eq!(scene.approver.answer("approve", &second, &scene.alice).run().status, Status::Exited(0));
        assert_eq!(approved.wait().status, Status::Exited(0));
        let (_waits, third) = asked(&scene, &scene.host, &["rm", "-rf", "victim", hostile]);
        let (_other, fourth) = asked(&scene, &other, &["chmod", "-R", "777", "/etc"]);
        let (_last, fifth) = asked(&scene, &scene.host, &["rm", "-rf", "victim"]);
        let (_later, _) = asked(&scene, &scene.host, &["rm", "-rf", "victim"]);
        enter(&mut browser, &page, &scene.server.token("auditor", "eve"));
        let mut shown = |id: &str| {
            browser.run(&format!("await page.goto('{page}/requests/{id}')"));
            assert_eq!(browser.run("return await page.locator('main img').count()"), 0);
            let told = browser.run(
                "return await page.$$eval('#similar li', (all) =>
                    all.map((one) => [one.querySelector('a').pathname.split('/').pop(), one.innerText]))",
            );
            let said = browser.text("return (await page.locator('#similar .hint').allInnerTexts())[0]");
            let items: Vec<(String, String)> = serde_json::from_value(told).unwrap();
            (said, items)
        };
        // The same command first, the newest of them before; then the same rule; never what came later or what is unlike it.
        let (said, items) = shown(&fifth);
        assert_eq!(said, "3 with the same program or rule: 1 approved and run, 1 denied, 1 waiting.", "{on:?}");
        let ids: Vec<&str> = items.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, [&first, &second, &third], "{on:?} {items:?}");
        let words = |at: usize| items[at].1.as_str();
        assert!(words(0).contains("denied") && words(0).contains("same command, same host"), "{items:?}");
        assert!(words(1).contains("approved and run") && words(1).contains("same command"), "{items:?}");
        assert!(words(1).contains("on build02") && !words(1).contains("same host"), "{items:?}");
        assert!(words(2).contains("same rule, same program, same host"), "{items:?}");
        assert!(words(2).contains("<img src=x onerror=alert(1)>\\u{202E}"), "{items:?}");
        // Of another host with nothing in common but the host.
        let (_, items) = shown(&fourth);
        assert!(items.iter().any(|(id, words)| *id == second && words.contains("same host")), "{on:?} {items:?}");
        let (_, items) = shown(&first);
        assert!(items.is_empty(), "{items:?}");
        assert_eq!(browser.run("return faults"), serde_json::json!([]));
    }
}

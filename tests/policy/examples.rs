//! Each rule fires on every line of its `match` examples and on none of its `skip` examples.

use std::path::Path;

use gate::command::{Around, Asked, Tools, read};
use gate::model::{Answers, Finding, Tool};
use gate::policy::{Circumstances, Policy};

struct Shelf<'a>(&'a Policy);

impl Tools for Shelf<'_> {
    fn tool(&self, file_name: &str) -> Option<&Tool> {
        self.0.tool(file_name)
    }

    fn looks_at(&self, _: &str) -> bool {
        false
    }
}

fn findings(policy: &Policy, line: &str) -> Vec<Finding> {
    let directory = Path::new("/home/dev/app");
    let asked = Asked::Script { text: line, index: 0, shell: "sh", positional: &[] };
    let reading = read(asked, &Around { directory, environment: &[] }, &Shelf(policy), &Answers::new());
    let circumstances = Circumstances {
        requester: &[],
        directory,
        home: Some(Path::new("/home/dev")),
        today: "2026-11-22T00:00:00.000000Z".parse().unwrap(),
        host: "build01",
    };
    policy.judge(&reading.commands, &reading.unresolved, &circumstances).findings
}

#[test]
fn every_example_of_every_rule_holds() {
    let policy = Policy::built_in();
    let mut failures = Vec::new();
    for (id, examples) in policy.examples() {
        let fires = |line: &str| findings(&policy, line).iter().any(|finding| finding.rule == id);
        failures
            .extend(examples.matching.iter().filter(|line| !fires(line)).map(|line| format!("{id} skips `{line}`")));
        failures.extend(examples.skip.iter().filter(|line| fires(line)).map(|line| format!("{id} matches `{line}`")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

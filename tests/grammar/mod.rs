//! Real tools agree with the grammar: valid command lines are made from what each tool says of itself, read by the tool's
//! own parser and by gate, and must come out as the same subcommand, options and operands. Nothing a line says is done.
//!
//! What a tool says of itself stands in `facts/`, written by `record.py`; awscli's own tables are read as they are.
//! `GATE_GRAMMAR_LINES=2000 cargo grammar` makes and checks so many lines of each tool and prints the shares;
//! `GATE_GRAMMAR_SEED=7` makes others.

mod agreement;
mod facts;
mod line;
mod real;

use std::fmt::Write as _;

use gate::command::Tools as _;

use agreement::{Shelf, difference};
use facts::Facts;
use line::{Line, Random};

/// The least share of lines, in thousandths, on which tool and gate agree.
const LEAST: usize = 990;

fn lines(usual: usize) -> usize {
    std::env::var("GATE_GRAMMAR_LINES").ok().map_or(usual, |text| text.parse().expect("a number of lines"))
}

fn seed() -> u64 {
    std::env::var("GATE_GRAMMAR_SEED").ok().map_or(3, |text| text.parse().expect("a number"))
}

/// Says how many agree and which do not; fails below the least share.
fn judged(tool: &str, said: &str, read: &[Line], refused: usize) -> String {
    let shelf = Shelf::default();
    let mut report = String::new();
    let mut differing = 0;
    for line in read {
        if let Some(difference) = difference(line, &shelf) {
            differing += 1;
            let _ = writeln!(report, "  {}: {difference}", line.words.join(" "));
        }
    }
    let agreeing = read.len() - differing;
    let tenths = agreeing * 1000 / read.len().max(1);
    let report = format!(
        "{tool}: {agreeing} of {} lines agree ({}.{} %), {said}; {refused} more were refused by the tool\n{report}",
        read.len(),
        tenths / 10,
        tenths % 10
    );
    assert!(tenths >= LEAST, "gate and the tool read too few lines alike: {report}");
    report
}

/// Makes lines of a tool, keeps those that the tool itself takes, and compares.
fn agreement(tool: &str, usual: usize) -> String {
    let facts = Facts::of(tool);
    let mut random = Random::new(seed());
    let count = lines(usual);
    let made: Vec<Line> = (0..count).map(|_| Line::made(&facts, &mut random)).collect();
    let Some(real) = real::found(tool) else {
        // Only terraform comes from nowhere that a fresh Debian reaches; `tests/run` brings all others.
        assert_eq!(tool, "terraform", "`{tool}` is missing: use tests/run");
        let said = format!("terraform is not installed here: held against what {} said of itself", facts.version);
        return judged(tool, &said, &made, 0);
    };
    let taken = real::taken(&real, tool, made);
    assert!(taken.len() * 2 > count, "{tool} refuses most lines: {} of {count} are left", taken.len());
    let refused = count - taken.len();
    judged(tool, &format!("each taken by {}", real.display()), &taken, refused)
}

#[test]
fn gate_reads_git_as_git_does() {
    println!("{}", agreement("git", 600));
}

#[test]
fn gate_reads_kubectl_as_kubectl_does() {
    println!("{}", agreement("kubectl", 160));
}

#[test]
fn gate_reads_docker_as_docker_does() {
    println!("{}", agreement("docker", 250));
}

#[test]
fn gate_reads_terraform_as_terraform_does() {
    println!("{}", agreement("terraform", 120));
}

#[test]
fn gate_reads_psql_as_psql_does() {
    println!("{}", agreement("psql", 200));
}

#[test]
fn gate_reads_curl_as_curl_does() {
    println!("{}", agreement("curl", 500));
}

#[test]
fn gate_reads_aws_as_aws_does() {
    let (read, refused) = real::aws(seed(), lines(1500));
    println!("{}", judged("aws", "each read by awscli's own parsers", &read, refused));
}

/// The pack is written from the facts: what a tool says anew reaches gate only through both.
#[test]
fn the_pack_lists_what_the_tools_say() {
    let shelf = Shelf::default();
    for tool in ["git", "kubectl", "docker", "terraform", "psql", "curl"] {
        let facts = Facts::of(tool);
        let listed = |path: &str| {
            let lines = &shelf.tool(tool).unwrap().listed;
            lines.iter().find(|(own, _)| own == path).map_or("", |(_, line)| line.as_str())
        };
        for command in &facts.commands {
            assert_eq!(
                listed(&command.path.join(" ")),
                command.listed(),
                "{tool}: run tests/grammar/record.py options"
            );
        }
    }
}

#[test]
fn a_line_that_is_read_otherwise_is_found() {
    let facts = Facts::of("curl");
    let mut line = Line::made(&facts, &mut Random::new(1));
    line.operands.push("more".to_owned());
    assert!(difference(&line, &Shelf::default()).is_some());
    let mut line = Line::made(&facts, &mut Random::new(1));
    line.flags.push((vec!["--none".to_owned()], Some("x".to_owned())));
    assert!(difference(&line, &Shelf::default()).is_some());
}

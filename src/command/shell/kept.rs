//! What is kept of values that a script makes in branches, by trimming, and out of commands whose output is known.

use super::Dialect;
use super::table::{line, read};

fn last(script: &str) -> String {
    let script = read(script, Dialect::Bash);
    let lines: Vec<String> = script.commands.iter().map(line).collect();
    let kept = lines.last().cloned().unwrap_or_default();
    if script.unresolved.is_empty() { kept } else { format!("{kept} !") }
}

#[test]
fn a_value_is_trimmed_as_far_as_it_is_known() {
    for (script, kept) in [
        ("f=a.md; x ${f%.md}.txt", "x a.txt"),
        ("f=/a/b.c; x ${f##*/} ", "x b.c"),
        ("f=/a/b.c; x ${f%/*}", "x /a"),
        ("f=v1.2; x ${f#v}", "x 1.2"),
        ("f=a.b.c; x ${f%.*}", "x a.b"),
        ("for f in d/*.md; do x \"${f%.md}.txt\"; done", "x d/*.txt"),
        ("f=$1x; x ${f%yx}", "x ?"),
        ("f=$1xy; x ${f%y}", "x ?x"),
        ("f=$1; x ${f%y}z", "x ?z"),
    ] {
        assert_eq!(last(script), kept, "{script}");
    }
}

#[test]
fn a_separator_that_is_no_blank_leaves_empty_fields() {
    for (script, kept) in [
        ("IFS=m; v=rm; x ${v#r}", "x ?"),
        ("IFS=,; v=a,b; x $v", "x a b"),
        ("IFS=,; v=a,,b; x $v", "x ?"),
        ("v=' a  b '; x $v", "x a b"),
    ] {
        assert_eq!(last(script), kept, "{script}");
    }
}

#[test]
fn every_branch_leaves_its_value() {
    for (script, kept) in [
        ("case $x in a) t=1;; *) t=1;; esac; x $t", "x 1"),
        ("case $x in a) t=1;; esac; x $t", "x ?"),
        ("t=1; case $x in a) t=1;& b) t=2;; esac; x $t", "x ?"),
        ("if a; then t=1; else t=1; fi; x $t", "x 1"),
        ("if a; then t=1; fi; x $t", "x ?"),
        ("a && t=1 || t=1; x $t", "x 1"),
        ("t=1 || exit; x $t", "x 1"),
        ("while a; do t=1; done; x $t", "x ?"),
    ] {
        assert_eq!(last(script), kept, "{script}");
    }
}

#[test]
fn a_trap_knows_what_nothing_changes_after_it() {
    for (script, kept) in [
        ("t=a; trap 'x $t' EXIT; b", "x a"),
        ("t=a; trap 'x $t' EXIT; t=b", "x ?"),
        ("trap 'x $t' EXIT; t=b", "x ?"),
        ("t=a; f() { t=b; }; trap 'x $t' EXIT; f", "x ?"),
        ("t=a; trap 'x $t' EXIT; eval \"$y\"", "x ? !"),
    ] {
        assert_eq!(last(script), kept, "{script}");
    }
}

#[test]
fn only_what_a_program_of_that_name_prints_is_known() {
    for (script, kept) in [
        ("x $(echo a b)", "x a b"),
        ("x \"$(echo 'a  b')\"", "x a  b"),
        ("x $(echo a | tr a b)", "x ?"),
        ("echo() { rm; }; x $(echo a)", "x ?"),
        ("x $(echo a > f)", "x ?"),
        ("x $(echo -n a)", "x ?"),
        ("x $(printf 'a%s' b)", "x ?"),
        ("x $(basename /a/b/)", "x b"),
        ("x $(echo a &)", "x ?"),
    ] {
        assert_eq!(last(script), kept, "{script}");
    }
}

#[test]
fn what_costs_too_much_to_follow_is_said_and_not_called_seen() {
    let words = "w ".repeat(10_000);
    let names: String = (0..5000).map(|n| format!("a{n}=b ")).collect();
    for text in [
        format!("set -- {words}\n{}", "x \"$@\"\n".repeat(900)),
        format!("set -- {words}\n{}", "shift\n".repeat(900)),
        format!("a=({words})\n{}", "x \"${a[@]}\"\n".repeat(900)),
        format!("for i in {}; do x {}; done", (0..64).map(|n| format!("{n} ")).collect::<String>(), "$i ".repeat(9000)),
        format!("{names}\n{}", "(a0=$(x))\n".repeat(900)),
        format!("{}{words}", "eval ".repeat(15)),
    ] {
        let script = read(&text, Dialect::Bash);
        let cap = script.unresolved.iter().any(|unresolved| unresolved.kind == super::UnresolvedKind::Cap);
        assert!(cap, "{}", text.get(..80).unwrap_or(&text));
    }
    let ordinary: String = (0..300).map(|n| format!("a{n}=b; if x; then a0=$(y); fi; (z) && w $a{n}\n")).collect();
    assert!(
        read(&ordinary, Dialect::Bash)
            .unresolved
            .iter()
            .all(|unresolved| { unresolved.why != "more text than is followed" })
    );
}

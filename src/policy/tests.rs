//! Judgements of hand-made commands: layers, matrix, questions and waivers, word for word as the design says.

use std::path::Path;

use super::*;
use crate::model::{
    ActionClass, Command, ContextName, DataLabel, Decision, Effect, Finding, Flag, Hole, Piece, Role, Stdin, Timestamp,
    Touch, Unresolved, UnresolvedKind, Via, Word,
};

/// A command of a described tool: `-x` and `-x=value` are options, the first `path` operands name the subcommand.
fn command(path: usize, words: &[&str]) -> Command {
    let known: Vec<Word> = words.iter().map(|word| Word::exact(*word)).collect();
    let mut command = Command {
        name: words.first().map(|name| (*name).to_owned()),
        described: true,
        words: known,
        path: Vec::new(),
        flags: Vec::new(),
        operands: Vec::new(),
        touches: Vec::new(),
        sql: Vec::new(),
        tables: Vec::new(),
        environment: Vec::new(),
        via: Vec::new(),
        pipe_from: None,
        pipe_to: None,
        stdin: Stdin::Inherited,
        directory: Some("/home/dev/app".into()),
        remote: None,
        privileged: false,
        dry_run: false,
        help: false,
        contexts: Vec::new(),
        secrets: Vec::new(),
    };
    for (index, word) in words.iter().enumerate().skip(1) {
        if word.starts_with('-') {
            let (name, value) = word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
            command.flags.push(Flag { name: name.to_owned(), value: value.map(Word::exact), word: index });
        } else if command.path.len() < path {
            command.path.push(index);
        } else {
            command.operands.push(index);
        }
    }
    command
}

fn touching(mut command: Command, role: Role, recursive: bool) -> Command {
    for index in &command.operands {
        command.touches.push(Touch { role, word: command.words[*index].clone(), index: Some(*index), recursive });
    }
    command
}

fn undescribed(words: &[&str]) -> Command {
    Command { described: false, ..command(0, words) }
}

fn policy(layers: &[(Layer, &str)]) -> Policy {
    let source = |(layer, text): &(Layer, &str)| Source {
        layer: *layer,
        file: format!("{}.yaml", layer.name()),
        text: format!("gate: 1\nname: {}\n{text}", layer.name()),
    };
    Policy::load(layers.iter().map(source).collect()).unwrap_or_else(|error| panic!("{error}"))
}

fn circumstances(requester: &[String]) -> Circumstances<'_> {
    Circumstances {
        requester,
        directory: Path::new("/srv/etl/nightly"),
        home: Some(Path::new("/home/dev")),
        today: "2026-11-22T00:00:00.000000Z".parse::<Timestamp>().unwrap(),
        host: "build01",
    }
}

fn judged(policy: &Policy, commands: &[Command]) -> Judgement {
    policy.judge(commands, &[], &circumstances(&["ci:nightly".to_owned()]))
}

fn effect(policy: &Policy, commands: &[Command]) -> Effect {
    judged(policy, commands).decision.effect()
}

fn groups(decision: &Decision) -> Vec<(Vec<String>, u32)> {
    let Decision::Ask(requirement) = decision else { panic!("{decision:?}") };
    requirement.clauses.iter().map(|clause| (clause.from.clone(), clause.count)).collect()
}

const RULES: &str = "tools:
  - {program: frob, operands: [target...], commands: {wipe: {}, show: {}}, dry-run: --dry-run}
rules:
  - {id: wipe, when: {tool: frob, command: wipe}, unless: {target: ['/tmp/**', '**/target/**']}, class: destroy, why: it wipes}
  - {id: force, when: {tool: frob, flags: --force}, class: write, effect: ask, why: it is forced}
  - {id: root, when: {tool: frob, target: /, certain: true}, class: destroy, effect: deny, why: all of it}
";

#[test]
fn nothing_that_fires_is_allowed() {
    let policy = policy(&[(Layer::System, RULES)]);
    let judgement = judged(&policy, &[command(1, &["frob", "show", "x"])]);
    assert_eq!(judgement.decision, Decision::Allow);
    assert!(judgement.findings.is_empty());
}

#[test]
fn a_rule_names_the_words_that_made_it_fire() {
    let policy = policy(&[(Layer::System, RULES)]);
    let judgement = judged(&policy, &[command(1, &["frob", "--force", "wipe", "/srv"])]);
    let fired: Vec<_> =
        judgement.findings.iter().map(|finding| (finding.rule.as_str(), finding.words.clone())).collect();
    assert_eq!(fired, [("system/wipe", vec![2]), ("system/force", vec![1])]);
    assert_eq!(groups(&judgement.decision), [(vec!["approvers".to_owned()], 1)], "one clause, not two");
}

#[test]
fn unless_needs_every_value_and_certainty() {
    let policy = policy(&[(Layer::System, RULES)]);
    let wipe = |words: &[&str]| touching(command(1, &[&["frob", "wipe"], words].concat()), Role::Target, true);
    assert_eq!(effect(&policy, &[wipe(&["target"])]), Effect::Allow);
    assert_eq!(effect(&policy, &[wipe(&["target", "/tmp/x"])]), Effect::Allow);
    assert_eq!(effect(&policy, &[wipe(&["target", "/srv"])]), Effect::Ask, "one of them is not temporary");
    assert_eq!(effect(&policy, &[wipe(&["/tmp/../srv"])]), Effect::Ask);
    assert_eq!(effect(&policy, &[wipe(&[])]), Effect::Ask, "no value at all silences nothing");
    let mut unknown = wipe(&["x"]);
    unknown.touches[0].word = Word::unknown(Hole::Variable("X".to_owned()));
    assert_eq!(effect(&policy, &[unknown]), Effect::Ask);
}

#[test]
fn an_unknown_word_stands_for_the_subcommand_and_never_for_a_flag_that_silences() {
    let policy = policy(&[(
        Layer::System,
        &format!(
            "{RULES}  - {{id: kept, when: {{tool: frob, command: drop}}, unless: {{flags: --keep}}, class: destroy, why: x}}\n"
        ),
    )]);
    let mut unknown = command(1, &["frob", "x", "y"]);
    unknown.words[1] = Word::unknown(Hole::Variable("VERB".to_owned()));
    unknown.words[2] = Word::unknown(Hole::Variable("FLAG".to_owned()));
    let judgement = judged(&policy, &[unknown]);
    let rules: Vec<_> = judgement.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["system/wipe", "system/kept"]);
}

#[test]
fn braces_in_the_value_of_an_option_stand_for_either() {
    let text = format!(
        "{RULES}  - {{id: to, when: {{tool: frob, flags: '--to={{a,b}}*'}}, class: destroy, why: x}}\n  \
         - {{id: not, when: {{tool: frob, flags: --go}}, unless: {{flags: '--go={{c,d}}'}}, class: destroy, why: x}}\n"
    );
    let policy = policy(&[(Layer::System, &text)]);
    for (flag, expected) in
        [("--to=b1", Effect::Ask), ("--to=c1", Effect::Allow), ("--go=d", Effect::Allow), ("--go=e", Effect::Ask)]
    {
        assert_eq!(effect(&policy, &[command(1, &["frob", "x", flag])]), expected, "{flag}");
    }
}

#[test]
fn statements_that_are_not_known_may_be_any_and_silence_nothing() {
    let rule = |facts: &str| {
        let text =
            format!("{RULES}  - {{id: dropped, when: {{tool: frob, sql: drop}}, {facts}class: destroy, why: x}}\n");
        policy(&[(Layer::System, &text)])
    };
    let with = |verb: &'static str| Command { sql: vec![verb], ..command(1, &["frob", "x"]) };
    assert_eq!(effect(&rule(""), &[with("unknown")]), Effect::Ask);
    assert_eq!(effect(&rule(""), &[with("read")]), Effect::Allow);
    assert_eq!(effect(&rule("unless: {sql: [read, drop]}, "), &[with("unknown")]), Effect::Ask);
}

#[test]
fn what_denies_may_ask_for_certainty() {
    let policy = policy(&[(Layer::System, RULES)]);
    let show = |word: Word| {
        let mut command = command(1, &["frob", "show", "x"]);
        command.touches.push(Touch { role: Role::Target, word, index: Some(2), recursive: true });
        command
    };
    assert_eq!(effect(&policy, &[show(Word::exact("/"))]), Effect::Deny);
    assert_eq!(effect(&policy, &[show(Word::unknown(Hole::Substitution))]), Effect::Allow);
}

#[test]
fn an_unknown_end_is_certain_where_a_pattern_leaves_the_end_open() {
    let open =
        "  - {id: plus, when: {tool: frob, operands: '+**', certain: true}, class: write, effect: ask, why: x}\n";
    let policy = policy(&[(Layer::System, &format!("{RULES}{open}"))]);
    let show = |pieces: Vec<Piece>| {
        let mut command = command(1, &["frob", "show", "x"]);
        command.words[2] = Word::of(pieces);
        effect(&policy, &[command])
    };
    let (plus, hole) = (Piece::Text("+x".into()), Piece::Hole(Hole::Variable("b".into())));
    assert_eq!(show(vec![plus.clone(), hole.clone()]), Effect::Ask);
    assert_eq!(show(vec![plus]), Effect::Ask);
    assert_eq!(show(vec![hole]), Effect::Allow);
    assert_eq!(show(vec![Piece::Text("x".into())]), Effect::Allow);
}

#[test]
fn a_rule_may_ask_that_a_word_is_known_in_part() {
    let text = format!(
        "{RULES}  - {{id: keys, when: {{tool: frob, target: '/etc/keys/*.key', known: true}}, class: credential, why: x}}\n"
    );
    let policy = policy(&[(Layer::System, &text)]);
    let show = |word: Word| {
        let mut command = command(1, &["frob", "show", "x"]);
        command.touches.push(Touch { role: Role::Target, word, index: Some(2), recursive: false });
        command
    };
    let variable = || Piece::Hole(Hole::Variable("X".to_owned()));
    assert_eq!(effect(&policy, &[show(Word::exact("/etc/keys/a.key"))]), Effect::Ask);
    assert_eq!(effect(&policy, &[show(Word::of([Piece::Text("/etc/keys/".into()), variable()]))]), Effect::Ask);
    assert_eq!(effect(&policy, &[show(Word::of([variable()]))]), Effect::Allow);
    assert_eq!(effect(&policy, &[show(Word::of([Piece::Text("src/".into()), variable()]))]), Effect::Allow);
}

#[test]
fn a_word_longer_than_is_compared_makes_no_rule_miss() {
    let rule = |facts: &str| {
        let facts = format!("tool: frob, {facts}");
        format!(
            "{RULES}  - {{id: end, when: {{{facts}}}, unless: {{target: '/tmp/**'}}, class: write, effect: deny, why: x}}\n"
        )
    };
    let show = |facts: &str, word: &str| {
        let mut command = command(1, &["frob", "show", word]);
        command.touches.push(Touch { role: Role::Target, word: Word::exact(word), index: Some(2), recursive: false });
        effect(&policy(&[(Layer::System, &rule(facts))]), &[command])
    };
    let long = |start: &str, end: &str| format!("{start}{}{end}", "a".repeat(5000));
    for facts in [
        "target: '**/x.lock'",
        "target: '**/x.lock', known: true",
        "target: '**/x.lock', certain: true",
        "operands: '**x.lock'",
    ] {
        assert_eq!(show(facts, &long("/srv/", "/x.lock")), Effect::Deny, "{facts}");
        assert_eq!(show(facts, &long("/tmp/", "/../../etc/x.lock")), Effect::Deny, "{facts}");
        assert_eq!(show(facts, "/opt/x"), Effect::Allow, "{facts}");
        assert_eq!(show(facts, "/tmp/x.lock"), Effect::Allow, "{facts}");
    }
}

#[test]
fn help_and_dry_runs_are_silent_unless_a_rule_names_them() {
    let named =
        format!("{RULES}  - {{id: dry, when: {{tool: frob, dry-run: true}}, class: read, effect: ask, why: x}}\n");
    let policy = policy(&[(Layer::System, &named)]);
    let help = Command { help: true, ..command(1, &["frob", "wipe", "/srv"]) };
    assert!(judged(&policy, &[help]).findings.is_empty());
    let dry = Command { dry_run: true, ..command(1, &["frob", "wipe", "/srv"]) };
    assert_eq!(judged(&policy, &[dry]).findings[0].rule, "system/dry");
    let unforced = command(1, &["frob", "--force=false", "show"]);
    assert_eq!(effect(&policy, &[unforced]), Effect::Allow);
}

#[test]
fn labels_flow_downstream_and_make_execution_ask() {
    let data = "data: [{label: restricted, tags: [pii], resources: ['/srv/exports/**']}]\nask: {labels: {restricted: {from: [owners], count: 2}}}";
    let policy = policy(&[(Layer::System, data)]);
    let mut read = touching(command(0, &["cat", "/srv/exports/a.csv"]), Role::Source, false);
    read.pipe_to = Some(1);
    let sink = Command { pipe_from: Some(0), ..undescribed(&["frobnicate"]) };
    let judgement = judged(&policy, &[read, sink]);
    assert_eq!(judgement.label, Some(DataLabel::Restricted));
    assert_eq!(groups(&judgement.decision), [(vec!["owners".to_owned()], 2)]);
    assert_eq!(effect(&policy, &[undescribed(&["frobnicate", "x"])]), Effect::Allow);
    assert_eq!(effect(&policy, &[undescribed(&["frobnicate", "/srv"])]), Effect::Ask, "it could reach below");
}

#[test]
fn an_environment_belongs_to_the_command_whose_context_it_is() {
    let text = "environments: [{name: production, contexts: ['kube:prod-*']}, {name: here, contexts: ['host:build*']}]\n\
                ask: {environments: {production: {from: [sre]}}}";
    let policy = policy(&[(Layer::System, text)]);
    let context = |name: Option<&str>| Command {
        contexts: vec![ContextName { kind: "kube".to_owned(), name: name.map(str::to_owned) }],
        remote: Some(Word::exact("pod")),
        ..undescribed(&["frobnicate"])
    };
    let judgement = judged(&policy, &[context(Some("prod-eu"))]);
    assert_eq!(groups(&judgement.decision), [(vec!["sre".to_owned()], 1)]);
    assert_eq!(effect(&policy, &[context(None)]), Effect::Ask, "a name that is not known may be production's");
    assert_eq!(effect(&policy, &[context(Some("dev"))]), Effect::Allow);
    let here = judged(&policy, &[undescribed(&["frobnicate"])]);
    assert_eq!(here.environments.into_iter().collect::<Vec<_>>(), ["here"]);
}

#[test]
fn every_entry_that_names_a_finding_asks_and_the_shortest_time_counts() {
    let text = format!(
        "{RULES}ask:\n  default: {{from: [ops], within: 1h, grade: touched}}\n  classes: {{destroy: {{from: [sre], within: 30m}}}}\n  \
         rules: {{system/wipe: {{count: 2}}}}\n"
    );
    let policy = policy(&[(Layer::System, &text)]);
    let judgement = judged(&policy, &[command(1, &["frob", "--force", "wipe", "/srv"])]);
    let Decision::Ask(requirement) = &judgement.decision else { panic!() };
    let mut asked = groups(&judgement.decision);
    asked.sort();
    let group = |name: &str| vec![name.to_owned()];
    assert_eq!(asked, [(group("ops"), 1), (group("ops"), 2), (group("sre"), 1)]);
    assert_eq!(requirement.within.to_string(), "30m");
    assert!(requirement.clauses.iter().all(|clause| clause.grade == crate::model::Grade::Touched));
}

#[test]
fn what_is_unresolved_asks_and_nothing_waives_it() {
    let policy = Policy::built_in();
    let unresolved = [Unresolved { kind: UnresolvedKind::Code, command: None, why: "a variable is run".to_owned() }];
    let judgement = policy.judge(&[], &unresolved, &circumstances(&[]));
    assert_eq!(judgement.findings[0].rule, "gate/unresolved.code");
    assert_eq!(judgement.decision.effect(), Effect::Ask);
}

#[test]
fn the_project_layer_can_only_make_it_stricter() {
    let project = "tools: [{program: deploy}]\nrules: [{id: ask, when: {tool: frob, command: show}, class: read, effect: ask, why: x}]\n\
                   data: [{label: public, resources: ['/srv/**']}]\nask: {classes: {read: {from: [team]}}}";
    let strict = "matrix: {execute: deny}\n";
    let both = policy(&[(Layer::System, &format!("{RULES}{strict}")), (Layer::Project, project)]);
    let judgement = judged(&both, &[command(1, &["frob", "show"])]);
    assert_eq!(groups(&judgement.decision), [(vec!["team".to_owned()], 1)]);
    let deploy = command(0, &["deploy"]);
    assert_eq!(effect(&both, &[deploy]), Effect::Deny, "a grammar of the project's makes no program known");
    let export = format!("{RULES}  - {{id: out, when: {{tool: frob, command: send}}, class: export, why: x}}\n");
    let both = policy(&[(Layer::System, &export), (Layer::Project, project)]);
    let send = touching(command(1, &["frob", "send", "/srv/x"]), Role::Target, false);
    assert_eq!(effect(&both, &[send]), Effect::Ask, "a label of the project's makes nothing public");
}

#[test]
fn a_waiver_covers_what_it_names_until_it_runs_out() {
    let waiver = |rule: &str, until: &str| {
        format!(
            "waivers: [{{rule: {rule}, where: {{requester: 'ci:*', directory: '/srv/etl/**'}}, reason: SEC-114, until: {until}}}]\n"
        )
    };
    let wipe = || command(1, &["frob", "wipe", "/srv"]);
    let open = policy(&[(Layer::System, &format!("{RULES}{}", waiver("system/wipe", "2026-11-22")))]);
    let judgement = judged(&open, &[wipe()]);
    assert_eq!(judgement.decision, Decision::Allow);
    assert_eq!(judgement.findings[0].waived.as_deref(), Some("SEC-114"), "it stays on record");
    let somebody = open.judge(&[wipe()], &[], &circumstances(&["alice".to_owned()]));
    assert_eq!(somebody.decision.effect(), Effect::Ask);
    let over = policy(&[(Layer::System, &format!("{RULES}{}", waiver("system/wipe", "2026-11-21")))]);
    let judgement = judged(&over, &[wipe()]);
    assert_eq!(judgement.decision.effect(), Effect::Ask);
    assert_eq!(judgement.notices, ["the waiver of system/wipe ran out on 2026-11-21"]);
    let users = policy(&[(Layer::System, RULES), (Layer::User, &waiver("system/wipe", "2027-01-01"))]);
    assert_eq!(effect(&users, &[wipe()]), Effect::Ask, "a user cannot waive what the system asks");
}

#[test]
fn a_rule_that_is_replaced_or_off_counts_no_more() {
    let bomb = || Command { via: vec![Via::Shell("function b".to_owned())], pipe_to: Some(0), ..undescribed(&["b"]) };
    assert_eq!(effect(&Policy::built_in(), &[bomb()]), Effect::Deny);
    let replaced = policy(&[(Layer::System, RULES), (Layer::User, "")]);
    assert!(replaced.rules().any(|(layer, rule)| layer == Layer::System && rule.id == "system/wipe"));
}

#[test]
fn a_finding_has_everything_that_a_record_needs() {
    let judgement = judged(&Policy::built_in(), &[undescribed(&["frobnicate", "x"])]);
    let Finding { rule, class, effect, command, .. } = &judgement.findings[0];
    assert_eq!((rule.as_str(), *class, *effect), ("gate/unknown-program", ActionClass::Execute, Effect::Allow));
    assert_eq!(*command, Some(0));
}

//! Invocations and what is found in them, as a table.

use std::ffi::OsString;
use std::path::Path;

use super::{Around, Asked, Reading, Tools, read};
use crate::model::{
    Answers, Body, Form, OperandGrammar, OptionGrammar, Place, Role, Runs, Slot, Syntax, Tool, Value, Word,
};

struct Shelf(Vec<Tool>);

impl Tools for Shelf {
    fn tool(&self, file_name: &str) -> Option<&Tool> {
        self.0.iter().find(|tool| tool.names.iter().any(|name| name == file_name))
    }

    fn looks_at(&self, _: &str) -> bool {
        true
    }
}

fn tool(names: &[&str], syntax: Syntax, body: Body) -> Tool {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    Tool { name: names[0].clone(), names, syntax, body, ..Tool::default() }
}

fn option(spelling: &str, value: Value) -> OptionGrammar {
    OptionGrammar { name: spelling.to_owned(), spellings: vec![spelling.to_owned()], value, role: None }
}

fn runs(at: Slot, form: Form) -> Vec<Runs> {
    vec![Runs::new(at, form)]
}

fn shelf() -> Shelf {
    let shell = Body {
        options: vec![option("+x", Value::No)],
        runs: [runs(Slot::ScriptIf(vec!["-c".into()]), Form::Shell), runs(Slot::FileOrInput, Form::Shell)].concat(),
        ..Body::default()
    };
    let sudo = Body {
        options: vec![option("-u", Value::Needed)],
        runs: runs(Slot::After(0), Form::Argv),
        privileged: true,
        assignments: true,
        ..Body::default()
    };
    let ssh = Body {
        options: vec![option("-p", Value::Needed)],
        runs: runs(Slot::After(1), Form::Shell),
        remote: Some(Place::Operand(0)),
        ..Body::default()
    };
    let exec = Body {
        options: vec![option("-n", Value::Needed)],
        runs: runs(Slot::Dashes(1), Form::Argv),
        remote: Some(Place::Operand(0)),
        ..Body::default()
    };
    let mut kubectl =
        tool(&["kubectl"], Syntax::Gnu, Body { options: vec![option("-n", Value::Needed)], ..Body::default() });
    kubectl.depth = 1;
    kubectl.dashed = true;
    kubectl.body.help = vec!["--help".into(), "help".into()];
    kubectl.commands = vec![(vec![vec!["exec".into()]], exec)];
    let find = Body {
        options: vec![option("-exec", Value::Until(vec![";".into(), "+".into()])), option("-name", Value::Needed)],
        runs: vec![Runs {
            marker: Some("{}".into()),
            found: Some(vec!["-name".into()]),
            ..Runs::new(Slot::Options(vec!["-exec".into()]), Form::Argv)
        }],
        ..Body::default()
    };
    let xargs = Body {
        options: vec![option("-n", Value::Needed), option("-I", Value::Needed)],
        runs: vec![Runs { more: true, marker: Some("-I".into()), ..Runs::new(Slot::After(0), Form::Argv) }],
        ..Body::default()
    };
    let git = Body {
        options: vec![option("-c", Value::Needed)],
        runs: runs(Slot::Setting("-c".into(), vec!["core.editor".into(), "alias.*".into()]), Form::Shell),
        ..Body::default()
    };
    let python = Body {
        options: vec![option("-c", Value::Needed)],
        runs: [runs(Slot::Options(vec!["-c".into()]), Form::Code), runs(Slot::FileOrInput, Form::Code)].concat(),
        ..Body::default()
    };
    let psql = Body {
        options: vec![OptionGrammar { role: Some(Role::Sql), ..option("-c", Value::Needed) }],
        ..Body::default()
    };
    let copy = Body {
        operands: vec![
            OperandGrammar { role: Some(Role::Source), repeats: true },
            OperandGrammar { role: Some(Role::Destination), repeats: false },
        ],
        ..Body::default()
    };
    Shelf(vec![
        tool(&["sh", "bash"], Syntax::Gnu, shell),
        tool(&["sudo"], Syntax::First, sudo),
        tool(
            &["env"],
            Syntax::First,
            Body {
                options: vec![option("-S", Value::Needed)],
                runs: [runs(Slot::After(0), Form::Argv), runs(Slot::Options(vec!["-S".into()]), Form::Split)].concat(),
                assignments: true,
                ..Body::default()
            },
        ),
        tool(&["ssh"], Syntax::First, ssh),
        kubectl,
        tool(
            &["rehearse"],
            Syntax::Gnu,
            Body { dry_run: ["--dry-run", "--dry-run=client", "test=True"].map(Into::into).into(), ..Body::default() },
        ),
        tool(&["find"], Syntax::Go, find),
        tool(&["xargs"], Syntax::First, xargs),
        tool(&["git"], Syntax::Gnu, git),
        tool(&["python3"], Syntax::Gnu, python),
        tool(&["psql"], Syntax::Gnu, psql),
        tool(&["cp"], Syntax::Gnu, copy),
        tool(
            &["timeout"],
            Syntax::First,
            Body {
                options: vec![option("-s", Value::Needed)],
                runs: runs(Slot::After(1), Form::Argv),
                ..Body::default()
            },
        ),
    ])
}

fn reading(argv: &[&str]) -> Reading {
    let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
    read(
        Asked::Arguments(&argv),
        &Around { directory: Path::new("/work"), environment: &[] },
        &shelf(),
        &Answers::new(),
    )
}

/// The commands as `via›via words`, one a line, and the kinds of what is unresolved.
fn shown(reading: &Reading) -> String {
    let mut lines: Vec<String> = Vec::new();
    for command in &reading.commands {
        let via: String = command.via.iter().map(|via| format!("{via}›")).collect();
        let words: Vec<String> = command.words.iter().map(|word| word.display().to_str().unwrap().to_owned()).collect();
        lines.push(format!("{via}{}", words.join(" ")));
    }
    lines.extend(reading.unresolved.iter().map(|unresolved| format!("?{}", unresolved.kind.name())));
    lines.join(" | ")
}

#[test]
fn inner_commands_are_found_where_they_stand() {
    for (argv, expected) in [
        (&["rm", "-rf", "x"][..], "rm -rf x"),
        (&["sudo", "-u", "root", "A=b", "rm", "-u"], "sudo -u root A=b rm -u | sudo›rm -u"),
        (&["bash", "-c", "a; b $1", "name", "x y"], "bash -c a; b $1 name x y | sh›a | sh›b x y"),
        (&["bash", "-ec", "a"], "bash -ec a | sh›a"),
        (&["bash", "-c", "-e", "a"], "bash -c -e a | sh›a"),
        (&["bash", "+x", "-c", "a"], "bash +x -c a | sh›a"),
        (
            &["env", "-S", "A=1 sh -c", "rm x"],
            "env -S A=1 sh -c rm x | env›rm x | env›env A=1 sh -c rm x | env›env›sh -c rm x | env›env›sh›rm x",
        ),
        (
            &["timeout", "-s", "KILL", "5", "sh", "-c", "rm x"],
            "timeout -s KILL 5 sh -c rm x | timeout›sh -c rm x | timeout›sh›rm x",
        ),
        (&["ssh", "-p", "22", "host", "rm", "-rf", "x;", "id"], "ssh -p 22 host rm -rf x; id | ssh›rm -rf x | ssh›id"),
        (&["kubectl", "-n", "p", "exec", "pod", "--", "rm", "-n"], "kubectl -n p exec pod -- rm -n | kubectl›rm -n"),
        (&["/usr/lib/kubectl-exec", "pod", "--", "ls"], "kubectl exec pod -- ls | kubectl›ls"),
        (&["kubectl-", "exec", "pod", "--", "ls"], "kubectl- exec pod -- ls"),
        (&["sudo-exec", "pod", "--", "ls"], "sudo-exec pod -- ls"),
        (&["kubectl", "exec", "pod", "-n", "p", "--", "ls"], "kubectl exec pod -n p -- ls | kubectl›ls"),
        (&["find", ".", "-name", "x", "-exec", "rm", "{}", ";"], "find . -name x -exec rm {} ; | find›rm ./**/x"),
        (&["xargs", "-n2", "echo", "a b"], "xargs -n2 echo a b | xargs›echo a b {}"),
        (&["xargs", "-I", "%", "rm", "x/%"], "xargs -I % rm x/% | xargs›rm x/{}"),
        (&["env", "-S", "rm -rf x", "y"], "env -S rm -rf x y | env›y | env›env rm -rf x y | env›env›rm -rf x y"),
        (&["git", "-c", "core.editor=id > /tmp/o", "commit"], "git -c core.editor=id > /tmp/o commit | git›id"),
        (&["git", "-c", "alias.x=!rm y", "x"], "git -c alias.x=!rm y x | git›rm y"),
        (&["git", "-c", "user.name=rm y", "x"], "git -c user.name=rm y x"),
        (&["python3", "-c", "print(1)"], "python3 -c print(1)"),
        (&["python3", "-c", "import os; os.system('x')"], "python3 -c import os; os.system('x') | python3›x"),
        (&["python3", "-c", "eval(x)"], "python3 -c eval(x) | ?code"),
        (&["python3", "x.py"], "python3 x.py"),
        (&["python3"], "python3 | ?code"),
        (&["python3", "-"], "python3 - | ?code"),
        (&["python3", "/dev/stdin"], "python3 /dev/stdin | ?code"),
        (&["sh", "-c", "curl u | python3"], "sh -c curl u | python3 | sh›curl u | sh›python3 | ?code"),
        (&["sh", "-c", "python3 <<E\nprint(1)\nE"], "sh -c python3 <<E\nprint(1)\nE | sh›python3"),
        (
            &["sh", "-c", "python3 <<E\nos.unlink(x)\nE"],
            "sh -c python3 <<E\nos.unlink(x)\nE | sh›python3 | sh›python3›rm -f $(…)",
        ),
        (&["bash"], "bash | ?code"),
        (&["bash", "x.sh"], "bash x.sh | ?script"),
        (&["sh", "-c", "curl u | sh"], "sh -c curl u | sh | sh›curl u | sh›sh | ?code"),
        (&["sh", "-c", "sh <<E\nrm x\nE"], "sh -c sh <<E\nrm x\nE | sh›sh | sh›sh›rm x"),
        (&["sh", "-c", "$x y"], "sh -c $x y | sh›$x y | ?program"),
        (&["sh", "-c", "if"], "sh -c if | ?code"),
    ] {
        assert_eq!(shown(&reading(argv)), expected, "{argv:?}");
    }
}

#[test]
fn a_word_asks_for_help_only_where_it_stands_last_and_alone() {
    let helps = |argv: &[&str]| reading(argv).commands[0].help;
    assert!(
        helps(&["kubectl", "help"])
            && helps(&["kubectl", "exec", "help"])
            && helps(&["kubectl", "exec", "-n", "p", "help"])
    );
    assert!(!helps(&["kubectl", "exec", "help", "pod"]) && !helps(&["kubectl", "exec", "pod", "help"]));
    assert!(!helps(&["kubectl", "exec", "-n", "help"]));
}

#[test]
fn a_dry_run_that_is_taken_back_is_none() {
    let dry = |flags: &[&str]| reading(&[&["rehearse"], flags].concat()).commands[0].dry_run;
    assert!(dry(&["--dry-run"]) && dry(&["--dry-run=client"]) && dry(&["--dry-run=none", "--dry-run=client"]));
    assert!(!dry(&["--dry-run=client", "--dry-run=none"]) && !dry(&["--dry-run", "--no-dry-run"]) && !dry(&[]));
    assert!(dry(&["web*", "test=True"]) && dry(&["test=True", "test=True"]));
    assert!(!dry(&["test=True", "test=False"]) && !dry(&["test=false"]) && !dry(&["xtest=True"]));
}

#[test]
fn statements_are_read_from_a_here_document_where_the_command_has_none() {
    let verbs = |script: &str| reading(&["sh", "-c", script]).commands.last().unwrap().sql.clone();
    assert_eq!(verbs("psql <<E\ndrop table x;\nE"), ["drop"]);
    assert_eq!(verbs("cat <<'E' | psql\ndrop table x;\nE"), ["drop"]);
    assert_eq!(verbs("echo ZHJvcCB0YWJsZSB4Owo= | base64 -d | psql"), ["drop"]);
    assert_eq!(verbs("openssl base64 -d <<< ZHJvcCB0YWJsZSB4Owo= | psql"), ["drop"]);
    assert_eq!(verbs("echo 64726f70207461626c652078 | xxd -r -p | psql"), ["drop"]);
    assert!(verbs("echo ZHJvcCB0YWJsZSB4Owo= | base64 | psql").is_empty());
    assert_eq!(verbs("psql -c 'select 1' <<E\ndrop table x;\nE"), ["read"]);
    assert!(verbs("cp <<E\ndrop table x;\nE").is_empty());
}

#[test]
fn a_script_runs_where_cd_leads_as_long_as_that_is_certain() {
    let directories = |script: &str| {
        let reading = reading(&["sh", "-c", script]);
        let last = reading.commands.last().unwrap();
        last.directory.as_ref().map(|directory| directory.to_str().unwrap().to_owned())
    };
    assert_eq!(directories("cd live; rm x").as_deref(), Some("/work/live"));
    assert_eq!(directories("cd /srv && rm x").as_deref(), Some("/srv"));
    assert_eq!(directories("cd $x; rm x"), None);
    assert_eq!(directories("(cd /srv); rm x"), None);
}

#[test]
fn what_runs_elsewhere_is_not_looked_up_here() {
    let reading = reading(&["ssh", "host", "bash x.sh"]);
    assert!(reading.questions.is_empty());
    let inner = reading.commands.last().unwrap();
    assert_eq!(inner.remote.as_ref().and_then(Word::text), Some("host"));
    assert_eq!(inner.directory, None);
}

#[test]
fn words_know_where_they_stand_in_what_was_written() {
    let reading = reading(&["bash", "-c", "true && rm -rf /srv"]);
    let last = reading.commands.last().unwrap();
    let origin = last.words[2].origin().unwrap();
    assert_eq!((origin.argument, origin.start, origin.end), (2, 15, 19));
}

#[test]
fn nesting_without_end_is_unresolved_and_not_an_answer() {
    let mut argv = vec!["sudo"; 40];
    argv.push("rm");
    assert!(shown(&reading(&argv)).contains("?code"));
}

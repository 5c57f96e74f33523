//! `gate -c SCRIPT`: as `sh -c`, with pipes and redirections inside what is judged.

use crate::record::records;
use crate::support::{Ran, Sandbox};

#[test]
fn pipes_and_redirections_work() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.gate(["-c", "echo one | tr a-z A-Z > f; cat < f; exit 3"]).run(), Ran::exited(3).out("ONE\n"));
    assert_eq!(sandbox.read("work/f"), "ONE\n");
    let run = records(&sandbox).pop().unwrap();
    let arguments = &run["subject"]["invocation"]["arguments"];
    assert_eq!(*arguments, serde_json::json!(["sh", "-c", "echo one | tr a-z A-Z > f; cat < f; exit 3"]));
}

#[test]
fn name_and_arguments_follow_the_script() {
    let sandbox = Sandbox::new();
    let ran = sandbox.gate(["-c", "echo \"$0:$#:$*\"", "name", "--status", "a b", "--", "-c"]).run();
    assert_eq!(ran, Ran::exited(0).out("name:4:--status a b -- -c\n"));
    assert_eq!(sandbox.gate(["-c", "echo $#"]).run(), Ran::exited(0).out("0\n"));
}

#[test]
fn another_shell_reads_it_if_asked() {
    let sandbox = Sandbox::new();
    let script = "a=(1 2 3); echo ${#a[@]}; set -o pipefail; false | true";
    assert_eq!(sandbox.gate(["--shell", "bash", "-c", script]).run(), Ran::exited(1).out("3\n"));
    assert_eq!(sandbox.gate(["--shell=/bin/dash", "-c", "readlink /proc/$$/exe"]).run().stdout, "/usr/bin/dash\n");
    let ran = sandbox.gate(["--shell", "nosuchshell", "-c", "echo ran"]).run();
    assert_eq!(ran, Ran::exited(127).err("gate: `nosuchshell`: not found\n"));
}

#[test]
fn several_lines_functions_and_here_documents_run_as_written() {
    let sandbox = Sandbox::new();
    let script = "greet() {\n  printf 'hello %s\\n' \"$1\"\n}\nfor name in a b; do\n  greet \"$name\"\ndone\ncat <<'END'\nas $it is\nEND\n";
    assert_eq!(sandbox.gate(["-c", script]).run(), Ran::exited(0).out("hello a\nhello b\nas $it is\n"));
}

#[test]
fn the_shell_reads_the_commands_stdin() {
    let sandbox = Sandbox::new();
    let ran = sandbox.gate(["-c", "while read line; do echo \"<$line>\"; done"]).stdin("1\n2\n").run();
    assert_eq!(ran, Ran::exited(0).out("<1>\n<2>\n"));
}

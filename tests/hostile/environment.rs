//! An environment that says two things at once.

use crate::record::records;
use crate::support::{Ran, Sandbox, program};

/// Starts gate with a variable that is set twice, which no shell does and `execve` allows.
const TWICE: &str = r#"
#include <unistd.h>
int main(int count, char **words) {
    (void)count;
    static char *variables[100];
    extern char **environ;
    int at = 0;
    for (char **next = environ; *next && at < 90; next++) variables[at++] = *next;
    variables[at++] = "AWS_PROFILE=staging";
    variables[at++] = "AWS_PROFILE=production";
    execve(words[1], words + 1, variables);
    return 99;
}
"#;

#[test]
fn a_variable_that_is_set_twice_is_refused() {
    // gate would judge by one of the two, and the command might take the other.
    let sandbox = Sandbox::new();
    sandbox.write("work/twice.c", TWICE);
    assert_eq!(sandbox.call(program("cc"), ["-o", "twice", "twice.c"]).run(), Ran::exited(0));
    let plain = sandbox.call("./twice", ["/usr/bin/env"]).run();
    assert_eq!(plain.stdout.matches("AWS_PROFILE=").count(), 2, "{plain:?}");
    let gate = env!("CARGO_BIN_EXE_gate");
    let ran = sandbox.call("./twice", [gate, "--", "touch", "ran"]).run();
    assert_eq!(ran, Ran::exited(78).err("gate: the variable `AWS_PROFILE` is set twice\n"));
    assert!(!sandbox.work().join("ran").exists() && records(&sandbox).iter().all(|record| record["type"] != "run"));
}

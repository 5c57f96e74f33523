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

/// Says which program it was loaded into.
const LOADED: &str = r#"
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void loaded(void) {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    int file = open("loaded", O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (length > 0 && file >= 0) { path[length] = '\n'; (void)!write(file, path, length + 1); }
}
"#;

#[test]
fn a_library_that_the_environment_preloads_does_not_reach_into_gate() {
    // It could answer for the clock, the files and the checks of a program that has a dynamic loader.
    let sandbox = Sandbox::new();
    let library = sandbox.work().join("loaded.so");
    sandbox.write("work/loaded.c", LOADED);
    assert_eq!(sandbox.call(program("cc"), ["-shared", "-fPIC", "-o", "loaded.so", "loaded.c"]).run(), Ran::exited(0));
    let command = sandbox.work().join("command");
    std::fs::copy("/bin/true", &command).unwrap();
    for variable in ["LD_PRELOAD", "LD_AUDIT"] {
        let ran = sandbox.gate(["--", "./command"]).env(variable, &library).run();
        assert_eq!(ran.status, crate::support::Status::Exited(0), "{variable}: {ran:?}");
    }
    // The command is loaded as it would be without gate, and nothing else is.
    let loaded = sandbox.read("work/loaded");
    let loaded: std::collections::BTreeSet<&str> = loaded.lines().collect();
    assert_eq!(loaded.into_iter().collect::<Vec<_>>(), [command.canonicalize().unwrap().to_str().unwrap()]);
}

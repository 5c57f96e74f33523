//! An allowed command under an interactive shell on a real terminal: job control is the shell's and the command's.

use crate::support::{Sandbox, Terminal};

/// Waits in one process, for `done`: a dash that forks at the moment of Control-C loses it, and a bash that does so at
/// Control-Z stops its child alone; both do so without gate too.
const MEANWHILE: &str = "mkfifo pause; exec 3<>pause; echo u''p; while ! test -e done; do read -t 0.01 -u 3; done";

/// bash on a terminal, with gate in a variable.
fn shell(sandbox: &Sandbox) -> Terminal {
    let bash = sandbox.call("/bin/bash", ["--norc", "--noprofile", "-i"]).env("PS1", "%% ").env("HISTFILE", "");
    let terminal = bash.env("GATE", env!("CARGO_BIN_EXE_gate")).env("TERM", "dumb").on_terminal();
    terminal.wait_for("%% ");
    terminal
}

fn status(terminal: &Terminal, status: i32) {
    terminal.write("echo status-$?-\r");
    terminal.wait_for(&format!("\nstatus-{status}-"));
}

#[test]
fn control_c_ends_the_command_and_the_shell_goes_on() {
    let sandbox = Sandbox::new();
    let terminal = shell(&sandbox);
    terminal.write("$GATE -c 'echo u''p; exec sleep 60'\r");
    terminal.wait_for("\nup");
    terminal.write("\x03");
    status(&terminal, 130);
    // A command that minds says so itself.
    terminal.write(&format!("$GATE -- bash -c 'trap \"echo caught; exit 7\" INT; {MEANWHILE}'\r"));
    terminal.wait_for("\nup");
    terminal.write("\x03");
    terminal.wait_for("caught");
    status(&terminal, 7);
}

#[test]
fn control_z_stops_and_fg_and_bg_go_on() {
    let sandbox = Sandbox::new();
    let terminal = shell(&sandbox);
    // It says when it goes on: until then the terminal is the shell's, who would lose the second Control-Z.
    let says = "trap \"echo agai''n\" CONT";
    terminal.write(&format!("$GATE -- bash -c '{says}; {MEANWHILE}; echo en''d; exit 5'\r"));
    terminal.wait_for("\nup");
    terminal.write("\x1a");
    terminal.wait_for("Stopped");
    terminal.write("fg\r");
    terminal.wait_for("\nagain");
    terminal.write("\x1a");
    terminal.wait_for("Stopped");
    terminal.write("bg\r");
    terminal.wait_for("&");
    terminal.write("jobs\r");
    terminal.wait_for("Running");
    sandbox.write("work/done", "");
    terminal.wait_for("end\r\n");
    terminal.write("wait %1; echo status-$?-\r");
    terminal.wait_for("\nstatus-5-");
}

#[test]
fn control_backslash_quits_the_command() {
    let sandbox = Sandbox::new();
    let terminal = shell(&sandbox);
    terminal.write("ulimit -c 0; $GATE -- sh -c 'echo u''p; exec sleep 60'\r");
    terminal.wait_for("\nup");
    terminal.write("\x1c");
    status(&terminal, 131);
}

#[test]
fn the_command_has_the_terminal_and_its_size() {
    let sandbox = Sandbox::new();
    let terminal = shell(&sandbox);
    terminal.write(&format!("$GATE -- bash -c 'trap \"stty size\" WINCH; {MEANWHILE}; exit 0'\r"));
    terminal.wait_for("\nup");
    terminal.resize(33, 77);
    terminal.wait_for("33 77");
    sandbox.write("work/done", "");
    status(&terminal, 0);
    terminal.write("$GATE -c 'echo u''p; read line; echo got-$line-'\r");
    terminal.wait_for("\nup");
    terminal.write("hello\r");
    terminal.wait_for("\ngot-hello-");
    status(&terminal, 0);
}

#[test]
fn a_command_in_the_background_that_reads_the_terminal_stops_until_it_has_it() {
    let sandbox = Sandbox::new();
    let terminal = shell(&sandbox);
    terminal.write("$GATE -c 'read line; echo got-$line-' &\r");
    terminal.write("until jobs | grep -q Stopped; do sleep 0.01; done; echo seen-$?-\r");
    terminal.wait_for("\nseen-0-");
    terminal.write("fg\r");
    terminal.wait_for("\n$GATE");
    terminal.write("hello\r");
    terminal.wait_for("got-hello-");
    status(&terminal, 0);
}

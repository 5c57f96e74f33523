//! On a terminal, under a shell that does job control: gate must not be noticed.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Mutex};

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};

use super::*;

/// An interactive bash on a pty of its own.
struct Shell {
    stage: Stage,
    bash: Child,
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
}

impl Shell {
    fn new() -> Self {
        let stage = Stage::new();
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let keyboard = openpt(flags).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let end = File::from(ioctl_tiocgptpeer(&keyboard, flags).unwrap());
        let keyboard = File::from(keyboard);
        let mut bash = Command::new("setsid");
        bash.args(["--ctty", "bash", "--norc", "--noprofile", "--noediting", "-i"]);
        bash.current_dir(stage.root.path()).env("PS1", "%% ").env_remove("PROMPT_COMMAND").env("HISTFILE", "");
        bash.stdin(end.try_clone().unwrap()).stdout(end.try_clone().unwrap()).stderr(end);
        let bash = bash.spawn().unwrap();
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, shared) = (keyboard.try_clone().unwrap(), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(more @ 1..) = reader.read(&mut buffer) {
                shared.lock().unwrap().extend_from_slice(&buffer[..more]);
            }
        });
        Self { stage, bash, keyboard, screen }
    }

    /// Types; what came before is no longer looked at.
    fn types(&self, keys: &str) {
        self.screen.lock().unwrap().clear();
        (&self.keyboard).write_all(keys.as_bytes()).unwrap();
    }

    fn shows(&self, text: &str) {
        let begun = Instant::now();
        loop {
            let screen = String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned();
            if screen.contains(text) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "`{text}` does not appear:\n{screen}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Puts a script behind the name `go`, to be run by gate.
    fn has(&self, script: &str) {
        let line = self.stage.shell("supervise", &["bash", "-c", script]);
        self.stage.write("go", format!("#!/bin/sh\nexec env {line}\n"));
    }

    /// What the shell says about the last command.
    fn status(&self, status: i32) {
        self.types("echo status-$?-\r");
        self.shows(&format!("status-{status}-"));
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.bash.kill();
        let _ = self.bash.wait();
    }
}

#[test]
fn control_c_reaches_the_command_once() {
    let shell = Shell::new();
    // A shell would take two signals for one.
    let counts = r#"
        #include <fcntl.h>
        #include <signal.h>
        #include <unistd.h>
        static int heard;
        static void count(int signal) { (void)signal; (void)!write(heard, "c", 1); }
        int main(void) {
            heard = open("heard", O_CREAT | O_WRONLY | O_APPEND, 0600);
            signal(SIGINT, count);
            (void)!write(1, "up\n", 3);
            while (access("done", F_OK)) usleep(5000);
            return 7;
        }"#;
    let (source, program) = (shell.stage.write("count.c", counts), shell.stage.path("count"));
    assert!(Command::new("cc").arg("-o").arg(program).arg(source).status().unwrap().success());
    shell.has("exec ./count");
    shell.types("./go\r");
    shell.shows("up\r\n");
    shell.types("\x03");
    shell.stage.wait_for("heard");
    fs::write(shell.stage.path("done"), "").unwrap();
    shell.status(7);
    assert_eq!(fs::read_to_string(shell.stage.path("heard")).unwrap(), "c");
}

#[test]
fn control_c_ends_a_command_that_does_not_mind() {
    let shell = Shell::new();
    shell.has("echo up; exec sleep 60");
    shell.types("./go\r");
    shell.shows("up\r\n");
    shell.types("\x03");
    shell.status(130);
}

#[test]
fn control_c_reaches_a_command_that_left_the_group() {
    let shell = Shell::new();
    shell.has("echo up; exec timeout 60 sleep 61");
    shell.types("./go\r");
    shell.shows("up\r\n");
    shell.types("\x03");
    shell.status(130);
}

#[test]
fn control_z_stops_and_fg_and_bg_go_on() {
    let shell = Shell::new();
    // It says when it goes on: until then the terminal is the shell's, who would lose the second Control-Z.
    shell.has("trap 'echo again' CONT; echo up; while ! test -e done; do sleep 0.01; done; echo end; exit 5");
    shell.types("./go\r");
    shell.shows("up\r\n");
    shell.types("\x1a");
    shell.shows("Stopped");
    shell.types("jobs -l\r");
    shell.shows("Stopped");
    shell.types("fg\r");
    shell.shows("again\r\n");
    shell.types("\x1a");
    shell.shows("Stopped");
    shell.types("bg\r");
    shell.shows("./go &");
    shell.types("jobs\r");
    shell.shows("Running");
    fs::write(shell.stage.path("done"), "").unwrap();
    shell.shows("end\r\n");
    shell.types("wait %1; echo status-$?-\r");
    shell.shows("status-5-");
}

#[test]
fn a_command_that_tidies_up_before_it_stops_is_waited_for() {
    let shell = Shell::new();
    // As an editor does: it writes to the terminal, and only then stops itself. It waits without a process of its own,
    // which Control-Z would stop before bash comes to its trap.
    shell.has(
        "trap 'sleep 0.2; echo tidy; kill -STOP $$; echo back' TSTP; mkfifo pause; exec 3<>pause; echo up; \
         while ! test -e done; do read -t 0.01 -u 3; done; exit 4",
    );
    shell.types("./go\r");
    shell.shows("up\r\n");
    shell.types("\x1a");
    shell.shows("Stopped");
    let screen = String::from_utf8_lossy(&shell.screen.lock().unwrap()).into_owned();
    assert!(screen.find("tidy").unwrap() < screen.find("Stopped").unwrap(), "{screen}");
    shell.types("fg\r");
    shell.shows("back");
    fs::write(shell.stage.path("done"), "").unwrap();
    shell.status(4);
}

#[test]
fn a_command_that_ignores_control_z_keeps_the_terminal() {
    let shell = Shell::new();
    shell.has("trap '' TSTP; echo up; read line; echo got-$line-");
    shell.types("./go\r");
    shell.shows("up\r\n");
    shell.types("\x1ahello\r");
    shell.shows("got-hello-");
    shell.status(0);
}

#[test]
fn a_command_in_the_background_that_reads_the_terminal_stops() {
    let shell = Shell::new();
    shell.has("read line; echo got-$line-");
    shell.types("./go &\r");
    shell.shows("%% ");
    shell.types("until jobs | grep -q Stopped; do sleep 0.01; done; echo seen-$?-\r");
    shell.shows("seen-0-");
    shell.types("fg\r");
    shell.shows("./go\r\n");
    shell.types("hello\r");
    shell.shows("got-hello-");
    shell.status(0);
}

#[test]
fn the_size_of_the_window_is_told_to_the_command() {
    let shell = Shell::new();
    shell.has("trap 'stty size' WINCH; echo up; while ! test -e done; do sleep 0.01; done");
    shell.types("./go\r");
    shell.shows("up\r\n");
    let size = rustix::termios::Winsize { ws_row: 33, ws_col: 77, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&shell.keyboard, size).unwrap();
    shell.shows("33 77");
    fs::write(shell.stage.path("done"), "").unwrap();
    shell.status(0);
}

//! A program on a terminal of its own: a real pty, the program leading the session that owns it.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use rustix::process::{Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::Status;
use super::running::Heard;
use super::wait::Guarded;

/// The keyboard and the screen. Dropped, the terminal hangs up and the program is killed.
pub struct Terminal {
    process: Guarded,
    keyboard: File,
    screen: Heard,
    /// How much of the screen `wait_for` has passed.
    passed: Mutex<usize>,
}

impl Terminal {
    pub(super) fn start(command: &mut Command) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let end = File::from(ioctl_tiocgptpeer(&master, flags).unwrap());
        let keyboard = File::from(master);
        let terminal_size = Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&keyboard, terminal_size).unwrap();
        command.stdin(end.try_clone().unwrap()).stdout(end.try_clone().unwrap()).stderr(end);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        // The command keeps its copies of the far end; without this the screen would never end.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let screen = Heard::from(keyboard.try_clone().unwrap());
        Self { process: Guarded::new(child), keyboard, screen, passed: Mutex::new(0) }
    }

    pub fn id(&self) -> u32 {
        self.process.child.id()
    }

    /// Types; `\r` is the return key and `\x03` is control-C.
    pub fn write(&self, keys: &str) {
        (&self.keyboard).write_all(keys.as_bytes()).unwrap();
    }

    /// Everything written so far, with escapes.
    pub fn screen(&self) -> String {
        self.screen.text()
    }

    /// Waits for this text behind what earlier waits have passed.
    pub fn wait_for(&self, text: &str) {
        let mut passed = self.passed.lock().unwrap();
        let from = *passed;
        *passed = self.screen.until(text, |said| Some(from + said.get(from..)?.find(text)? + text.len()));
    }

    /// Changes the size; the program gets SIGWINCH.
    pub fn resize(&self, rows: u16, columns: u16) {
        tcsetwinsize(&self.keyboard, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    }

    /// Sends a signal to this process alone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.process.pid(), signal).unwrap();
    }

    /// Waits for its end; the whole screen, and how it ended.
    pub fn wait(mut self) -> (String, Status) {
        let Some(status) = self.process.ended() else {
            panic!("still running; screen:\n{}", self.screen());
        };
        (self.screen.whole(), status.into())
    }
}

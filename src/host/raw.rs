//! The system calls that have no safe wrapper: what the process was like when it started, handlers of signals, fork and
//! exec. The one module where `unsafe` may stand; it decides nothing, and refuses to allocate between fork and exec.

#![allow(
    unsafe_code,
    reason = "the one fence around fork, exec and sigaction, for which no package has a safe wrapper"
)]

use std::ffi::{CString, c_char, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{DumpableBehavior, Resource, Rlimit};

/// What the runtime of the language changes before `main`: SIGPIPE is then ignored, and a closed standard descriptor
/// is opened on /dev/null. Both are seen before and put back for the command.
#[used]
#[unsafe(link_section = ".init_array")]
static STARTED: extern "C" fn() = started;

static PIPE_IGNORED: AtomicBool = AtomicBool::new(false);
static CLOSED: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

extern "C" fn started() {
    let ignored = current(libc::SIGPIPE).is_some_and(|action| action.sa_sigaction == libc::SIG_IGN);
    PIPE_IGNORED.store(ignored, Relaxed);
    for (fd, closed) in (0..).zip(&CLOSED) {
        // SAFETY: F_GETFD reads a flag and takes any number.
        closed.store(unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1, Relaxed);
    }
}

/// Whether this standard descriptor (0, 1 or 2) was closed when the process started.
pub fn started_closed(fd: RawFd) -> bool {
    closed().any(|(closed, _)| closed == fd)
}

/// A descriptor that the process was given, by its number; none if that is not open.
pub fn inherited<'a>(fd: RawFd) -> Option<BorrowedFd<'a>> {
    // SAFETY: F_GETFD reads a flag; the number is then open, and gate closes none that it was given.
    unsafe { (libc::fcntl(fd, libc::F_GETFD) != -1).then(|| BorrowedFd::borrow_raw(fd)) }
}

fn current(signal: c_int) -> Option<libc::sigaction> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: a null action changes nothing, and the kernel fills the other one, for which all zeros is a valid value.
    unsafe { (libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) == 0).then(|| action.assume_init()) }
}

/// Whether the process ignores this signal.
pub fn ignored(signal: c_int) -> bool {
    current(signal).is_some_and(|action| action.sa_sigaction == libc::SIG_IGN)
}

/// What a process did at a signal, to be put back.
#[derive(Clone, Copy)]
pub struct Disposition(libc::sigaction);

impl Disposition {
    fn plain(handler: libc::sighandler_t) -> libc::sigaction {
        // SAFETY: all zeros is a valid action: no flags, an empty mask.
        let mut action = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
        action.sa_sigaction = handler;
        action
    }

    /// The kernel's own action.
    pub fn default() -> Self {
        Self(Self::plain(libc::SIG_DFL))
    }

    /// The action that exec would leave of this one: ignored stays ignored, a handler becomes the default.
    fn after_exec(&self) -> Self {
        if self.0.sa_sigaction == libc::SIG_IGN { Self(Self::plain(libc::SIG_IGN)) } else { Self::default() }
    }

    /// Sets it and says what stood before. Safe between fork and exec.
    pub fn set(&self, signal: c_int) -> io::Result<Self> {
        let mut before = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: both point to valid actions; a handler is set only by `catch`, and only `caught`.
        unsafe {
            if libc::sigaction(signal, &raw const self.0, before.as_mut_ptr()) == 0 {
                Ok(Self(before.assume_init()))
            } else {
                Err(io::Error::last_os_error())
            }
        }
    }
}

/// One signal that was caught: number, `si_code`, `si_pid` (0 if the kernel sent it), each in native byte order.
pub type Event = [i32; 3];

/// Bytes of an event in the pipe; far below PIPE_BUF, so never torn.
pub const EVENT_SIZE: usize = size_of::<Event>();

static WRITER: AtomicI32 = AtomicI32::new(-1);

/// The end of the pipe where caught signals are read, without blocking. It is made once and never closed, so that a
/// late handler can't write into a file that took its number.
pub fn events() -> io::Result<BorrowedFd<'static>> {
    static PIPE: OnceLock<(OwnedFd, OwnedFd)> = OnceLock::new();
    if PIPE.get().is_none() {
        // A second thread's pipe is closed again; it was never given to the handler.
        let _ = PIPE.set(pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?);
    }
    let (reader, writer) = PIPE.get().ok_or(io::ErrorKind::Other)?;
    WRITER.store(writer.as_raw_fd(), Relaxed);
    // SAFETY: a static is never dropped, so the descriptor stays open as long as the process lives.
    Ok(unsafe { BorrowedFd::borrow_raw(reader.as_raw_fd()) })
}

extern "C" fn caught(signal: c_int, from: *mut libc::siginfo_t, _: *mut c_void) {
    // SAFETY: the kernel passes a valid siginfo_t to a SA_SIGINFO handler; si_pid is read only for codes that have it;
    // write and errno's address are safe in a handler, and errno is put back.
    unsafe {
        let place = libc::__errno_location();
        let errno = *place;
        let code = (*from).si_code;
        let event: Event = [signal, code, if code <= 0 { (*from).si_pid() } else { 0 }];
        // A full pipe has events enough to wake the reader, which then looks at everything.
        let _ = libc::write(WRITER.load(Relaxed), event.as_ptr().cast(), EVENT_SIZE);
        *place = errno;
    }
}

/// Has a signal written to the pipe of `events`; says what stood before.
pub fn catch(signal: c_int) -> io::Result<Disposition> {
    events()?;
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = caught;
    let mut action = Disposition::plain(handler as libc::sighandler_t);
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    Disposition(action).set(signal)
}

/// Sends a signal to the calling thread, so that it has acted when this returns.
pub fn raise(signal: c_int) {
    // SAFETY: raise takes any number.
    unsafe { libc::raise(signal) };
}

/// Whether this signal alone lets through; everything else of the thread's mask stays.
pub fn unblock(signal: c_int) {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: sigemptyset fills the set before it is used.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), ptr::null_mut());
    }
}

/// Ends the process at once, without destructors or buffers.
pub fn end(code: c_int) -> ! {
    // SAFETY: it does not return and touches no memory of ours.
    unsafe { libc::_exit(code) }
}

/// `struct pidfd_info` of the kernel in its first version (Linux 6.13): who a process is, without a text in between.
#[repr(C)]
#[derive(Default)]
struct PidfdInfo {
    mask: u64,
    cgroupid: u64,
    /// pid, tgid, ppid; ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid; and what ends the first version.
    numbers: [u32; 12],
}

/// `_IOWR(0xFF, 11, struct pidfd_info)`
const PIDFD_GET_INFO: libc::Ioctl = 0xc040_ff0b_u32 as libc::Ioctl;
/// The parent and the credentials are among what is given.
const PIDFD_PARENT_AND_CREDENTIALS: u64 = 0b11;

/// The parent and the real uid of a process, where the kernel tells them of a pidfd; `None` where it does not.
pub fn parent_and_uid(process: BorrowedFd<'_>) -> Option<(i32, u32)> {
    let mut info = PidfdInfo { mask: PIDFD_PARENT_AND_CREDENTIALS, ..PidfdInfo::default() };
    // SAFETY: the request's number says how large the structure is that it fills, and it is ours.
    let result = unsafe { libc::ioctl(process.as_raw_fd(), PIDFD_GET_INFO, &raw mut info) };
    let [_, _, parent, uid, ..] = info.numbers;
    let told = result == 0 && info.mask & PIDFD_PARENT_AND_CREDENTIALS == PIDFD_PARENT_AND_CREDENTIALS;
    told.then_some((i32::try_from(parent).ok()?, uid))
}

static CORE: OnceLock<Rlimit> = OnceLock::new();

/// No core file and no debugger of the same account from now on, because a key is in memory. A command that is launched
/// gets the limit that was there before; exec itself makes it dumpable again.
pub fn undumpable() -> io::Result<()> {
    let before = CORE.get_or_init(|| rustix::process::getrlimit(Resource::Core));
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: before.maximum })?)
}

/// Strings as exec wants them: pointers, the last one null.
pub struct Strings {
    owned: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Strings {
    /// Takes strings that are ready.
    pub fn new(owned: Vec<CString>) -> Self {
        let pointers = owned.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect();
        Self { owned, pointers }
    }

    fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

/// What becomes the new program.
pub enum Program {
    /// The file at this path.
    Path(CString),
    /// The file behind this descriptor.
    Descriptor(OwnedFd),
}

/// An exec that is ready: nothing is allocated from here on.
pub struct Exec {
    program: Program,
    arguments: Strings,
    /// `/bin/sh`, the path, and the rest of `arguments`, whose strings these pointers borrow.
    shell: Option<Strings>,
    environment: Strings,
    kept: Vec<RawFd>,
    input: Option<OwnedFd>,
}

impl Exec {
    /// The program with all arguments, the first being the name, and the environment as `NAME=value`. It gets the
    /// descriptors `kept` although they are close-on-exec here, and `input` as standard input instead of gate's.
    pub fn new(
        program: Program,
        arguments: Strings,
        environment: Strings,
        kept: Vec<RawFd>,
        input: Option<OwnedFd>,
    ) -> Self {
        // What `execvp`, and so `env`, runs if the kernel does not know the format of a file.
        let shell = match &program {
            Program::Path(path) => {
                let owned = vec![c"/bin/sh".to_owned(), path.clone()];
                let own = owned.iter().map(|text| text.as_ptr());
                let rest = arguments.owned.iter().skip(1).map(|text| text.as_ptr());
                let pointers = own.chain(rest).chain([ptr::null()]).collect();
                Some(Strings { owned, pointers })
            }
            Program::Descriptor(_) => None,
        };
        Self { program, arguments, shell, environment, kept, input }
    }

    /// Becomes the program. Returns only if that fails, with everything as it was.
    pub fn become_it(&self) -> io::Error {
        let pipe = Disposition::default().set(libc::SIGPIPE);
        let errno = self.execute();
        if let Ok(before) = pipe {
            let _ = before.set(libc::SIGPIPE);
        }
        for fd in &self.kept {
            close_on_exec(*fd, true);
        }
        for (fd, _) in closed() {
            close_on_exec(fd, false);
        }
        if CORE.get().is_some() {
            // It could be lowered a moment ago, so it can be lowered now; the key's protection by the kernel stays.
            let _ = undumpable();
        }
        io::Error::from_raw_os_error(errno)
    }

    /// A child that becomes the program, with the signals of `before` as exec would leave them. If it cannot, the
    /// child writes errno (4 bytes) to `report`, which must be close-on-exec, and ends. Of all other descriptors the
    /// program gets 0, 1, 2 and `kept`.
    pub fn fork(&self, before: &[(c_int, Disposition)], report: BorrowedFd<'_>) -> io::Result<c_int> {
        let highest = if closes_ranges() { 0 } else { highest_descriptor()? };
        let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
        let mut mask = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: both sets are filled before they are used. The child calls only what signal-safety(7) allows and
        // plain system calls, touches no lock and no allocator, and never returns.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            if libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), mask.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            let child = libc::fork();
            let failed = io::Error::last_os_error();
            if child == 0 {
                for (signal, disposition) in before {
                    let _ = disposition.after_exec().set(*signal);
                }
                close_all_on_exec(highest);
                libc::pthread_sigmask(libc::SIG_SETMASK, mask.as_ptr(), ptr::null_mut());
                let errno = self.execute();
                let _ = libc::write(report.as_raw_fd(), (&raw const errno).cast(), size_of::<c_int>());
                libc::_exit(127);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, mask.as_ptr(), ptr::null_mut());
            if child < 0 { Err(failed) } else { Ok(child) }
        }
    }

    /// Puts back what this process changed about itself, and executes; returns errno.
    fn execute(&self) -> c_int {
        let pipe = if PIPE_IGNORED.load(Relaxed) { libc::SIG_IGN } else { libc::SIG_DFL };
        let _ = Disposition(Disposition::plain(pipe)).set(libc::SIGPIPE);
        for fd in &self.kept {
            close_on_exec(*fd, false);
        }
        for (fd, _) in closed() {
            // Not closed here: should exec fail, nothing else may take the number of a standard descriptor.
            close_on_exec(fd, true);
        }
        if let Some(limit) = CORE.get() {
            let _ = rustix::process::setrlimit(Resource::Core, Rlimit { ..*limit });
        }
        if let Some(input) = &self.input {
            // SAFETY: both numbers are open or may be taken. Should exec fail, gate has no more use for its own.
            unsafe { libc::dup2(input.as_raw_fd(), 0) };
        }
        let (arguments, environment) = (self.arguments.as_ptr(), self.environment.as_ptr());
        // SAFETY: all pointers are null-terminated arrays of C strings that `self` owns.
        unsafe {
            match &self.program {
                Program::Path(path) => libc::execve(path.as_ptr(), arguments, environment),
                Program::Descriptor(fd) => {
                    let empty = c"".as_ptr();
                    let flags = libc::AT_EMPTY_PATH;
                    let number = libc::SYS_execveat;
                    libc::syscall(number, fd.as_raw_fd(), empty, arguments, environment, flags) as c_int
                }
            };
            let errno = *libc::__errno_location();
            if let (libc::ENOEXEC, Some(shell)) = (errno, &self.shell) {
                libc::execve(c"/bin/sh".as_ptr(), shell.as_ptr(), environment);
            }
            errno
        }
    }
}

fn closed() -> impl Iterator<Item = (RawFd, &'static AtomicBool)> {
    (0..).zip(&CLOSED).filter(|(_, closed)| closed.load(Relaxed))
}

fn close_on_exec(fd: RawFd, yes: bool) {
    // SAFETY: F_SETFD changes a flag and takes any number; FD_CLOEXEC is the only flag there is.
    unsafe { libc::fcntl(fd, libc::F_SETFD, if yes { libc::FD_CLOEXEC } else { 0 }) };
}

/// Everything above standard error: in one system call, or one by one up to the highest.
fn close_all_on_exec(highest: RawFd) {
    if !close_range_on_exec(3) {
        for fd in 3..=highest {
            close_on_exec(fd, true);
        }
    }
}

/// Whether the kernel has close_range with CLOSE_RANGE_CLOEXEC (Linux 5.11) and lets us use it.
fn closes_ranges() -> bool {
    close_range_on_exec(c_int::MAX)
}

fn close_range_on_exec(first: RawFd) -> bool {
    // SAFETY: it sets flags of descriptors only.
    unsafe { libc::syscall(libc::SYS_close_range, first, c_int::MAX, libc::CLOSE_RANGE_CLOEXEC) == 0 }
}

/// Looked up before the fork, since a directory can't be read after it.
fn highest_descriptor() -> io::Result<RawFd> {
    let names = std::fs::read_dir("/proc/self/fd")?.map(|entry| Ok(entry?.file_name()));
    let names: Vec<std::ffi::OsString> = names.collect::<io::Result<_>>()?;
    Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).max().unwrap_or(2))
}

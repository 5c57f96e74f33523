//! `gate -- COMMAND` and `gate -c SCRIPT`: the parts are put together here, and what happened becomes an exit code.

use std::cell::RefCell;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::actions::classify::Wanted;
use crate::actions::run::{Options, Stop, World, run as decide};
use crate::actions::subject::Place;
use crate::audit::Mode;
use crate::host::clock::HostClock;
use crate::host::config::{Config, KeyStore, Paths};
use crate::host::configuration::HostConfiguration;
use crate::host::data::DataFacts;
use crate::host::disclosures::DisclosureFolder;
use crate::host::entropy::SystemEntropy;
use crate::host::facts::LocalFacts;
use crate::host::launch::Launcher;
use crate::host::log::{AuditLog, Origin, Paths as LogPaths};
use crate::host::queue::{LocalApprovals, Place as Queue};
use crate::host::signals::{Interrupts, reraise};
use crate::host::status::{Bounds, StatusFile};
use crate::host::{machine, uid};
use crate::model::Ended;
use crate::ports::{Carrier, Clock as _, Configuration as _, Failure, Interrupt, Unfound};
use crate::remote::RemoteApprovals;

use super::arguments::RunOptions;
use super::console::Console;
use super::exit;
use super::failure::Complaint;
use super::inbox;
use super::split::Named;
use super::surroundings::{directory, home, paths, variable};

/// Runs a command, if it may run.
pub fn run(options: &RunOptions, named: Option<Named>) -> Result<ExitCode, Complaint> {
    let paths = paths()?;
    let status = options.status.as_ref().map(|place| status(place, &paths)).transpose()?;
    let clock = HostClock;
    let alone = variable("CI").is_some_and(|value| !value.is_empty());
    let mut console = Console::new(&clock, status, alone);
    let wanted = wanted(named, options.shell.as_ref(), directory()?)?;
    let result = decided(options, &paths, &wanted, &mut console);
    match result {
        Ok(ended) => {
            console.ended(ended);
            drop(console);
            match ended {
                Ended::Code(code) => Ok(ExitCode::from(u8::try_from(code & 0xff).unwrap_or(u8::MAX))),
                Ended::Signal(signal) => reraise(signal),
            }
        }
        Err(stop) => {
            console.stopped(&stop);
            drop(console);
            if let Some(signal) = interrupted(&stop) {
                super::complain(&Complaint::from(stop));
                reraise(signal);
            }
            Err(Complaint::from(stop))
        }
    }
}

fn interrupted(stop: &Stop) -> Option<i32> {
    match stop {
        Stop::Interrupted { signal: Interrupt(signal), .. } | Stop::Unfound(Unfound::Interrupted(signal)) => {
            Some(*signal)
        }
        _ => None,
    }
}

fn decided(options: &RunOptions, paths: &Paths, wanted: &Wanted, console: &mut Console<'_>) -> Result<Ended, Stop> {
    let configuration = HostConfiguration {
        paths,
        directory: wanted.directory.clone(),
        variable: &variable,
        reason: options.reason.clone(),
        first: RefCell::new(None),
    };
    let configured = configuration.read().map_err(Stop::Configuration)?;
    let mut log = open_log(paths, &configured.host).map_err(Stop::Log)?;
    let queue = queue(paths, configured.shared.as_deref());
    let remote = configured.remote.clone();
    let access = || match &remote {
        Some(remote) => {
            let store = Config::read(paths).map(|config| config.keys).unwrap_or_default();
            inbox::access(remote, paths, store)
        }
        None => Err(Failure { message: "no approval server is configured".to_owned(), hint: None }),
    };
    let mut carrier = remote.as_ref().map(|remote| RemoteApprovals::new(&access, remote.unreachable));
    configuration.first.replace(Some(configured));
    let interrupts = Interrupts::watch().map_err(|error| Stop::Binding(Failure::of(&error)))?;
    let mut world = World {
        clock: &HostClock,
        facts: &DataFacts::new(paths.cache.clone(), &LocalFacts),
        configuration: &configuration,
        entropy: &mut SystemEntropy,
        log: &mut log,
        approvals: &mut LocalApprovals::new(queue, Some(&interrupts))
            .and(carrier.as_mut().map(|carrier| carrier as &mut dyn Carrier)),
        disclosures: &mut DisclosureFolder::new(paths.disclosures()),
        launcher: &mut Launcher::default(),
        person: console,
    };
    let options = Options {
        place: place(&wanted.directory),
        home: home(),
        reason: options.reason.clone(),
        within: options.within,
        no_wait: options.no_wait,
        resume: options.resume,
    };
    decide(&mut world, wanted, &options)
}

/// This host's log, begun on first use.
pub fn open_log(paths: &Paths, host: &str) -> Result<AuditLog, Failure> {
    let (places, origin) = log_parts(paths, host);
    AuditLog::open(&places, origin, Box::new(|| HostClock.now().wall)).map_err(Failure::from)
}

/// Where this host's log lies, and what it says of this host.
pub fn log_parts(paths: &Paths, host: &str) -> (LogPaths, Origin) {
    // Only a log that is begun now needs to know where its key shall be kept.
    let begun = paths.pin().exists();
    let store = if begun { KeyStore::File } else { Config::read(paths).map(|config| config.keys).unwrap_or_default() };
    let places = LogPaths { audit: paths.audit(), pin: paths.pin(), key: paths.keys().join("record"), store };
    let origin = Origin {
        host: host.to_owned(),
        mode: Mode::Wrapper,
        // Only a genesis record names the machine.
        machine: if begun { None } else { machine() },
        gate: env!("CARGO_PKG_VERSION").to_owned(),
        boot: HostClock.now().boot,
    };
    (places, origin)
}

/// Where requests go: the queue that accounts share, or this user's own.
pub fn queue(paths: &Paths, shared: Option<&Path>) -> Queue {
    shared.map_or_else(|| Queue::Own(paths.requests()), |shared| Queue::Shared(shared.to_owned()))
}

fn place(directory: &Path) -> Place {
    let (device, inode) = std::fs::metadata(directory).map(|found| (found.dev(), found.ino())).unwrap_or_default();
    Place { path: directory.to_owned(), device, inode }
}

fn status(place: &OsString, paths: &Paths) -> Result<StatusFile, Complaint> {
    let closed = [&paths.system, &paths.config, &paths.data, &paths.state, &paths.cache].map(PathBuf::clone);
    let bounds = Bounds { requester: uid(), closed: &closed, may_create: true };
    StatusFile::open(place, bounds).map_err(|error| Complaint::new(exit::USAGE, error.to_string()))
}

/// What is to be run, in this directory and with gate's own environment.
pub fn wanted(named: Option<Named>, shell: Option<&OsString>, directory: PathBuf) -> Result<Wanted, Complaint> {
    let usage = |message: &str| Complaint::new(exit::USAGE, message).hint("gate -- COMMAND [ARG]…");
    let (arguments, script) = match named {
        None => return Err(usage("no command is given")),
        Some(Named::Arguments(arguments)) if arguments.is_empty() => return Err(usage("no command stands after `--`")),
        Some(Named::Arguments(arguments)) => (arguments, false),
        Some(Named::Script(words)) if words.is_empty() => {
            return Err(usage("no script stands after `-c`").hint("gate -c 'SCRIPT' [NAME [ARG]…]"));
        }
        Some(Named::Script(words)) => {
            let shell = shell.cloned().unwrap_or_else(|| OsString::from("sh"));
            ([vec![shell, OsString::from("-c")], words].concat(), true)
        }
    };
    if arguments.first().is_some_and(|program| program.is_empty()) {
        return Err(usage("the name of the program is empty"));
    }
    Ok(Wanted { arguments, script, directory, environment: std::env::vars_os().collect() })
}

//! `gate -- COMMAND`: classify, wait for people where they are needed, write the proof down, run exactly that. Refuses to
//! run anything that no durable record clears.

mod ask;
mod entries;
mod stop;

use std::path::{Path, PathBuf};

use crate::audit::Entry;
use crate::clearance::{Clearance, Written};
use crate::model::{Clause, Decision, Ended, RequestId, Requirement, Shown, Span, Timestamp};
use crate::policy::Circumstances;
use crate::ports::{
    Approvals, Clock, Configuration, Configured, Disclosures, Entropy, Facts, Failure, Launcher, Log, Outcome, Person,
    Progress, Unfound,
};

use super::classify::{Classified, Wanted, classified};
use super::enrolment;
use super::masking::{Disclosure, Masker};
use super::subject::{Bound, Grounds, Hold, Place, bound};

pub use stop::Stop;

/// The world a command is run in.
pub struct World<'a> {
    /// The time.
    pub clock: &'a dyn Clock,
    /// Facts about this host.
    pub facts: &'a dyn Facts,
    /// All that decides.
    pub configuration: &'a dyn Configuration,
    /// Randomness.
    pub entropy: &'a mut dyn Entropy,
    /// The audit log.
    pub log: &'a mut dyn Log,
    /// Where requests go.
    pub approvals: &'a mut dyn Approvals,
    /// Salts and masked values.
    pub disclosures: &'a mut dyn Disclosures,
    /// What runs programs.
    pub launcher: &'a mut dyn Launcher,
    /// Who is told.
    pub person: &'a mut dyn Person,
}

/// How a command is to be run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it runs.
    pub place: Place,
    /// The caller's home directory, for `~` in paths.
    pub home: Option<PathBuf>,
    /// Why it is asked for.
    pub reason: Option<String>,
    /// How long the request may live at most.
    pub within: Option<Span>,
    /// Whether to leave the request waiting instead of waiting for it.
    pub no_wait: bool,
    /// The request whose answers are to be used.
    pub resume: Option<RequestId>,
}

/// One command on its way: what is wanted, and what it is judged by.
#[derive(Clone, Copy)]
struct Case<'a> {
    wanted: &'a Wanted,
    configured: &'a Configured,
    classified: &'a Classified,
    options: &'a Options,
}

/// Runs what is wanted, if it may run. Returns how it ended if gate is still there to see it.
///
/// # Errors
/// Every way in which nothing ran, and the way in which the command could not be started.
pub fn run(world: &mut World<'_>, wanted: &Wanted, options: &Options) -> Result<Ended, Stop> {
    unambiguous(wanted)?;
    let configured = &world.configuration.read().map_err(Stop::Configuration)?;
    let classified = &judged(world, wanted, configured, options);
    for notice in &classified.judgement.notices {
        world.person.tell(Progress::Notice(notice));
    }
    let case = Case { wanted, configured, classified, options };
    match &classified.judgement.decision {
        Decision::Allow => allowed(world, case),
        Decision::Ask(requirement) => ask::asked(world, case, requirement),
        Decision::Deny(reasons) => denied(world, case, reasons),
    }
}

/// Of two variables with one name, the command might see the one that nobody was shown.
fn unambiguous(wanted: &Wanted) -> Result<(), Stop> {
    let mut names: Vec<_> = wanted.environment.iter().map(|(name, _)| name).collect();
    names.sort();
    let twice = names.iter().zip(names.iter().skip(1)).find(|(one, other)| one == other);
    match twice {
        Some((name, _)) => {
            let name = Shown::os(name);
            Err(Stop::Binding(Failure { message: format!("the variable `{name}` is set twice"), hint: None }))
        }
        None => Ok(()),
    }
}

fn judged(world: &World<'_>, wanted: &Wanted, configured: &Configured, options: &Options) -> Classified {
    let requester: Vec<String> = configured.requester.principals.iter().map(|claim| claim.principal.clone()).collect();
    let circumstances = Circumstances {
        requester: &requester,
        directory: &wanted.directory,
        home: options.home.as_deref(),
        today: world.clock.now().wall,
        host: &configured.host,
    };
    classified(wanted, &configured.policy, world.facts, &circumstances)
}

fn allowed(world: &mut World<'_>, case: Case<'_>) -> Result<Ended, Stop> {
    let executable = found(world, case)?;
    let bound = bind(world, case, &[], Hold::ByName, &executable, &mut Vec::new())?;
    let entry = entries::allowed(&bound.subject)?;
    let entries = recorded(world.log, case.configured, entry)?;
    let receipt = world.log.append(entries).map_err(Stop::Log)?;
    let written = *receipt.written();
    world.person.tell(Progress::Cleared { record: written.digest, request: None });
    let clearance = Clearance::earned(receipt, bound.launch).map_err(|error| Stop::Log(Failure::of(&error)))?;
    if case.configured.outcome != Outcome::Always {
        let unfound = world.launcher.exec(clearance);
        return Err(unstarted(world, &written, unfound));
    }
    supervised(world, clearance, Outcome::Always)
}

fn denied(world: &mut World<'_>, case: Case<'_>, reasons: &[String]) -> Result<Ended, Stop> {
    let name = PathBuf::from(case.wanted.program());
    let subject = bind(world, case, &[], Hold::ByName, &name, &mut Vec::new())?.subject;
    refuse(world, case.configured, entries::refused_by_policy(&subject, reasons)?)?;
    Err(Stop::DeniedByPolicy(reasons.to_vec()))
}

/// Runs under supervision and records the end.
fn supervised(world: &mut World<'_>, clearance: Clearance, outcome: Outcome) -> Result<Ended, Stop> {
    let written = *clearance.written();
    match world.launcher.supervise(clearance) {
        Ok((ended, duration)) => {
            if outcome != Outcome::Never {
                let entry = entries::ended(&written, ended, duration)?;
                // The command ran; that its end cannot be recorded is said, and does not change how it ended.
                if let Err(failure) = world.log.append(vec![entry]) {
                    world.person.tell(Progress::Notice(&format!("the outcome was not recorded: {failure}")));
                }
            }
            Ok(ended)
        }
        Err(unfound) => Err(unstarted(world, &written, unfound)),
    }
}

fn unstarted(world: &mut World<'_>, written: &Written, unfound: Unfound) -> Stop {
    let entry = match entries::unstarted(written, &unfound) {
        Ok(entry) => entry,
        Err(stop) => return stop,
    };
    match world.log.append(vec![entry]) {
        Ok(_) => Stop::Unfound(unfound),
        Err(failure) => Stop::Log(failure),
    }
}

/// The file that would run. What cannot be run is found out here, before anybody is asked, and recorded.
fn found(world: &mut World<'_>, case: Case<'_>) -> Result<PathBuf, Stop> {
    let name = case.wanted.program();
    let path = case.wanted.variable("PATH").map(AsRef::as_ref);
    match world.launcher.find(&name, path) {
        Ok(executable) => Ok(executable),
        Err(unfound) => {
            let subject = bind(world, case, &[], Hold::ByName, Path::new(&name), &mut Vec::new())?.subject;
            refuse(world, case.configured, entries::not_found(&subject, &unfound)?)?;
            Err(Stop::Unfound(unfound))
        }
    }
}

/// Binds the invocation. `disclosures` holds the salts to use, and afterwards everything that was committed to.
fn bind(
    world: &mut World<'_>,
    case: Case<'_>,
    clauses: &[Clause],
    hold: Hold,
    executable: &Path,
    disclosures: &mut Vec<Disclosure>,
) -> Result<Bound, Stop> {
    let grounds = Grounds {
        requester: &case.configured.requester,
        place: &case.options.place,
        executable,
        requirement: clauses,
        policy: case.configured.digest().map_err(Stop::Configuration)?,
    };
    let mut masker = Masker::new(world.entropy, disclosures);
    let bound = bound(case.wanted, case.classified, &grounds, hold, world.launcher, &mut masker);
    *disclosures = masker.disclosures();
    bound.map_err(Stop::Binding)
}

/// The entry, after the policy it names if that is not in the log yet.
fn recorded(log: &mut dyn Log, configured: &Configured, entry: Entry) -> Result<Vec<Entry>, Stop> {
    let digest = configured.digest().map_err(Stop::Configuration)?;
    if log.has_policy(&digest).map_err(Stop::Log)? {
        return Ok(vec![entry]);
    }
    let first = enrolment::first(log, configured).map_err(Stop::Log)?;
    let policy = entries::policy(&digest, configured.text().map_err(Stop::Configuration)?)?;
    Ok([Some(policy), first, Some(entry)].into_iter().flatten().collect())
}

fn refuse(world: &mut World<'_>, configured: &Configured, entry: Entry) -> Result<(), Stop> {
    let entries = recorded(world.log, configured, entry)?;
    world.log.append(entries).map(drop).map_err(Stop::Log)
}

/// When a request that is made now dies.
fn expiry(now: Timestamp, requirement: &Requirement, options: &Options) -> Timestamp {
    let within = options.within.map_or(requirement.within, |within| within.min(requirement.within));
    now.plus(within.duration())
}

//! A command that people must answer for: the question is recorded, put before them, and their answers are judged here,
//! by the host that runs, until the requirement is met or the request ends.

use crate::approval::{self, Accepted, Received, Standing, judge, meetable, standing};
use crate::clearance::Clearance;
use crate::encoding::json::{canonical, strict};
use crate::model::{
    Answer, Decision, Digest, Ended, Launch, Moment, Request, RequestId, RequestType, Requirement, Subject,
};
use crate::ports::{Configured, Event, Failure, Progress, Publication, REQUEST_TYPE, Unclaimed, Unpublished};

use super::{Case, Options, Stop, World, bind, entries, expiry, found, judged, refuse, supervised};
use crate::actions::classify::Wanted;
use crate::actions::enrolment::{self, Revoked};
use crate::actions::masking::Disclosure;
use crate::actions::subject::{Bound, Hold};

/// A request that stands in the log.
struct Asked {
    question: Received,
    launch: Launch,
    disclosures: Vec<Disclosure>,
    /// When this process began to count its time.
    since: Moment,
    /// How much of its time was over by then.
    before: std::time::Duration,
}

impl Asked {
    fn request(&self) -> &Request {
        self.question.request()
    }

    fn id(&self) -> RequestId {
        self.request().id
    }

    fn elapsed(&self, now: &Moment) -> std::time::Duration {
        self.before.saturating_add(now.since(&self.since))
    }
}

/// Asks, waits, and runs what was approved.
pub(super) fn asked(world: &mut World<'_>, case: Case<'_>, requirement: &Requirement) -> Result<Ended, Stop> {
    let Case { wanted, configured, options, .. } = case;
    let clauses = &requirement.clauses;
    // First of all, so that nobody is asked, or looked for, about what cannot be run.
    found(world, case)?;
    let revoked = enrolment::pin(world.log, configured)?;
    let record_key = world.log.key();
    meetable(clauses, &configured.roster, &configured.requester, &revoked, &record_key, configured.reach)?;
    let asked = match options.resume {
        Some(id) => resumed(world, case, requirement, id)?,
        None => published(world, case, requirement)?,
    };
    if options.no_wait && options.resume.is_none() {
        waiting(world, &asked, &missing(&asked, &[], configured));
        return Err(Stop::Waiting(asked.id()));
    }
    let accepted = answers(world, &asked, configured, &revoked, options.no_wait)?;
    unchanged(world, wanted, &asked, &accepted, options)?;
    let now = world.clock.now();
    let in_time = |answer: &Accepted| now.wall < answer.expires;
    if asked.elapsed(&now) >= lifetime(&asked) || !accepted.iter().all(in_time) {
        return end(world, &asked, configured, "expired", "it expired before the command could run");
    }
    let entry = entries::approved(asked.request(), &asked.question.digest(), &accepted)?;
    let receipt = match world.log.claim(asked.id(), entry) {
        Ok(receipt) => receipt,
        Err(Unclaimed::Used(id)) => return Err(Stop::Resume(format!("request {id} was used before"))),
        Err(Unclaimed::Failed(failure)) => return Err(Stop::Log(failure)),
    };
    world.approvals.close(asked.id(), "used");
    world.person.tell(Progress::Cleared { record: receipt.written().digest, request: Some(asked.id()) });
    let clearance = Clearance::earned(receipt, asked.launch).map_err(|error| Stop::Log(Failure::of(&error)))?;
    supervised(world, clearance, configured.outcome)
}

/// Makes a request, records it, and puts it before approvers.
fn published(world: &mut World<'_>, case: Case<'_>, requirement: &Requirement) -> Result<Asked, Stop> {
    let Case { configured, options, .. } = case;
    let mut disclosures = Vec::new();
    let bound = held(world, case, requirement, &mut disclosures)?;
    let since = world.clock.now();
    let random = world.entropy.bytes().map_err(Stop::Binding)?;
    let nonce: String =
        world.entropy.bytes().map_err(Stop::Binding)?.iter().map(|byte| format!("{byte:02x}")).collect();
    let tail: [u8; 10] = random.first_chunk().copied().unwrap_or_default();
    let id = RequestId::new(since.wall, &tail);
    let kept = canonical(&disclosures).map_err(|error| Stop::Binding(Failure::of(&error)))?;
    world.disclosures.keep(id, &kept).map_err(Stop::Binding)?;
    let expires = expiry(since.wall, requirement, options);
    let mut bytes = Vec::new();
    let policy = bound.subject.policy;
    if !world.log.has_policy(&policy).map_err(Stop::Log)? {
        world
            .log
            .append(vec![entries::policy(&policy, configured.text().map_err(Stop::Configuration)?)?])
            .map(drop)
            .map_err(Stop::Log)?;
    }
    let mut build = |head: &crate::model::LogHead| {
        let request = Request {
            kind: RequestType::V1,
            subject: bound.subject.clone(),
            id,
            created: since.wall,
            expires,
            nonce: nonce.clone(),
            head: *head,
        };
        bytes = canonical(&request).map_err(|error| Failure::of(&error))?;
        let entry = entries::request(&bytes, id, &Digest::of(&bytes), &policy);
        entry.map_err(|stop| Failure::of(&stop))
    };
    world.log.append_at_head(&mut build).map(drop).map_err(Stop::Log)?;
    let question = Received::read(&bytes).map_err(|error| Stop::Binding(Failure::of(&error)))?;
    let asked = Asked { question, launch: bound.launch, disclosures, since, before: std::time::Duration::ZERO };
    put_before(world, &asked, configured, &bytes, options.no_wait)?;
    Ok(asked)
}

/// Puts a recorded request before approvers; one that cannot reach them where it must is over.
fn put_before(
    world: &mut World<'_>,
    asked: &Asked,
    configured: &Configured,
    bytes: &[u8],
    stays: bool,
) -> Result<(), Stop> {
    let (key, signature) = world.log.sign(REQUEST_TYPE, bytes);
    let publication = Publication { id: asked.id(), bytes, stays, signed: (&key, signature) };
    match world.approvals.publish(&publication) {
        Ok(()) => Ok(()),
        Err(Unpublished::Failed(failure)) => Err(Stop::Approvals(failure)),
        Err(Unpublished::Unreachable(failure)) => {
            // Whoever resumes asks about what was recorded; it may reach them another time.
            if !stays {
                finish(world, asked, configured, "broken", "the approval server could not be reached")?;
            }
            Err(Stop::Unreachable(failure))
        }
    }
}

/// Takes up a request that stands in the log, if it is about exactly this.
fn resumed(world: &mut World<'_>, case: Case<'_>, requirement: &Requirement, id: RequestId) -> Result<Asked, Stop> {
    let recorded = world.log.request(id).map_err(Stop::Log)?;
    let recorded = recorded.ok_or_else(|| Stop::Resume(format!("there is no request {id} in this log")))?;
    if let Some(end) = recorded.ended {
        return Err(Stop::Resume(format!("request {id} is over: {end}")));
    }
    let question = Received::read(&recorded.bytes).map_err(|error| Stop::Resume(error.to_string()))?;
    let kept = world.disclosures.kept(id).map_err(Stop::Binding)?;
    let mut disclosures: Vec<Disclosure> = strict(&kept).map_err(|error| Stop::Binding(Failure::of(&error)))?;
    let bound = held(world, case, requirement, &mut disclosures)?;
    if let Some(difference) = difference(&question.request().subject, &bound.subject) {
        return Err(Stop::Resume(format!("request {id} is about another command: {difference} differs")));
    }
    let since = world.clock.now();
    let before = since.wall.since(question.request().created);
    let asked = Asked { question, launch: bound.launch, disclosures, since, before };
    put_before(world, &asked, case.configured, &recorded.bytes, true)?;
    Ok(asked)
}

/// The invocation bound to the bytes that will run; what cannot run is refused before anything is hashed.
fn held(
    world: &mut World<'_>,
    case: Case<'_>,
    requirement: &Requirement,
    disclosures: &mut Vec<Disclosure>,
) -> Result<Bound, Stop> {
    let executable = found(world, case)?;
    bind(world, case, &requirement.clauses, Hold::ByBytes, &executable, disclosures)
}

/// Waits until the requirement is met; every other end is recorded and stops the run.
fn answers(
    world: &mut World<'_>,
    asked: &Asked,
    configured: &Configured,
    revoked: &Revoked,
    no_wait: bool,
) -> Result<Vec<Accepted>, Stop> {
    let clauses = &asked.request().subject.requirement;
    let mut accepted: Vec<Accepted> = Vec::new();
    waiting(world, asked, &missing(asked, &accepted, configured));
    loop {
        let now = world.clock.now();
        let until = if no_wait { now } else { deadline(now, asked) };
        let event = world.approvals.next(asked.id(), &until).map_err(Stop::Approvals)?;
        let now = world.clock.now();
        match event {
            Event::Answer { bytes, apart } => {
                let circumstances = approval::Circumstances {
                    roster: &configured.roster,
                    revoked,
                    record_key: &world.log.key(),
                    log: world.log.id(),
                    elapsed: asked.elapsed(&now),
                    apart,
                    passphrase: false,
                };
                let answer = match judge(&asked.question, &bytes, &circumstances, &accepted) {
                    Ok(answer) => answer,
                    Err(refusal) => {
                        world.person.tell(Progress::Refused(&refusal.to_string()));
                        continue;
                    }
                };
                let entry = entries::verdict(asked.request(), &asked.question.digest(), &bytes, &answer)?;
                world.log.append(vec![entry]).map(drop).map_err(Stop::Log)?;
                accepted.push(answer);
                let missing = missing(asked, &accepted, configured);
                if let Some(answer) = accepted.last() {
                    let said = match answer.decision {
                        Answer::Approve => "approved",
                        Answer::Deny => "denied",
                    };
                    let (approver, reason) = (answer.principal.as_str(), answer.reason.as_str());
                    let (proof, grade) = (answer.proof, answer.grade);
                    let told = Progress::Answered { approver, answer: said, reason, proof, grade, missing: &missing };
                    world.person.tell(told);
                }
                match standing(clauses, &accepted, &configured.roster) {
                    Standing::Met => {
                        world.person.tell(Progress::Done);
                        return Ok(accepted);
                    }
                    Standing::Missing(_) => {}
                    Standing::Denied { by, reason } => {
                        finish(world, asked, configured, "denied", &format!("{by}: {reason}"))?;
                        return Err(Stop::DeniedByPerson { by, reason });
                    }
                }
            }
            Event::Withdrawn => {
                finish(world, asked, configured, "withdrawn", "withdrawn by the requester")?;
                return Err(Stop::Withdrawn(asked.id()));
            }
            Event::Deadline if asked.elapsed(&now) >= lifetime(asked) => {
                finish(world, asked, configured, "expired", "nobody answered in time")?;
                return Err(Stop::Expired { id: asked.id(), at: asked.request().expires });
            }
            Event::Deadline if no_wait => return Err(Stop::Waiting(asked.id())),
            Event::Deadline => {}
            Event::Interrupted(signal) => {
                finish(world, asked, configured, "withdrawn", &format!("interrupted by signal {}", signal.0))?;
                return Err(Stop::Interrupted { id: asked.id(), signal });
            }
            Event::Notice(notice) => world.person.tell(Progress::Notice(&notice)),
        }
    }
}

fn lifetime(asked: &Asked) -> std::time::Duration {
    asked.request().expires.since(asked.request().created)
}

/// The moment at which the request's time is over, as the clocks stand now.
fn deadline(now: Moment, asked: &Asked) -> Moment {
    let left = lifetime(asked).saturating_sub(asked.elapsed(&now));
    let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
    Moment { wall: now.wall.plus(left), boottime: now.boottime.saturating_add(millis), boot: now.boot }
}

fn missing(asked: &Asked, accepted: &[Accepted], configured: &Configured) -> Vec<String> {
    match standing(&asked.request().subject.requirement, accepted, &configured.roster) {
        Standing::Missing(missing) => missing.iter().map(ToString::to_string).collect(),
        Standing::Met | Standing::Denied { .. } => Vec::new(),
    }
}

fn waiting(world: &mut World<'_>, asked: &Asked, missing: &[String]) {
    let short = asked.question.digest().short();
    world.person.tell(Progress::Waiting { request: asked.request(), short: &short, missing });
}

/// The subject is computed again from the live process, files and configuration, and must be the one that was approved.
fn unchanged(
    world: &mut World<'_>,
    wanted: &Wanted,
    asked: &Asked,
    accepted: &[Accepted],
    options: &Options,
) -> Result<(), Stop> {
    let configured = &world.configuration.read().map_err(Stop::Configuration)?;
    let revoked = match enrolment::pin(world.log, configured) {
        Ok(revoked) => revoked,
        Err(error) => {
            finish(world, asked, configured, "broken", &error.to_string())?;
            return Err(error.into());
        }
    };
    let classified = &judged(world, wanted, configured, options);
    let case = Case { wanted, configured, classified, options };
    let clauses = match &classified.judgement.decision {
        Decision::Ask(requirement) => requirement.clauses.as_slice(),
        Decision::Allow | Decision::Deny(_) => &[],
    };
    let mut disclosures = asked.disclosures.clone();
    let found = world.launcher.find(&wanted.program(), wanted.variable("PATH").map(AsRef::as_ref));
    let difference = match found {
        Ok(executable) => match bind(world, case, clauses, Hold::ByBytes, &executable, &mut disclosures) {
            Ok(now) => difference(&asked.request().subject, &now.subject),
            Err(stop) => Some(stop.to_string()),
        },
        Err(unfound) => Some(unfound.to_string()),
    };
    let key =
        accepted.iter().find(|answer| revoked.contains(&answer.key)).map(|answer| format!("the key {}", answer.key));
    let Some(difference) = difference.or(key) else { return Ok(()) };
    finish(world, asked, configured, "broken", &format!("{difference} changed while waiting"))?;
    Err(Stop::Changed(difference))
}

/// The first part in which two subjects differ, in words.
fn difference(one: &Subject, other: &Subject) -> Option<String> {
    let (a, b) = (&one.invocation, &other.invocation);
    let part = if one.policy != other.policy {
        "the policy or the configuration"
    } else if one.requester != other.requester {
        "the requester"
    } else if a.arguments != b.arguments {
        "the arguments"
    } else if a.directory != b.directory {
        "the directory"
    } else if a.executable != b.executable {
        "the executable"
    } else if a.files != b.files {
        "a file it reads"
    } else if a.environment != b.environment {
        "the environment"
    } else if a.stdin != b.stdin {
        "standard input"
    } else if one != other {
        "what gate sees in it"
    } else {
        return None;
    };
    Some(part.to_owned())
}

fn finish(world: &mut World<'_>, asked: &Asked, configured: &Configured, why: &str, reason: &str) -> Result<(), Stop> {
    world.person.tell(Progress::Done);
    world.approvals.close(asked.id(), why);
    refuse(world, configured, entries::ended_request(asked.request(), &asked.question.digest(), why, reason)?)
}

fn end(world: &mut World<'_>, asked: &Asked, configured: &Configured, why: &str, reason: &str) -> Result<Ended, Stop> {
    finish(world, asked, configured, why, reason)?;
    Err(Stop::Expired { id: asked.id(), at: asked.request().expires })
}

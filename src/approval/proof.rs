//! Whether a proof proves its statement, and how well: by a key's own signature, by a passkey, or by the word of a server.
//! Refuses to take a token's word for its being one: what touched and verified mean hangs on how the key was enrolled.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::judge::{LARGEST_VERDICT, NAMESPACE, WITNESS_NAMESPACE};
use super::refusal::Refusal;
use super::roster::{Roster, is_workload};
use crate::encoding::json::{canonical, strict};
use crate::encoding::sshsig::{self, Signature, SshsigError};
use crate::encoding::token::Presence;
use crate::encoding::webauthn::{self, Assertion, WebauthnError};
use crate::model::{
    Digest, EnrolledKey, Fingerprint, Grade, Hardware, Proof, ProofKind, PublicKey, Statement, Timestamp, Verdict,
    Witness,
};

/// The `type` of a verdict's statement.
const TYPE: &str = "gate.verdict.v1";

/// Whose proofs are believed.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Who is enrolled.
    pub roster: &'a Roster,
    /// Keys known to be revoked.
    pub revoked: &'a BTreeSet<Fingerprint>,
    /// The key of the machine at hand, where it has one.
    pub record_key: Option<&'a Fingerprint>,
}

/// How well a statement is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    /// How well.
    pub grade: Grade,
    /// A token's own count of its signatures.
    pub counter: Option<u32>,
    /// When a server says it saw them.
    pub witnessed: Option<Timestamp>,
}

/// Only the `type`, to be able to say what something is instead.
#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(rename = "type")]
    pub kind: String,
}

/// Only what says which kind of statement and proof this is.
#[derive(Deserialize)]
struct Kinds {
    statement: Typed,
    proof: Kind,
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

/// How well a verdict proves that its approver said so, whatever it answers and when.
///
/// # Errors
/// The reasons of [`Refusal`] that lie in the verdict and in who is enrolled.
pub fn proven(verdict: &[u8], known: &Known<'_>) -> Result<Proven, Refusal> {
    let Verdict { statement, proof } = read(verdict)?;
    prove(&statement, &proof, known)
}

/// Reads a verdict; nothing in it is believed yet.
pub(super) fn read(bytes: &[u8]) -> Result<Verdict, Refusal> {
    if bytes.len() > LARGEST_VERDICT {
        return Err(Refusal::TooLarge { limit: LARGEST_VERDICT });
    }
    let form = |fault: &dyn ToString| Refusal::Form(fault.to_string());
    let kinds: Kinds = strict(bytes).map_err(|fault| form(&fault))?;
    if kinds.statement.kind != TYPE {
        return Err(Refusal::Type(short(&kinds.statement.kind)));
    }
    if !ProofKind::ALL.iter().any(|kind| kind.word() == kinds.proof.kind) {
        return Err(Refusal::ProofKind(short(&kinds.proof.kind)));
    }
    let verdict: Verdict = strict(bytes).map_err(|fault| form(&fault))?;
    // INVARIANT (bytes read): what is checked below is written anew, so it must be what was read.
    if canonical(&verdict).map_err(|fault| form(&fault))? != bytes {
        return Err(Refusal::Form("a member has a second spelling".to_owned()));
    }
    Ok(verdict)
}

/// Checks that the key named by the statement made the proof, and that it may speak for the approver.
pub(super) fn prove(statement: &Statement, proof: &Proof, known: &Known<'_>) -> Result<Proven, Refusal> {
    let bytes = written(statement)?;
    match proof {
        Proof::Sshsig { signature } => signed(statement, &bytes, signature, known),
        Proof::Webauthn { authenticator_data, client_data, signature } => {
            let assertion = Assertion::read(authenticator_data, client_data, signature).map_err(Refusal::Webauthn)?;
            answered(statement, &bytes, &assertion, known)
        }
        Proof::Witness { witness, signature } => witnessed(statement, &bytes, witness, signature, known),
    }
}

fn signed(statement: &Statement, bytes: &[u8], armored: &str, known: &Known<'_>) -> Result<Proven, Refusal> {
    let signature = opened(statement, armored, NAMESPACE)?;
    let enrolled = own(statement, known)?;
    // A token's key for a web page signs for web pages alone: what is shown there is decided there.
    if enrolled.relying_party().is_some() {
        return Err(Refusal::Passkey(statement.key));
    }
    let presence = checked(&signature, NAMESPACE, bytes, &enrolled.key)?;
    Ok(Proven { grade: grade(enrolled, presence), counter: presence.map(Presence::counter), witnessed: None })
}

fn answered(statement: &Statement, bytes: &[u8], assertion: &Assertion, known: &Known<'_>) -> Result<Proven, Refusal> {
    let enrolled = own(statement, known)?;
    let challenge = *Digest::of(bytes).bytes();
    let presence =
        webauthn::verify(assertion, &enrolled.key, &challenge, &enrolled.pages()).map_err(|fault| match fault {
            WebauthnError::Signature(_) => Refusal::Signature(statement.key),
            other => Refusal::Webauthn(other),
        })?;
    Ok(Proven { grade: grade(enrolled, Some(presence)), counter: Some(presence.counter()), witnessed: None })
}

// INVARIANT (a server proves nobody): whatever it signs is graded `asserted`, and only the pinned one is heard.
fn witnessed(
    statement: &Statement,
    bytes: &[u8],
    witness: &Witness,
    armored: &str,
    known: &Known<'_>,
) -> Result<Proven, Refusal> {
    let signature = opened(statement, armored, WITNESS_NAMESPACE)?;
    let key = statement.key;
    in_use(&key, known)?;
    let server = known.roster.witness().ok_or(Refusal::NoWitness)?;
    if server.fingerprint() != key {
        return Err(Refusal::OtherWitness(key));
    }
    if witness.statement != Digest::of(bytes) {
        return Err(Refusal::OtherStatement);
    }
    checked(&signature, WITNESS_NAMESPACE, &written(witness)?, server)?;
    let approver = statement.approver.as_str();
    known.roster.principal(approver).ok_or_else(|| Refusal::NotEnrolled(short(approver)))?;
    if is_workload(approver) {
        return Err(Refusal::NotAPerson(approver.to_owned()));
    }
    Ok(Proven { grade: Grade::Asserted, counter: None, witnessed: Some(witness.at) })
}

/// A signature for this purpose by the key that the statement names.
fn opened(statement: &Statement, armored: &str, namespace: &'static str) -> Result<Signature, Refusal> {
    let signature = Signature::parse(armored).map_err(Refusal::Proof)?;
    if signature.namespace() != namespace {
        return Err(Refusal::Namespace { found: short(signature.namespace()), expected: namespace });
    }
    let signed = signature.key().fingerprint();
    if signed == statement.key { Ok(signature) } else { Err(Refusal::OtherKey { named: statement.key, signed }) }
}

fn checked(signature: &Signature, namespace: &str, bytes: &[u8], key: &PublicKey) -> Result<Option<Presence>, Refusal> {
    sshsig::verify(signature, namespace, bytes, key).map_err(|fault| match fault {
        SshsigError::Signature(_) => Refusal::Signature(key.fingerprint()),
        other => Refusal::Proof(other),
    })
}

/// The key that the statement names, which must be its approver's own.
fn own<'a>(statement: &Statement, known: &Known<'a>) -> Result<&'a EnrolledKey, Refusal> {
    let (owner, enrolled) = usable(&statement.key, known)?;
    if owner == statement.approver {
        return Ok(enrolled);
    }
    Err(Refusal::NotTheirKey { named: short(&statement.approver), owner: owner.to_owned() })
}

/// The owner of a key that may sign answers at all, and the key as enrolled.
pub(super) fn usable<'a>(key: &Fingerprint, known: &Known<'a>) -> Result<(&'a str, &'a EnrolledKey), Refusal> {
    in_use(key, known)?;
    let (owner, enrolled) = known.roster.enrolled(key).ok_or(Refusal::UnknownKey(*key))?;
    if is_workload(owner) { Err(Refusal::NotAPerson(owner.to_owned())) } else { Ok((owner, enrolled)) }
}

fn in_use(key: &Fingerprint, known: &Known<'_>) -> Result<(), Refusal> {
    if Some(key) == known.record_key {
        return Err(Refusal::RecordKey(*key));
    }
    if known.revoked.contains(key) { Err(Refusal::RevokedKey(*key)) } else { Ok(()) }
}

/// How well a signature of this key proves its owner. A key that nobody vouches for is software, whatever it says.
fn grade(enrolled: &EnrolledKey, presence: Option<Presence>) -> Grade {
    let Some(presence) = presence.filter(|presence| presence.is_touched()) else { return Grade::Signed };
    match enrolled.hardware {
        None => Grade::Signed,
        // An attestation speaks of one device; the key says that it is not only there.
        Some(Hardware::Attested) if presence.may_be_copied() => Grade::Signed,
        Some(Hardware::Attested | Hardware::Vouched) if presence.is_verified() && is_for_gate(enrolled) => {
            Grade::Verified
        }
        Some(Hardware::Attested | Hardware::Vouched) => Grade::Touched,
    }
}

/// The best that a key's signatures can prove, as it is enrolled.
pub(super) fn reach(enrolled: &EnrolledKey) -> Grade {
    match enrolled.hardware {
        None => Grade::Signed,
        Some(_) if is_for_gate(enrolled) => Grade::Verified,
        Some(_) => Grade::Touched,
    }
}

/// Whether a token's key serves nothing but gate: a passkey of gate's page, or one that OpenSSH made for `ssh:gate`. A key
/// for logins is touched for other reasons as well.
fn is_for_gate(enrolled: &EnrolledKey) -> bool {
    let made = enrolled.key.application().and_then(|application| application.strip_prefix("ssh:gate"));
    let named = made.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric()));
    named || enrolled.relying_party().is_some()
}

fn written<T: serde::Serialize>(statement: &T) -> Result<Vec<u8>, Refusal> {
    canonical(statement).map_err(|fault| Refusal::Form(fault.to_string()))
}

/// Foreign text in a message, cut where nobody reads on.
pub(super) fn short(text: &str) -> String {
    text.chars().take(128).collect()
}

//! The question put to approvers: what would run, asked by whom, needing what.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Clause, DataLabel, Digest, Finding, LogId, RequestId, Text, Timestamp, Unresolved, Via};

/// Declares the one value of a `type` member, so that no other is read.
macro_rules! type_tag {
    ($(#[$doc:meta])* $name:ident = $text:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            /// Version 1.
            #[default]
            #[serde(rename = $text)]
            V1,
        }
    };
}
pub(crate) use type_tag;

type_tag!(
    /// The `type` of a subject.
    SubjectType = "gate.subject.v1"
);
type_tag!(
    /// The `type` of a request.
    RequestType = "gate.request.v1"
);

/// What would run, asked by whom, needing what. Its digest names “the same question”.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// `gate.subject.v1`.
    #[serde(rename = "type")]
    pub kind: SubjectType,
    /// Who asks.
    pub requester: Requester,
    /// What was asked to run.
    pub invocation: Invocation,
    /// What gate saw in it.
    pub seen: Seen,
    /// All clauses that must be met.
    pub requirement: Vec<Clause>,
    /// The policy that decided.
    pub policy: Digest,
}

/// Who asks, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// Every principal this may be, the best established first; all of them count as requesters.
    pub principals: Vec<Claim>,
    /// The real uid of gate.
    pub uid: u32,
    /// The reason given with `--reason`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// A principal and where its name comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The principal: a name of the roster, or `account:NAME@HOST`.
    pub principal: String,
    /// `uid`, `ancestor`, `login` (established), or `SUDO_UID`, `DOAS_USER` (claimed).
    pub source: String,
}

/// What the requester asked to run, secrets masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invocation {
    /// All arguments; the first as given.
    pub arguments: Vec<Text>,
    /// The directory it runs in.
    pub directory: Directory,
    /// The file that is executed.
    pub executable: BoundFile,
    /// Scripts and input files that the tool's grammar names.
    pub files: Vec<BoundFile>,
    /// The environment.
    pub environment: Environment,
    /// Standard input: `terminal`, `null`, or what was spooled.
    pub stdin: StdinBinding,
}

/// A directory, so that another one of the same name is noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// Its absolute path.
    pub path: Text,
    /// Its device number, decimal.
    pub device: String,
    /// Its inode number, decimal.
    pub inode: String,
}

/// A file and the bytes that it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundFile {
    /// The argument that names it (index), for a file other than the executable.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub argument: Option<u32>,
    /// Its path.
    pub path: Text,
    /// The SHA-256 of its bytes, or a salted commitment to them where not everyone may read it; none for an allowed
    /// command, which is not hashed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub digest: Option<Digest>,
    /// Whether the hashed bytes are what runs.
    pub held: bool,
    /// Why not, and who can still change it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
}

/// The environment: what matters by name and value, the rest as one commitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Variables that matter, by name; for an allowed command those that had a say in where it lands.
    pub shown: Vec<Variable>,
    /// A salted commitment to all others, less harmless ones that change by themselves.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rest: Option<Digest>,
}

/// A variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: Text,
}

/// What the command will read as standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StdinBinding {
    /// `terminal`, `null`, `spooled`, or `inherited` (an allowed command).
    pub kind: StdinKind,
    /// A salted commitment to the spooled bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<Digest>,
    /// How many bytes were spooled.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub length: Option<u64>,
}

/// The kinds of standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StdinKind {
    /// A terminal: whatever is typed.
    Terminal,
    /// Nothing: `/dev/null`, or closed.
    Null,
    /// Read to its end before asking.
    Spooled,
    /// As gate was given it, unread.
    Inherited,
}

/// What gate saw in an invocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The commands found.
    pub commands: Vec<SeenCommand>,
    /// The rules that fired.
    pub findings: Vec<Finding>,
    /// The labels of what is touched.
    pub labels: BTreeSet<DataLabel>,
    /// Where it lands.
    pub environments: BTreeSet<String>,
    /// What could not be found out.
    pub unresolved: Vec<Unresolved>,
    /// Facts that were asked for and mattered: question and answer.
    pub answers: Vec<Answered>,
}

/// A command found in an invocation, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenCommand {
    /// The tool or the program's file name; none where it is not known.
    pub program: Option<String>,
    /// All its words; what is not known is shown as `$NAME`, `$(…)` or the pattern.
    pub arguments: Vec<Text>,
    /// The way that led to it, outermost first.
    pub via: Vec<Via>,
}

/// A fact that was looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// What was asked.
    pub question: String,
    /// What the answer was.
    pub answer: String,
}

/// The head of a log: how many records it has, and the RFC 6962 root over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// The log.
    pub log: LogId,
    /// How many records.
    pub size: u64,
    /// The Merkle tree hash over their lines.
    pub root: Digest,
}

/// The question put to approvers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `gate.request.v1`.
    #[serde(rename = "type")]
    pub kind: RequestType,
    /// What would run.
    pub subject: Subject,
    /// The request's id.
    pub id: RequestId,
    /// When it was made, by the clock of the host that runs.
    pub created: Timestamp,
    /// When it dies, by the same clock.
    pub expires: Timestamp,
    /// 32 random bytes, base64.
    pub nonce: String,
    /// The log just before the request's own record.
    pub head: LogHead,
}

//! The nouns of gate as plain, checked values; refuses to read files, clocks or the environment.

mod class;
mod command;
mod data;
mod detector;
mod digest;
mod fact;
mod finding;
mod id;
mod key;
mod launch;
mod listing;
mod lookalike;
mod masked;
mod moment;
mod page;
mod principal;
mod remote;
mod request;
mod table;
mod text;
mod time;
mod tool;
mod verdict;
mod word;

pub use class::{ActionClass, Apart, DataLabel, Effect, Grade};
pub use command::{Command, ContextName, Flag, SecretWord, Stdin, Touch, Unresolved, UnresolvedKind, Via};
pub use data::{DataFact, DataQuestion, Extent, Found, Labelled};
pub use detector::Detector;
pub use digest::{Digest, Digesting, InvalidDigest};
pub use fact::{Answers, Fact, Landing, Question};
pub use finding::{Clause, Decision, Finding, Requirement};
pub use id::{InvalidId, LogId, RequestId};
pub use key::{Fingerprint, InvalidFingerprint, InvalidKey, KeyKind, PublicKey};
pub(crate) use key::{put_string, take_string};
pub use launch::{Ended, Held, Launch};
pub use listing::Listing;
pub use lookalike::lookalikes;
pub use masked::Text;
pub use moment::Moment;
pub use page::{InvalidPage, Page, is_relying_party};
pub use principal::{Account, EnrolledKey, Hardware, InvalidAccount, Principal, SelfApproval};
pub use remote::{Remote, Unreachable};
pub(crate) use request::type_tag;
pub use request::{
    Answered, BoundFile, Claim, Directory, Environment, Invocation, LogHead, Request, RequestType, Requester, Seen,
    SeenCommand, StdinBinding, StdinKind, Subject, SubjectType, Variable,
};
pub use table::{Database, Table};
pub use text::{Shown, quoted, quoted_word, unshown};
pub use time::{InvalidSpan, InvalidTimestamp, Span, Timestamp};
pub use tool::{Body, Context, Form, OperandGrammar, OptionGrammar, Place, Role, Runs, Slot, Syntax, Tool, Value};
pub use verdict::{Answer, Proof, ProofKind, Statement, Verdict, VerdictType, Witness, WitnessType};
pub use word::{Hole, Origin, Piece, Word};

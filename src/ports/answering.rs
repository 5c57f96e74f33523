//! What answering a request needs: the queue as approvers see it, the person, and their key.

use crate::approval::Screen;
use crate::model::{Answer, Apart, PublicKey, RequestId};

use super::Failure;

/// The queue as approvers use it.
pub trait Requests {
    /// The exact bytes of a request, read once.
    ///
    /// # Errors
    /// When there is none, or what is there cannot be believed.
    fn bytes(&self, id: RequestId) -> Result<Vec<u8>, Failure>;

    /// How far apart from a requester with this uid an answer from here will be.
    fn apart(&self, uid: u32) -> Apart;

    /// Puts an answer beside a request.
    ///
    /// # Errors
    /// When it cannot be put there.
    fn answer(&self, id: RequestId, verdict: &[u8]) -> Result<(), Failure>;
}

/// The person who answers, at the terminal itself.
pub trait Approver {
    /// Shows a request and asks whether it may be answered so; gives the reason, or none if they would rather not.
    ///
    /// # Errors
    /// When nobody can be asked.
    fn confirm(&mut self, screen: &Screen, answer: Answer) -> Result<Option<String>, Failure>;
}

/// An approver's own key.
pub trait Signer {
    /// Its public half, known before it is opened.
    fn public(&self) -> &PublicKey;

    /// Whether somebody must type something each time it signs.
    fn is_protected(&self) -> bool;

    /// An armored SSHSIG over a message. A passphrase is asked for here, after the request was shown.
    ///
    /// # Errors
    /// When the key cannot be opened.
    fn sign(&mut self, namespace: &str, message: &[u8]) -> Result<String, Failure>;
}

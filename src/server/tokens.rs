//! Who calls: a token says as what and under which name. Only its digest is stored. No role may do what another is for:
//! whoever configures can never answer.

use std::fmt;

use crate::encoding::unpadded;
use crate::model::Digest;

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Publishes requests of one host and waits for their answers.
    Host,
    /// Sees requests and answers them.
    Approver,
    /// Sees everything and changes nothing.
    Auditor,
    /// Adds and revokes tokens, and sees no request.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Host, Self::Approver, Self::Auditor, Self::Admin];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// The role with this word.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A token as its owner has it: `gate_ROLE_ID_SECRET`.
pub struct Token {
    /// What it is called in lists; no secret.
    pub id: String,
    /// The whole text.
    pub text: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Token {
    /// A new one; none where the system has no random bytes.
    #[must_use]
    pub fn new(role: Role) -> Option<Self> {
        let mut bytes = [0; 40];
        aws_lc_rs::rand::fill(&mut bytes).ok()?;
        let (id, secret) = bytes.split_at(8);
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = unpadded::encoded(secret).replace('+', "-").replace('/', "_");
        Some(Self { text: format!("gate_{}_{id}_{secret}", role.name()), id })
    }

    /// What is stored of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// By which token.
    pub token: String,
    /// As what.
    pub role: Role,
    /// The host, or the principal.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_say_what_they_are_for() {
        let [one, two] = [(); 2].map(|()| Token::new(Role::Host).unwrap());
        assert!(one.text.starts_with(&format!("gate_host_{}_", one.id)) && one.text.len() >= 70);
        assert!(one.text != two.text && one.digest() != two.digest());
        assert!(!format!("{one:?}").contains(&one.text));
        assert_eq!(Role::named("admin"), Some(Role::Admin));
        assert_eq!(Role::named("root"), None);
    }
}

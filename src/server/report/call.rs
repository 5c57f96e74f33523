//! One call, as it is told: what was called, by whom, and how it ended.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::model::Timestamp;
use crate::server::secret;
use crate::server::tokens::Role;

/// Who calls, once that is known.
#[derive(Debug, Clone, Default)]
pub struct Owner(Arc<OnceLock<(Role, String)>>);

impl Owner {
    /// It is the owner of this token or passkey.
    pub fn is(&self, role: Role, entrance: &str) {
        // It does not change during a call.
        let _ = self.0.set((role, entrance.to_owned()));
    }

    /// The word for the role, and what is called by.
    #[must_use]
    pub fn get(&self) -> Option<(&'static str, &str)> {
        self.0.get().map(|(role, entrance)| (role.name(), entrance.as_str()))
    }
}

/// Why the server could not do something, for operators alone.
#[derive(Debug, Clone)]
pub struct Cause(pub String);

/// One call that is over.
#[derive(Debug)]
pub struct Call {
    /// When it came.
    pub begun: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Its method.
    pub method: String,
    /// The pattern of its address; none where there is no such route.
    pub route: Option<String>,
    /// The status of its response.
    pub status: u16,
    /// Who called.
    pub owner: Owner,
    /// Why it failed.
    pub cause: Option<Cause>,
    /// The trace that it is part of.
    pub trace: Trace,
}

/// A trace, and the span in it that a call is (W3C Trace Context).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Its name: 32 hex digits.
    pub id: String,
    /// The caller's span: 16 hex digits.
    pub parent: Option<String>,
    /// This call's.
    pub span: String,
    /// Whether the caller keeps it.
    pub sampled: bool,
}

impl Trace {
    /// The trace that a caller names in `traceparent`, or a new one.
    #[must_use]
    pub fn of(named: Option<&str>) -> Self {
        let span = hex(&secret::random::<8>().unwrap_or([1; 8]));
        named.and_then(|named| Self::within(named, span.clone())).unwrap_or_else(|| {
            let id = hex(&secret::random::<16>().unwrap_or([1; 16]));
            Self { id, parent: None, span, sampled: true }
        })
    }

    /// Section 3.2: version, trace, parent, flags; a later version may say more behind them.
    fn within(named: &str, span: String) -> Option<Self> {
        let mut parts = named.trim().split('-');
        let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let digits = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let some = |text: &str| text.bytes().any(|byte| byte != b'0');
        let whole = version != "00" || parts.next().is_none();
        let fits = digits(version, 2) && version != "ff" && digits(id, 32) && digits(parent, 16) && digits(flags, 2);
        (fits && whole && some(id) && some(parent)).then(|| Self {
            id: id.to_owned(),
            parent: Some(parent.to_owned()),
            span,
            sampled: u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_names_its_trace_or_gets_a_new_one() {
        let named = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace = Trace::of(Some(named));
        assert_eq!(
            (trace.id.as_str(), trace.parent.as_deref()),
            ("4bf92f3577b34da6a3ce929d0e0e4736", Some("00f067aa0ba902b7"))
        );
        assert!(trace.sampled && !Trace::of(Some(&named.replace("-01", "-00"))).sampled);
        assert!(Trace::of(Some(&named.replacen("00-", "cc-", 1).replace("-01", "-01-more"))).parent.is_some());
        for wrong in [
            String::new(),
            named.to_uppercase(),
            format!("{named}-more"),
            named.replacen("00-", "ff-", 1),
            named.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            named.replace("00f067aa0ba902b7", &"0".repeat(16)),
            named.replace('4', "\u{664}"),
        ] {
            let trace = Trace::of(Some(&wrong));
            assert!(trace.parent.is_none() && trace.id.len() == 32 && trace.span.len() == 16, "{wrong}");
        }
        assert_ne!(Trace::of(None).id, Trace::of(None).id);
    }
}

//! Members too large for a line stand whole in a file of their own, named by digest; refuses one that looks like such a
//! name without being one, and one whose bytes are not what was named.

use super::What;
use crate::encoding::json::{CanonicalError, Map, Value, canonical, json, strict_value};
use crate::model::Digest;

/// The members that may move out of the line.
pub(super) const MOVABLE: [&str; 8] =
    ["commands", "findings", "reasons", "request", "subject", "text", "verdict", "verdicts"];

/// A member's canonical JSON, to be kept in `blobs/sha256-<hex>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The name.
    pub digest: Digest,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// How a verifier asks for a blob's bytes; `None` if there is none.
pub type Lookup<'a> = dyn FnMut(&Digest) -> Option<Vec<u8>> + 'a;

/// Moves members out, the largest first, until what is left needs at most `room` bytes; `needed` is what it needs now.
pub(super) fn moved(
    members: &mut Map<String, Value>,
    mut needed: usize,
    room: usize,
) -> Result<Vec<Blob>, CanonicalError> {
    let mut sized = Vec::new();
    for name in MOVABLE {
        if let Some(value) = members.get(name) {
            sized.push((name, canonical(value)?));
        }
    }
    sized.sort_by_key(|(_, bytes)| std::cmp::Reverse(bytes.len()));
    let mut blobs = Vec::new();
    for (name, bytes) in sized {
        if needed <= room {
            break;
        }
        let blob = Blob { digest: Digest::of(&bytes), bytes };
        let named = json!({"blob": blob.digest, "len": blob.bytes.len()});
        needed = needed.saturating_sub(blob.bytes.len()) + canonical(&named)?.len();
        members.insert(name.to_owned(), named);
        blobs.push(blob);
    }
    Ok(blobs)
}

/// Whether a value names a blob, or could be taken for it.
pub(super) fn names_blob(value: &Value) -> bool {
    value.as_object().is_some_and(|members| members.contains_key("blob"))
}

/// Puts the members that moved out back in their places.
///
/// # Errors
/// `MissingBlob` and `OtherBlob`, or `Shape` if the name itself is ill-formed.
pub(super) fn restored(members: &mut Map<String, Value>, lookup: &mut Lookup<'_>) -> Result<Vec<Digest>, What> {
    let mut digests = Vec::new();
    for name in MOVABLE {
        let Some(value) = members.get_mut(name).filter(|value| names_blob(value)) else { continue };
        let ill = || What::Shape(format!("`{name}` names no blob"));
        let digest: Digest = value.get("blob").and_then(Value::as_str).and_then(|d| d.parse().ok()).ok_or_else(ill)?;
        let length = value.get("len").and_then(Value::as_u64).ok_or_else(ill)?;
        let bytes = lookup(&digest).ok_or(What::MissingBlob(digest))?;
        if u64::try_from(bytes.len()) != Ok(length) || Digest::of(&bytes) != digest {
            return Err(What::OtherBlob(digest));
        }
        *value = strict_value(&bytes).map_err(|_| What::OtherBlob(digest))?;
        digests.push(digest);
    }
    Ok(digests)
}

//! `${name#pattern}` and `${name%pattern}`: what is left of a value that is known in part. Patterns that this does not read
//! give nothing.

use shuck_ast::ParameterOp;

use super::scope::Text;
use super::tree::{Hole, Known, Piece};

/// What the operator leaves of the value.
pub(super) fn trimmed(value: &Text, operator: &ParameterOp, pattern: &str) -> Option<Text> {
    let pieces = Known::from_pieces(value.clone()).pieces();
    let literal = !pattern.contains(['*', '?', '[', '\\', '\'', '"', '$', '`', '(', '{', '~']);
    match (operator, pieces.as_slice()) {
        (
            ParameterOp::RemoveSuffixShort { .. } | ParameterOp::RemoveSuffixLong { .. },
            [before @ .., Piece::Text(last)],
        ) if literal => {
            let kept = match last.strip_suffix(pattern) {
                Some(kept) => kept,
                // The suffix may reach into what is not known, but not where the end of it differs.
                None if last.len() >= pattern.len() || !pattern.ends_with(last.as_str()) || before.is_empty() => last,
                None => return None,
            };
            Some(before.iter().cloned().chain([Piece::Text(kept.to_owned())]).collect())
        }
        (
            ParameterOp::RemovePrefixShort { .. } | ParameterOp::RemovePrefixLong { .. },
            [Piece::Text(first), after @ ..],
        ) if literal => {
            let kept = match first.strip_prefix(pattern) {
                Some(kept) => kept,
                None if first.len() >= pattern.len() || !pattern.starts_with(first.as_str()) || after.is_empty() => {
                    first
                }
                None => return None,
            };
            Some(std::iter::once(Piece::Text(kept.to_owned())).chain(after.iter().cloned()).collect())
        }
        (ParameterOp::RemovePrefixLong { .. }, [Piece::Text(whole)]) if pattern == "*/" => {
            Some(vec![Piece::Text(whole.rsplit('/').next().unwrap_or_default().to_owned())])
        }
        // What a pattern of file names leaves behind its last slash is a name.
        (ParameterOp::RemovePrefixLong { .. }, pieces) if pattern == "*/" => {
            let holes = pieces.iter().all(|piece| {
                matches!(piece, Piece::Text(_) | Piece::Hole(Hole::Glob(_) | Hole::Start | Hole::Temporary))
            });
            holes.then(|| vec![Piece::Hole(Hole::Fitting("*".to_owned()))])
        }
        (ParameterOp::RemoveSuffixShort { .. }, [Piece::Text(whole)]) if pattern == "/*" => {
            Some(vec![Piece::Text(whole.rsplit_once('/').map_or(whole.as_str(), |(before, _)| before).to_owned())])
        }
        (ParameterOp::RemoveSuffixShort { .. }, [Piece::Text(whole)]) if pattern == ".*" => {
            Some(vec![Piece::Text(whole.rsplit_once('.').map_or(whole.as_str(), |(before, _)| before).to_owned())])
        }
        _ => None,
    }
}

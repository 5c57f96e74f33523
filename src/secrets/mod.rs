//! Finds what must be masked before it is hashed, shown, sent or recorded; refuses to hide a verb or a target: only what
//! its position names a secret, or what begins as a known token does, and never a word for its looks alone.

pub mod detect;
mod tokens;

use std::ops::Range;

pub use tokens::in_text;

/// A part of a text that is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// What kind: `flag`, `variable`, `url-password`, `header`, `token`, `private-key`.
    pub kind: &'static str,
}

/// The secrets among the words of a command, as pairs of a word's index and a part of it. A word that is not known
/// whole is given as `None`.
#[must_use]
pub fn in_words(words: &[Option<&str>]) -> Vec<(usize, Secret)> {
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let Some(word) = *word else { continue };
        found.extend(in_text(word).into_iter().map(|secret| (index, secret)));
        let Some((name, value)) = named(word) else { continue };
        match value {
            Some(start) if start < word.len() => {
                found.push((index, Secret { range: start..word.len(), kind: name }));
            }
            Some(_) => {}
            None => {
                // The next word is its value, unless it is an option itself: then the flag was a switch.
                let next =
                    words.get(index + 1).copied().flatten().filter(|next| !next.starts_with('-') && !next.is_empty());
                if let Some(next) = next {
                    found.push((index + 1, Secret { range: 0..next.len(), kind: name }));
                }
            }
        }
    }
    found
}

/// The secrets in the value of a variable of this name.
#[must_use]
pub fn in_variable(name: &str, value: &str) -> Vec<Secret> {
    if !value.is_empty() && is_secret_name(name) {
        return vec![Secret { range: 0..value.len(), kind: "variable" }];
    }
    in_text(value)
}

/// Ranges in order, without overlaps: of two that overlap, one that covers both.
#[must_use]
pub fn merged(mut secrets: Vec<Secret>) -> Vec<Secret> {
    secrets.sort_by_key(|secret| (secret.range.start, secret.range.end));
    let mut merged: Vec<Secret> = Vec::new();
    for secret in secrets {
        match merged.last_mut() {
            Some(last) if secret.range.start < last.range.end => last.range.end = last.range.end.max(secret.range.end),
            _ => merged.push(secret),
        }
    }
    merged
}

/// The kind of secret that an option or an assignment names, and where its value starts if it is in the same word.
fn named(word: &str) -> Option<(&'static str, Option<usize>)> {
    if let Some(option) = word.strip_prefix("--").or_else(|| word.strip_prefix('-').filter(|name| name.len() > 1)) {
        let (name, joined) = match option.split_once('=') {
            Some((name, _)) => (name, Some(word.len() - option.len() + name.len() + 1)),
            None => (option, None),
        };
        return is_secret_option(name).then_some(("flag", joined));
    }
    let (name, _) = word.split_once('=')?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (plain && !name.is_empty() && is_secret_name(name)).then_some(("variable", Some(name.len() + 1)))
}

/// Whether an option of this name takes a secret. Options that name a file or a switch do not.
fn is_secret_option(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    const WHOLE: [&str; 17] = [
        "api-key",
        "apikey",
        "auth-token",
        "access-token",
        "bearer",
        "client-secret",
        "pass",
        "passphrase",
        "passwd",
        "password",
        "private-token",
        "pwd",
        "registry-token",
        "secret",
        "secret-key",
        "token",
        "user-password",
    ];
    const ENDS: [&str; 5] = ["-password", "-passwd", "-passphrase", "-secret", "-token"];
    WHOLE.contains(&name.as_str()) || ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a variable of this name holds a secret.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    const ENDS: [&str; 14] = [
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "SECRET",
        "TOKEN",
        "API_KEY",
        "APIKEY",
        "PRIVATE_KEY",
        "SECRET_KEY",
        "ACCESS_KEY",
        "CREDENTIALS",
        "MYSQL_PWD",
        "PGPASS",
        "AUTH",
    ];
    ENDS.iter().any(|end| name.ends_with(end)) && name != "SSH_AUTH"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(words: &[&str]) -> String {
        let known: Vec<Option<&str>> = words.iter().map(|word| Some(*word)).collect();
        let mut shown: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        for (index, secret) in in_words(&known) {
            let stars = "*".repeat(secret.range.len());
            shown[index].replace_range(secret.range, &stars);
        }
        shown.join(" ")
    }

    #[test]
    fn what_its_position_names_a_secret_is_masked() {
        for (words, expected) in [
            (&["x", "--password", "abc", "y"][..], "x --password *** y"),
            (&["x", "--password=abc"], "x --password=***"),
            (&["x", "--db-password=abc"], "x --db-password=***"),
            (&["env", "PGPASSWORD=abc", "psql"], "env PGPASSWORD=*** psql"),
            (&["curl", "https://u:abc@host/p"], "curl https://u:***@host/p"),
            (&["curl", "-H", "Authorization: Bearer abc"], "curl -H Authorization: Bearer ***"),
            (&["x", "--token", "--verbose"], "x --token --verbose"),
            (&["x", "--password="], "x --password="),
            (&["x", "--password-file", "f"], "x --password-file f"),
        ] {
            assert_eq!(masked(words), expected);
        }
    }

    #[test]
    fn masking_never_hides_the_verb_or_the_target() {
        assert_eq!(
            masked(&["kubectl", "--password", "delete", "delete", "ns", "prod"]),
            "kubectl --password ****** delete ns prod"
        );
        assert_eq!(masked(&["rm", "-rf", "/srv/token"]), "rm -rf /srv/token");
    }

    #[test]
    fn overlapping_secrets_become_one() {
        let secret = |range| Secret { range, kind: "token" };
        assert_eq!(merged(vec![secret(4..9), secret(0..5), secret(9..10)]), vec![secret(0..9), secret(9..10)]);
    }
}

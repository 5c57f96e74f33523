//! Secrets that are known by how they are written: token prefixes, passwords in URLs, authorization headers.

use super::{Secret, merged};

/// Beginnings of tokens, and how many more characters make one.
const PREFIXES: [(&str, usize); 27] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghu_", 30),
    ("ghs_", 30),
    ("ghr_", 30),
    ("github_pat_", 30),
    ("glpat-", 16),
    ("glrt-", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("xoxa-", 16),
    ("xoxs-", 16),
    ("xapp-", 16),
    ("sk-", 20),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("AIza", 30),
    ("ya29.", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("dop_v1_", 30),
    ("hf_", 30),
    ("hvs.", 20),
    ("SG.", 30),
    ("eyJ", 40),
];

/// The secrets in any text, wherever they stand.
#[must_use]
pub fn in_text(text: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    // Nothing below is shorter, and nearly every word of every command ends here.
    if text.len() < 8 {
        return found;
    }
    tokens(text, &mut found);
    url_passwords(text, &mut found);
    headers(text, &mut found);
    private_keys(text, &mut found);
    merged(found)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Every run of token characters that begins as a token does.
fn tokens(text: &str, found: &mut Vec<Secret>) {
    let mut start = 0;
    for run in text.split(|character: char| !(character.is_ascii() && is_token_byte(character as u8))) {
        let known = PREFIXES.iter().any(|(prefix, more)| run.len() >= prefix.len() + more && run.starts_with(prefix));
        if known {
            found.push(Secret { range: start..start + run.len(), kind: "token" });
        }
        start += run.len();
        start += text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
}

/// `scheme://user:PASSWORD@host`
fn url_passwords(text: &str, found: &mut Vec<Secret>) {
    for (at, _) in text.match_indices("://") {
        let from = at + 3;
        let Some(rest) = text.get(from..) else { continue };
        let end =
            rest.find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'') || c.is_whitespace()).unwrap_or(rest.len());
        let Some(authority) = rest.get(..end) else { continue };
        let Some((userinfo, _)) = authority.rsplit_once('@') else { continue };
        if let Some((user, password)) = userinfo.split_once(':')
            && !password.is_empty()
        {
            let start = from + user.len() + 1;
            found.push(Secret { range: start..start + password.len(), kind: "url-password" });
        }
    }
}

/// `Authorization: SCHEME SECRET`, `X-Api-Key: SECRET`, `Cookie: SECRET`
fn headers(text: &str, found: &mut Vec<Secret>) {
    let lower = text.to_ascii_lowercase();
    for name in ["authorization:", "x-api-key:", "private-token:", "x-vault-token:", "cookie:"] {
        for (at, _) in lower.match_indices(name) {
            let from = at + name.len();
            let Some(value) = text.get(from..) else { continue };
            let line = value.split(['\n', '\r', '"', '\'']).next().unwrap_or(value);
            let skipped = line.len() - line.trim_start().len();
            let body = line.trim();
            // The scheme is no secret, what follows it is.
            let scheme = match body.split_once(' ') {
                Some((scheme, _)) if name == "authorization:" => scheme.len() + 1,
                _ => 0,
            };
            if body.len() > scheme {
                let start = from + skipped + scheme;
                found.push(Secret { range: start..from + skipped + body.len(), kind: "header" });
            }
        }
    }
}

fn private_keys(text: &str, found: &mut Vec<Secret>) {
    for (at, _) in text.match_indices("-----BEGIN ") {
        let Some(rest) = text.get(at..) else { continue };
        let Some(header) = rest.lines().next().filter(|header| header.contains("PRIVATE KEY")) else { continue };
        let end = rest.find("-----END ").unwrap_or(rest.len());
        if end > header.len() {
            found.push(Secret { range: at + header.len()..at + end, kind: "private-key" });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        in_text(text).into_iter().map(|secret| text.get(secret.range).unwrap()).collect()
    }

    #[test]
    fn tokens_are_known_by_how_they_begin() {
        let token = format!("ghp_{}", "a1".repeat(18));
        assert_eq!(found(&format!("echo {token} | x")), vec![token.as_str()]);
        assert_eq!(found("AKIAIOSFODNN7EXAMPLE"), vec!["AKIAIOSFODNN7EXAMPLE"]);
        assert!(found("sk-learn is a package").is_empty());
        assert!(found("ghp_short and żółw").is_empty());
    }

    #[test]
    fn passwords_in_urls_are_found_and_users_are_not() {
        assert_eq!(found("postgres://app:s3cret@db/x"), vec!["s3cret"]);
        assert_eq!(found("postgres://app:p@ss@db/x"), vec!["p@ss"]);
        assert!(found("ssh://git@example.org:22/x").is_empty());
        assert!(found("https://example.org/a:b@c").is_empty());
    }

    #[test]
    fn a_private_key_loses_its_body() {
        assert_eq!(
            found("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----"),
            vec!["\nabc\n"]
        );
    }
}

//! Keys and tokens by their published shapes; refuses placeholders, and what only begins like one.

use std::collections::BTreeSet;

use super::runs::at;

/// Private keys with a body, not only the words that begin one.
pub fn private_keys(text: &str) -> usize {
    let mut found = BTreeSet::new();
    for (start, _) in text.match_indices("-----BEGIN ") {
        let Some(rest) = text.get(start..) else { continue };
        let Some((head, body)) = rest.get(11..).and_then(|rest| rest.split_once("-----")) else { continue };
        if !head.contains("PRIVATE KEY") || head.len() > 64 {
            continue;
        }
        let body = body.split("-----END").next().unwrap_or_default();
        // Inside JSON a line ends with `\n` spelled out; headers of old PEM files have a colon.
        let lines = body.replace("\\n", "\n");
        let lines = lines.lines().map(str::trim).filter(|line| !line.contains(':') && !line.is_empty());
        let packed: String = lines.collect();
        let encoded = packed.bytes().take_while(|byte| is_base64(*byte)).count();
        if encoded >= 60 && is_varied(packed.get(..encoded).unwrap_or_default()) {
            found.insert(packed);
        }
    }
    let putty = text.lines().filter(|line| line.starts_with("Private-Lines:")).count();
    found.len() + if text.contains("PuTTY-User-Key-File-") { putty } else { 0 }
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Whether characters look drawn at random, and not like a placeholder.
fn is_varied(body: &str) -> bool {
    let upper = body.to_ascii_uppercase();
    let placeholder = ["EXAMPLE", "XXXX", "PLACEHOLDER", "REDACTED", "YOUR", "00000000", "1234567890", "ABCDEFGH"];
    let different: BTreeSet<u8> = body.bytes().collect();
    different.len() >= 8.min(body.len().div_ceil(2)) && !placeholder.iter().any(|word| upper.contains(word))
}

/// Runs of the bytes that tokens are made of.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '~')))
        .filter(|run| run.len() >= 16)
}

/// What follows a beginning, if that is all there is, of one of these lengths and of these bytes.
fn body<'a>(
    run: &'a str,
    begins: &str,
    lengths: std::ops::RangeInclusive<usize>,
    of: fn(u8) -> bool,
) -> Option<&'a str> {
    let body = run.trim_end_matches('.').strip_prefix(begins)?;
    (lengths.contains(&body.len()) && body.bytes().all(of) && is_varied(body)).then_some(body)
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

const fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

const fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')
}

const fn is_base32(byte: u8) -> bool {
    byte.is_ascii_uppercase() || matches!(byte, b'2'..=b'7')
}

/// Keys of AWS, Google and Azure.
pub fn cloud_keys(text: &str) -> usize {
    let mut found = BTreeSet::new();
    for run in runs(text) {
        let access = ["AKIA", "ASIA"].iter().find_map(|begins| body(run, begins, 16..=16, is_base32));
        let google = body(run, "AIza", 35..=35, is_word);
        // Entra gives client secrets of 40 characters with this mark in them.
        let entra = (run.len() == 40 && matches!(run.get(3..6), Some("8Q~" | "7Q~")) && is_varied(run)).then_some(run);
        found.extend(access.or(google).or(entra).map(str::to_owned));
        found.extend(body(run, "ya29.", 40..=400, is_word).map(str::to_owned));
    }
    found.extend(named(text, &["aws_secret_access_key", "secretaccesskey", "aws_secret_key"], 40..=40));
    found.extend(named(text, &["accountkey", "sharedaccesskey"], 44..=88));
    let account = text.contains("\"service_account\"") && text.contains("\"private_key\"") && private_keys(text) > 0;
    found.len() + usize::from(account)
}

/// Base64 of one of these lengths that stands after a name.
fn named(text: &str, names: &[&str], lengths: std::ops::RangeInclusive<usize>) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for name in names {
        for (start, _) in lower.match_indices(name) {
            let Some(rest) = text.get(start + name.len()..) else { continue };
            let value = rest.trim_start_matches(['"', '\'', ' ', '\t', '_']).trim_start_matches(['=', ':']);
            let value = value.trim_start_matches([' ', '\t', '"', '\'']);
            let length = value.bytes().take_while(|byte| is_base64(*byte)).count();
            let value = value.get(..length).unwrap_or_default();
            if lengths.contains(&length) && is_varied(value) {
                found.push(value.to_owned());
            }
        }
    }
    found
}

/// A beginning, how much may follow, and of which bytes.
type Shape = (&'static str, std::ops::RangeInclusive<usize>, fn(u8) -> bool);

/// Tokens of forges, registries, chats and payment services, as their makers describe them.
const TOKENS: [Shape; 32] = [
    ("ghp_", 36..=36, is_alphanumeric),
    ("gho_", 36..=36, is_alphanumeric),
    ("ghu_", 36..=36, is_alphanumeric),
    ("ghs_", 36..=36, is_alphanumeric),
    ("ghr_", 36..=76, is_alphanumeric),
    ("github_pat_", 82..=82, is_word),
    ("glpat-", 20..=60, is_word),
    ("glrt-", 20..=60, is_word),
    ("gldt-", 20..=60, is_word),
    ("glptt-", 40..=40, is_lower_hex),
    ("xoxb-", 24..=120, is_word),
    ("xoxp-", 24..=120, is_word),
    ("xoxa-", 24..=120, is_word),
    ("xoxs-", 24..=120, is_word),
    ("xoxe-", 24..=200, is_word),
    ("xapp-", 40..=140, is_word),
    ("sk_live_", 16..=120, is_alphanumeric),
    ("rk_live_", 16..=120, is_alphanumeric),
    ("whsec_", 24..=80, is_alphanumeric),
    ("npm_", 36..=36, is_alphanumeric),
    ("pypi-AgEIcHlwaS5vcmc", 50..=400, is_word),
    ("dop_v1_", 64..=64, is_lower_hex),
    ("doo_v1_", 64..=64, is_lower_hex),
    ("hf_", 34..=37, is_alphanumeric),
    ("hvs.", 24..=200, is_word),
    ("sk-ant-", 40..=140, is_word),
    ("sk-proj-", 40..=220, is_word),
    ("shpat_", 32..=32, is_lower_hex),
    ("lin_api_", 40..=40, is_alphanumeric),
    ("dckr_pat_", 27..=27, is_word),
    ("rubygems_", 48..=48, is_lower_hex),
    ("shpss_", 32..=32, is_lower_hex),
];

/// Different tokens of services.
pub fn service_tokens(text: &str) -> usize {
    let mut found = BTreeSet::new();
    for run in runs(text) {
        let known = TOKENS.iter().find_map(|(begins, lengths, of)| body(run, begins, lengths.clone(), *of));
        found.extend(known.map(str::to_owned));
        let mail: Vec<&str> = run.split('.').collect();
        if let ["SG", id, secret] = mail.as_slice()
            && id.len() == 22
            && secret.len() == 43
            && is_varied(secret)
        {
            found.insert((*secret).to_owned());
        }
    }
    for hook in ["hooks.slack.com/services/T", "discord.com/api/webhooks/", "discordapp.com/api/webhooks/"] {
        for (start, _) in text.match_indices(hook) {
            let Some(rest) = text.get(start + hook.len()..) else { continue };
            let rest = rest.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-'))).next();
            found.extend(rest.filter(|rest| rest.len() >= 36 && is_varied(rest)).map(str::to_owned));
        }
    }
    // Telegram: the number of a bot, a colon, and 35 characters.
    for (mark, _) in text.match_indices(":AA") {
        let bot = text.get(..mark).unwrap_or_default().bytes().rev().take_while(u8::is_ascii_digit).count();
        let Some(token) = text.get(mark + 1..mark + 36) else { continue };
        let ends = !is_word(at(text.as_bytes(), Some(mark + 36)));
        if (8..=10).contains(&bot) && ends && token.bytes().all(is_word) && is_varied(token) {
            found.insert(token.to_owned());
        }
    }
    found.len()
}

/// JSON web tokens (RFC 7519): a header that names an algorithm, a payload and a signature.
pub fn web_tokens(text: &str) -> usize {
    let mut found = BTreeSet::new();
    for run in runs(text) {
        let parts: Vec<&str> = run.trim_end_matches('.').split('.').collect();
        let [header, payload, signature] = parts.as_slice() else { continue };
        // The payload of the specification's and the debugger's example.
        let example = payload.starts_with("eyJzdWIiOiIxMjM0NTY3ODkwI") || payload.starts_with("eyJpc3MiOiJqb2UiLA0K");
        let signed = signature.len() >= 20 && is_varied(signature);
        if header.starts_with("eyJ") && payload.starts_with("eyJ") && signed && !example {
            let names = decoded(header).is_some_and(|header| header.contains("\"alg\""));
            found.extend(names.then_some(*payload));
        }
    }
    found.len()
}

/// Base64url without padding (RFC 4648 section 5), as text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(value)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

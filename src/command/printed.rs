//! What a command of a script hands on through a pipe, where that is constant.

use super::script::{Source, from_shell};
use super::shell::{self, Script, Simple};
use crate::encoding::mime;

/// What a command prints, where that is constant: `echo` and `printf` with words that need no reading of their own, and
/// `cat` of what is written in the script.
pub(super) fn exact(simple: &Simple, source: &Source<'_>) -> Option<String> {
    let words: Option<Vec<String>> =
        simple.words.iter().map(|word| from_shell(word, source).text().map(str::to_owned)).collect();
    let here = |kind| matches!(kind, shell::RedirectKind::HereDocument | shell::RedirectKind::HereString);
    let plain = simple.redirects.iter().all(|redirect| here(redirect.kind));
    let words = words.filter(|_| plain && simple.pipe_from.is_none())?;
    let (name, operands) = words.split_first()?;
    let operands = match (name.as_str(), operands) {
        ("cat", []) => match &simple.stdin {
            shell::Stdin::Here(text) => return from_shell(text, source).text().map(str::to_owned),
            shell::Stdin::Inherited
            | shell::Stdin::Pipe
            | shell::Stdin::File(_)
            | shell::Stdin::Descriptor(_)
            | shell::Stdin::Closed => return None,
        },
        ("echo", [option, operands @ ..]) if option == "-n" => operands,
        ("printf", [format, operands @ ..]) if matches!(format.as_str(), "%s" | "%s\\n") => operands,
        ("printf", [_]) | ("echo", [_, ..]) => operands,
        _ => return None,
    };
    let text = operands.join(" ");
    let plain = !text.replace("\\n", "").contains('\\') && !operands.first().is_some_and(|word| word.starts_with('-'));
    let formatted = name == "printf" && text.contains('%');
    (plain && !formatted).then(|| text.replace("\\n", "\n") + "\n")
}

/// What a command makes of constant text that it decodes (`base64 -d`, `openssl base64 -d`, `xxd -r -p`).
pub(super) fn decoded(simple: &Simple, script: &Script, source: &Source<'_>) -> Option<String> {
    let words: Option<Vec<String>> =
        simple.words.iter().map(|word| from_shell(word, source).text().map(str::to_owned)).collect();
    let words = words?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (name, options) = words.split_first()?;
    let decode: fn(&str) -> Option<Vec<u8>> = match (name.rsplit('/').next()?, options) {
        ("base64" | "gbase64", ["-d" | "-D" | "-di" | "-id" | "--decode"]) => mime::decode,
        ("openssl", ["base64", rest @ ..] | ["enc", "-base64" | "-a", rest @ ..])
            if rest.contains(&"-d") && rest.iter().all(|option| matches!(*option, "-d" | "-A" | "-a" | "-base64")) =>
        {
            mime::decode
        }
        ("xxd", ["-r", "-p"] | ["-p", "-r"] | ["-rp" | "-pr" | "-r-p"]) => hex,
        _ => return None,
    };
    let text = match (simple.pipe_from.and_then(|at| script.commands.get(at)), &simple.stdin) {
        (Some(from), _) => exact(from, source)?,
        (None, shell::Stdin::Here(text)) => from_shell(text, source).text()?.to_owned(),
        (
            None,
            shell::Stdin::Inherited
            | shell::Stdin::Pipe
            | shell::Stdin::File(_)
            | shell::Stdin::Descriptor(_)
            | shell::Stdin::Closed,
        ) => return None,
    };
    String::from_utf8(decode(&text)?).ok()
}

/// Bytes of pairs of hexadecimal digits, with white space between them.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    Some(digits?.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

//! Text as people see it: nothing in it can move the cursor, hide a word or turn the line around.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// Shows bytes with everything made visible that is not plainly printable: control characters, bidirectional and
/// zero-width characters, unusual blanks, and bytes that are not UTF-8 (`\xFF`).
#[derive(Clone, Copy)]
pub struct Shown<'a>(&'a [u8]);

impl<'a> Shown<'a> {
    /// Shows text.
    #[must_use]
    pub const fn text(text: &'a str) -> Self {
        Self(text.as_bytes())
    }

    /// Shows an argument or a path.
    #[must_use]
    pub fn os(text: &'a OsStr) -> Self {
        Self(text.as_bytes())
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if is_plain(character) {
                    fmt::Write::write_char(f, character)?;
                } else {
                    write_escaped(f, character)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02X}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text that was shown so; `None` where nothing is shown so, or where it was no text.
#[must_use]
pub fn unshown(shown: &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = shown.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        text.push(match letters.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'e' => '\x1b',
            '\\' => '\\',
            'x' => {
                let digits: String = letters.by_ref().take(2).collect();
                let code = u8::from_str_radix(&digits, 16).ok().filter(|code| digits.len() == 2 && code.is_ascii())?;
                char::from(code)
            }
            'u' => {
                let digits: String = letters.by_ref().skip(1).take_while(|digit| *digit != '}').collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(text)
}

fn write_escaped(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    match character {
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        '\x1b' => f.write_str("\\e"),
        '\\' => f.write_str("\\\\"),
        other if (other as u32) < 0x80 => write!(f, "\\x{:02X}", other as u32),
        other => write!(f, "\\u{{{:X}}}", other as u32),
    }
}

/// Whether a character takes one visible place of its own and changes nothing around it.
fn is_plain(character: char) -> bool {
    match character {
        '\\' => false,
        ' '..='~' => true,
        // Controls (Cc), soft hyphen, combining marks used to strike text through, Arabic letter mark, Hangul fillers.
        '\0'..='\x1f' | '\x7f'..='\u{a0}' | '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' => {
            false
        }
        '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' => false,
        // Blanks of other widths, zero-width, bidirectional controls, separators, invisible operators.
        '\u{1680}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' => false,
        '\u{20d0}'..='\u{20ff}' | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{ffa0}' => false,
        // Private use, variation selectors, byte order mark, specials, tags.
        '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{feff}' => false,
        '\u{fff0}'..='\u{fffb}' => false,
        other => (other as u32) < 0xe0000,
    }
}

/// Shows the words of a command as a shell would read them back: quoted where needed, nothing invisible.
#[must_use]
pub fn quoted(words: &[impl AsRef<OsStr>]) -> String {
    words.iter().map(|word| quoted_word(word.as_ref())).collect::<Vec<_>>().join(" ")
}

/// Shows one word as a shell would read it back.
#[must_use]
pub fn quoted_word(word: &OsStr) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,^".contains(&byte);
    let bytes = word.as_bytes();
    if !bytes.is_empty() && bytes.iter().copied().all(plain) {
        return Shown(bytes).to_string();
    }
    let shown = Shown(bytes).to_string();
    if shown.as_bytes() == bytes && !shown.contains('\'') {
        format!("'{shown}'")
    } else {
        format!("$'{}'", shown.replace('\'', "\\'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_in_shown_text() {
        let hostile = "a\x1b[2Kb\u{202e}c\u{200b}d\re\u{2066}";
        assert_eq!(Shown::text(hostile).to_string(), "a\\e[2Kb\\u{202E}c\\u{200B}d\\re\\u{2066}");
        assert_eq!(Shown::os(OsStr::from_bytes(b"a\xffb")).to_string(), "a\\xFFb");
        assert_eq!(Shown::text("żółw 漢字").to_string(), "żółw 漢字");
    }

    #[test]
    fn an_escape_sequence_in_the_text_cannot_be_told_as_one_that_was_made_visible() {
        assert_ne!(Shown::text("\\e").to_string(), Shown::text("\x1b").to_string());
    }

    #[test]
    fn what_was_shown_is_read_back() {
        for text in ["a\x1b[2Kb\u{202e}c\\n\n\r\t\x7f", "żółw 漢字", "\\\\x41", ""] {
            assert_eq!(unshown(&Shown::text(text).to_string()).as_deref(), Some(text));
        }
        for wrong in ["a\\", "\\q", "\\xFF", "\\x4", "\\u{110000}"] {
            assert_eq!(unshown(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn words_are_quoted_as_a_shell_reads_them() {
        let words = ["rm", "-rf", "a b", "it's", "", "x\ny"];
        assert_eq!(quoted(&words), "rm -rf 'a b' $'it\\'s' '' $'x\\ny'");
    }
}

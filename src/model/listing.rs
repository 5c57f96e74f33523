//! The options of one subcommand in one line, as a tool itself lists them: `-d/--detach -e/--env= --color[=] --ids=... --`.

use super::{OptionGrammar, Value};

/// The options of one subcommand, as its tool says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The options.
    pub options: Vec<OptionGrammar>,
    /// Whether its first operand ends them: a last word `--`.
    pub ends: bool,
}

impl Listing {
    /// Reads a line: spellings between slashes, then nothing, `=` (a value), `[=]` (only a joined one) or `=...` (all words up
    /// to the next option). The last spelling is the canonical one.
    ///
    /// # Errors
    /// The word that is no option.
    pub fn read(line: &str) -> Result<Self, &str> {
        let mut listing = Self::default();
        for word in line.split_whitespace() {
            if word == "--" {
                listing.ends = true;
                continue;
            }
            let suffixes = [("[=]", Value::Joined), ("=...", Value::Several), ("=", Value::Needed)];
            let found = suffixes.into_iter().find_map(|(suffix, value)| Some((word.strip_suffix(suffix)?, value)));
            let (spelled, value) = found.unwrap_or((word, Value::No));
            let spellings: Vec<String> = spelled.split('/').map(str::to_owned).collect();
            let Some(name) = spellings.last().cloned().filter(|_| !listing.ends) else { return Err(word) };
            if spellings.iter().any(|spelling| spelling.len() < 2 || !spelling.starts_with('-')) {
                return Err(word);
            }
            listing.options.push(OptionGrammar { name, spellings, value, role: None });
        }
        Ok(listing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_each_option_takes() {
        let listing = Listing::read("-d/--detach -e/--env= --color[=] --ids=... --").unwrap();
        let read: Vec<(&str, usize, &Value)> =
            listing.options.iter().map(|one| (one.name.as_str(), one.spellings.len(), &one.value)).collect();
        let expected = [
            ("--detach", 2, &Value::No),
            ("--env", 2, &Value::Needed),
            ("--color", 1, &Value::Joined),
            ("--ids", 1, &Value::Several),
        ];
        assert_eq!((read.as_slice(), listing.ends), (&expected[..], true));
        assert_eq!(Listing::read("-a b"), Err("b"));
        assert_eq!(Listing::read("-- -a"), Err("-a"), "nothing stands after the end");
        assert_eq!(Listing::read("-a/="), Err("-a/="));
    }
}

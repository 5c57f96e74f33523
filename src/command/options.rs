//! One argument list read by one grammar: options with their values, operands, and where the options end. What the
//! grammar does not list is an option without a value, or, where the grammar is closed, unresolved.

use crate::model::{Flag, OptionGrammar, Syntax, Tool, Value, Word};

/// An argument list, taken apart.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// Options in order.
    pub flags: Vec<Flag>,
    /// Values of options that take words up to a terminator: the flag's index and the words' indexes.
    pub lists: Vec<(usize, Vec<usize>)>,
    /// Operands in order (indexes into the words).
    pub operands: Vec<usize>,
    /// The first word after the options ended, by `--` or by enough operands.
    pub rest: Option<usize>,
    /// Whether `--` ended them.
    pub dashes: bool,
    /// Options that a closed grammar does not list (indexes into the words).
    pub unlisted: Vec<usize>,
}

/// Most options of one command that are read; what follows them is unresolved.
const MAX_FLAGS: usize = 16_384;
/// Most letters of one word that are read as options.
const MAX_LETTERS: usize = 1024;

/// Where reading stops although words are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Never.
    Never,
    /// Right after this many operands.
    After(usize),
    /// At the first operand after this many; options may still stand before it.
    Before(usize),
}

/// What holds whatever the option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manner {
    /// What an option takes that no grammar lists …
    pub unlisted: Value,
    /// … from so many operands on; before, it takes nothing.
    pub from: usize,
    /// The operand, from 0, that ends the options.
    pub last: Option<usize>,
    /// How many words name the subcommand: before the last of them an option is the program's own if it has such a one.
    pub path: usize,
}

/// Reads `words` (the program first) with the options that apply.
pub(super) fn parsed(
    words: &[Word],
    tool: &Tool,
    [options, general]: [&[&OptionGrammar]; 2],
    manner: &Manner,
    stop: Stop,
) -> Parsed {
    let reader = Reader { tool, options, general, manner };
    let mut parsed = Parsed::default();
    let mut index = 1;
    while let Some(word) = words.get(index) {
        if parsed.flags.len() >= MAX_FLAGS {
            parsed.unlisted.push(index);
            break;
        }
        let dashes = word.text() == Some("--") && tool.syntax != Syntax::Assignments;
        if stop == Stop::After(parsed.operands.len()) || dashes {
            parsed.dashes = dashes;
            // `--` may still stand between the operands and what follows them.
            parsed.rest = Some(if dashes { index + 1 } else { index });
            if dashes && stop == Stop::Never {
                parsed.operands.extend(index + 1..words.len());
            }
            break;
        }
        index = match reader.option(words, index, &mut parsed) {
            Some(next) => next,
            None if stop == Stop::Before(parsed.operands.len()) => {
                parsed.rest = Some(index);
                break;
            }
            None => {
                parsed.operands.push(index);
                let last = tool.syntax == Syntax::First || manner.last.is_some_and(|last| parsed.operands.len() > last);
                if last && stop == Stop::Never {
                    parsed.operands.extend(index + 1..words.len());
                    break;
                }
                index + 1
            }
        };
    }
    parsed
}

struct Reader<'a> {
    tool: &'a Tool,
    options: &'a [&'a OptionGrammar],
    /// Options of the program itself, which are not its subcommand's.
    general: &'a [&'a OptionGrammar],
    manner: &'a Manner,
}

impl Reader<'_> {
    /// Reads the option at `index`, if there is one, and says where to go on.
    fn option(&self, words: &[Word], index: usize, parsed: &mut Parsed) -> Option<usize> {
        let word = words.get(index)?;
        let prefix = std::str::from_utf8(word.prefix()).ok()?;
        if self.tool.syntax == Syntax::Assignments {
            let (name, _) = prefix.split_once('=')?;
            let value = word.without_prefix(name.len() + 1)?;
            let name = self.find(name, parsed).map_or(name, |option| option.name.as_str());
            parsed.flags.push(Flag { name: name.to_owned(), value: Some(value), word: index });
            return Some(index + 1);
        }
        if prefix.starts_with('+') && prefix.len() > 1 {
            return self.plus(words, index, prefix, parsed);
        }
        if !prefix.starts_with('-') || (prefix == "-" && word.is_known()) {
            return None;
        }
        if prefix.starts_with("--") || self.tool.syntax == Syntax::Go {
            return Some(self.long(words, index, prefix, parsed));
        }
        // A short-dash word may be one long option (`-auto-approve`, `-exec`) where the grammar lists it whole.
        let whole = prefix.split('=').next().unwrap_or(prefix);
        if prefix.len() > 2 && self.find(whole, parsed).is_some() {
            return Some(self.long(words, index, prefix, parsed));
        }
        Some(self.cluster(words, index, prefix, parsed))
    }

    /// `+x` of a shell, and `+toolchain` where the grammar lists `+*`.
    fn plus(&self, words: &[Word], index: usize, prefix: &str, parsed: &mut Parsed) -> Option<usize> {
        if self.find("+*", parsed).is_some() {
            parsed.flags.push(Flag { name: "+*".to_owned(), value: None, word: index });
            return Some(index + 1);
        }
        let takes = self.options.iter().any(|option| option.spellings.iter().any(|known| known.starts_with('+')));
        takes.then(|| self.cluster(words, index, prefix, parsed))
    }

    fn long(&self, words: &[Word], index: usize, prefix: &str, parsed: &mut Parsed) -> usize {
        let (spelling, joined) = match prefix.split_once('=') {
            Some((spelling, _)) => (spelling, true),
            None => (prefix, false),
        };
        let option = self.find(spelling, parsed).or_else(|| self.abbreviated(spelling, parsed));
        let name = option.map_or_else(|| self.unlisted_name(spelling), |option| option.name.clone());
        if option.is_none() && self.tool.closed {
            parsed.unlisted.push(index);
        }
        let word = words.get(index);
        if joined {
            let value = word.and_then(|word| word.without_prefix(spelling.len() + 1));
            if let Some(Value::Until(ends)) = option.map(|option| &option.value) {
                return until(words, index, (name, value), ends, parsed);
            }
            parsed.flags.push(Flag { name, value, word: index });
            return index + 1;
        }
        let unlisted = Some(&self.manner.unlisted).filter(|_| parsed.operands.len() >= self.manner.from);
        match option.map(|option| &option.value).or(unlisted) {
            // What looks like an option is no value of one that is not known to need it.
            Some(Value::Needed) if option.is_some() || words.get(index + 1).is_some_and(|next| !is_option(next)) => {
                parsed.flags.push(Flag { name, value: words.get(index + 1).cloned(), word: index });
                index + 2
            }
            Some(Value::Several) => several(words, index, &name, parsed),
            Some(Value::Until(ends)) => until(words, index, (name, None), ends, parsed),
            Some(Value::Needed | Value::No | Value::Joined | Value::Digits) | None => {
                parsed.flags.push(Flag { name, value: None, word: index });
                index + 1
            }
        }
    }

    /// `-abc`: letters without a value, until one that takes the rest of the word or the next word.
    fn cluster(&self, words: &[Word], index: usize, prefix: &str, parsed: &mut Parsed) -> usize {
        let Some(word) = words.get(index) else { return index + 1 };
        let mut taken = 1;
        let sign = prefix.chars().next().unwrap_or('-');
        let letters: Vec<char> = prefix.chars().skip(1).take(MAX_LETTERS + 1).collect();
        let mut number = 0;
        for (position, letter) in letters.iter().copied().enumerate() {
            if position >= MAX_LETTERS {
                parsed.unlisted.push(index);
                break;
            }
            if number > 0 {
                number -= 1;
                taken += letter.len_utf8();
                continue;
            }
            let spelling = format!("{sign}{letter}");
            taken += letter.len_utf8();
            let option = self.find(&spelling, parsed);
            let name = option.map_or_else(|| spelling.clone(), |option| option.name.clone());
            if option.is_none() && self.tool.closed {
                parsed.unlisted.push(index);
            }
            let more = taken < prefix.len() || !word.is_known();
            match option.map(|option| &option.value) {
                // `fd -x`, `python3 -c`: all words up to the end, as with a long spelling; what is joined is the first.
                Some(Value::Until(ends)) => {
                    let joined = more.then(|| word.without_prefix(taken)).flatten();
                    return until(words, index, (name, joined), ends, parsed);
                }
                Some(Value::Needed | Value::Several) if more => {
                    let value = word.without_prefix(taken).map(without_equals);
                    parsed.flags.push(Flag { name, value, word: index });
                    return index + 1;
                }
                Some(Value::Needed) => {
                    parsed.flags.push(Flag { name, value: words.get(index + 1).cloned(), word: index });
                    return index + 2;
                }
                Some(Value::Several) => return several(words, index, &name, parsed),
                Some(Value::Joined) => {
                    let value = more.then(|| word.without_prefix(taken)).flatten();
                    parsed.flags.push(Flag { name, value, word: index });
                    return index + 1;
                }
                Some(Value::Digits) => {
                    let digits = letters.iter().skip(position + 1).take_while(|letter| letter.is_ascii_digit());
                    let digits: String = digits.collect();
                    number = digits.len();
                    let value = Some(Word::exact(digits)).filter(|_| number > 0);
                    parsed.flags.push(Flag { name, value, word: index });
                }
                Some(Value::No) | None => parsed.flags.push(Flag { name, value: None, word: index }),
            }
            if letter == '=' {
                break;
            }
        }
        index + 1
    }

    /// The options that may stand here, the likeliest first.
    fn reach(&self, parsed: &Parsed) -> impl Iterator<Item = &OptionGrammar> {
        let before = parsed.operands.len() < self.manner.path;
        let general = if before { self.general } else { &[] };
        general.iter().chain(self.options).copied()
    }

    fn find(&self, spelling: &str, parsed: &Parsed) -> Option<&OptionGrammar> {
        let same = |option: &&OptionGrammar| option.spellings.iter().any(|known| self.same(known, spelling));
        self.reach(parsed).find(same)
    }

    /// Where one dash or two are equal, so are the names without them.
    fn same(&self, known: &str, spelling: &str) -> bool {
        known == spelling
            || (self.tool.syntax == Syntax::Go && known.trim_start_matches('-') == spelling.trim_start_matches('-'))
    }

    /// A name that only one listed long option begins with (GNU `getopt_long`).
    fn abbreviated(&self, spelling: &str, parsed: &Parsed) -> Option<&OptionGrammar> {
        if !self.tool.abbreviations || spelling.len() < 3 {
            return None;
        }
        let begins = |option: &&OptionGrammar| option.spellings.iter().any(|known| known.starts_with(spelling));
        // Of several the program itself would refuse the word, and the first is as good a reading as any.
        self.reach(parsed).find(begins)
    }

    fn unlisted_name(&self, spelling: &str) -> String {
        match self.tool.syntax {
            Syntax::Go => format!("-{}", spelling.trim_start_matches('-')),
            Syntax::Gnu | Syntax::First | Syntax::Assignments => spelling.to_owned(),
        }
    }
}

/// Takes the words up to a terminator for the option at `index`, and says where to go on. Where nothing ends them, the
/// first is the option's value and the others are what it works on (`python3 -c CODE ARG…`).
fn until(
    words: &[Word],
    index: usize,
    (name, joined): (String, Option<Word>),
    ends: &[String],
    parsed: &mut Parsed,
) -> usize {
    let mut end = index + 1;
    while words.get(end).is_some_and(|word| !ends.iter().any(|stop| word.text() == Some(stop))) {
        end += 1;
    }
    let apart = joined.is_none() && ends.is_empty();
    let value = if apart { words.get(index + 1).cloned() } else { joined };
    parsed.lists.push((parsed.flags.len(), (index + 1 + usize::from(apart)..end).collect()));
    parsed.flags.push(Flag { name, value, word: index });
    end + 1
}

/// Takes the words up to the next option for the option at `index`, each as a value of its own, and says where to go on.
fn several(words: &[Word], index: usize, name: &str, parsed: &mut Parsed) -> usize {
    let mut end = index + 1;
    while let Some(value) = words.get(end).filter(|word| !is_option(word)) {
        // The first stands with its option, each other one in a word that is nothing but the value.
        let word = if end == index + 1 { index } else { end };
        parsed.flags.push(Flag { name: name.to_owned(), value: Some(value.clone()), word });
        end += 1;
    }
    if end == index + 1 {
        parsed.flags.push(Flag { name: name.to_owned(), value: None, word: index });
    }
    end
}

/// Whether a word would be read as an option: a dash, and no negative number.
pub(super) fn is_option(word: &Word) -> bool {
    match word.prefix() {
        [b'-'] => !word.is_known(),
        [b'-', next, ..] => !next.is_ascii_digit(),
        _ => false,
    }
}

fn without_equals(word: Word) -> Word {
    if word.prefix().first() == Some(&b'=') { word.without_prefix(1).unwrap_or(word) } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Manner = Manner { unlisted: Value::No, from: 0, last: None, path: 0 };

    fn option(spellings: &[&str], value: Value) -> OptionGrammar {
        let spellings: Vec<String> = spellings.iter().map(|spelling| (*spelling).to_owned()).collect();
        let long = spellings.iter().find(|spelling| spelling.starts_with("--"));
        let name = long.unwrap_or(&spellings[0]).clone();
        OptionGrammar { name, spellings, value, role: None }
    }

    fn read(line: &str, syntax: Syntax, stop: Stop) -> String {
        let words: Vec<Word> = line.split(' ').map(Word::exact).collect();
        let tool = Tool { syntax, abbreviations: true, ..Tool::default() };
        let options = [
            option(&["-n", "--namespace"], Value::Needed),
            option(&["-r", "--recursive"], Value::No),
            option(&["--exec-path"], Value::Joined),
            option(&["-exec"], Value::Until(vec![";".into(), "+".into()])),
        ];
        let options: Vec<&OptionGrammar> = options.iter().collect();
        let parsed = parsed(&words, &tool, [&options, &[]], &NONE, stop);
        let shown = |word: &Option<Word>| word.as_ref().map_or(String::new(), |w| format!("={}", w.text().unwrap()));
        let flags: Vec<String> =
            parsed.flags.iter().map(|flag| format!("{}{}", flag.name, shown(&flag.value))).collect();
        let operands: Vec<&str> = parsed.operands.iter().map(|&index| words[index].text().unwrap()).collect();
        let rest = parsed.rest.map(|rest| rest.to_string()).unwrap_or_default();
        format!("{} | {} | {rest}", flags.join(" "), operands.join(" "))
    }

    #[test]
    fn options_are_read_as_the_program_reads_them() {
        for (line, expected) in [
            ("k get -nprod pods", "--namespace=prod | get pods | "),
            ("k --namespace=prod get", "--namespace=prod | get | "),
            ("k -rn prod get", "--recursive --namespace=prod | get | "),
            ("k --name prod get", "--namespace=prod | get | "),
            ("k --rec get -- -n x", "--recursive | get -n x | 4"),
            ("k --exec-path x get", "--exec-path | x get | "),
            ("k -n", "--namespace | "),
            ("find . -exec rm -r {} ; -r", "-exec --recursive | . | "),
            ("k - x", " | - x | "),
        ] {
            assert!(
                read(line, Syntax::Gnu, Stop::Never).starts_with(expected),
                "{line}: {}",
                read(line, Syntax::Gnu, Stop::Never)
            );
        }
    }

    #[test]
    fn the_first_operand_ends_the_options_of_a_wrapper() {
        assert_eq!(read("nice -r rm -n x", Syntax::First, Stop::Never), "--recursive | rm -n x | ");
        assert_eq!(read("ssh -n a host rm -n", Syntax::First, Stop::After(1)), "--namespace=a | host | 4");
        assert_eq!(read("k exec pod -- rm -n", Syntax::Gnu, Stop::After(2)), " | exec pod | 4");
        let words: Vec<Word> = "tf state rm -r a -r".split(' ').map(Word::exact).collect();
        let last = Manner { last: Some(2), ..NONE };
        let read_last = parsed(&words, &Tool::default(), [&[], &[]], &last, Stop::Never);
        assert_eq!(
            (read_last.flags.len(), read_last.operands.len()),
            (1, 4),
            "what follows the first operand is one too"
        );
        assert_eq!(read("k exec pod -r rm -n", Syntax::Gnu, Stop::Before(2)), "--recursive | exec pod | 4");
    }

    #[test]
    fn a_letter_takes_all_words_up_to_the_end_too() {
        let words: Vec<Word> = "fd . -Hx rm -r ; -n".split(' ').map(Word::exact).collect();
        let take = option(&["-x", "--exec"], Value::Until(vec![";".into()]));
        let parsed = parsed(&words, &Tool::default(), [&[&take], &[]], &NONE, Stop::Never);
        assert_eq!((parsed.operands.as_slice(), parsed.lists.as_slice()), (&[1][..], &[(1, vec![3, 4])][..]));
        assert_eq!(parsed.flags.iter().map(|flag| flag.name.as_str()).collect::<Vec<_>>(), ["-H", "--exec", "-n"]);
        let words: Vec<Word> = "python3 -cexit() --version".split(' ').map(Word::exact).collect();
        let code = option(&["-c"], Value::Until(Vec::new()));
        let parsed = super::parsed(&words, &Tool::default(), [&[&code], &[]], &NONE, Stop::Never);
        assert_eq!(
            (parsed.flags.len(), parsed.lists.as_slice()),
            (1, &[(0, vec![2])][..]),
            "what follows is the code's"
        );
        assert_eq!(parsed.flags[0].value.as_ref().and_then(Word::text), Some("exit()"));
    }

    #[test]
    fn more_options_than_are_read_are_unresolved() {
        let letters = vec![format!("-{}", "x".repeat(MAX_LETTERS + 1))];
        for (words, most) in [(letters, MAX_LETTERS), (vec!["--x".to_owned(); MAX_FLAGS + 1], MAX_FLAGS)] {
            let words: Vec<Word> = std::iter::once("k".to_owned()).chain(words).map(Word::exact).collect();
            let parsed = super::parsed(&words, &Tool::default(), [&[], &[]], &NONE, Stop::Never);
            assert_eq!((parsed.flags.len(), parsed.unlisted.len()), (most, 1));
        }
    }

    #[test]
    fn one_dash_or_two_are_equal_for_go() {
        assert_eq!(
            read("tf destroy -auto-approve --recursive", Syntax::Go, Stop::Never),
            "-auto-approve --recursive | destroy | "
        );
        assert_eq!(read("tf --auto-approve", Syntax::Go, Stop::Never), "-auto-approve |  | ");
    }

    #[test]
    fn assignments_are_options_of_dd() {
        assert_eq!(
            read("dd if=/dev/zero of=/dev/sda", Syntax::Assignments, Stop::Never),
            "if=/dev/zero of=/dev/sda |  | "
        );
    }

    #[test]
    fn an_unlisted_option_takes_its_values_once_the_subcommand_is_named() {
        let tool = Tool { valued: true, ..Tool::default() };
        let dry = option(&["--dry-run"], Value::No);
        let shown = |line: &str, value: Value| {
            let words: Vec<Word> = line.split(' ').map(Word::exact).collect();
            let parsed =
                super::parsed(&words, &tool, [&[&dry], &[]], &Manner { unlisted: value, from: 2, ..NONE }, Stop::Never);
            let text = |index: usize| words[index].text().unwrap().to_owned();
            let flag = |flag: &Flag| {
                let value = flag.value.as_ref().and_then(Word::text).unwrap_or("");
                format!("{}={value}@{}", flag.name, flag.word)
            };
            let flags: Vec<String> = parsed.flags.iter().map(flag).collect();
            let operands: Vec<String> = parsed.operands.iter().map(|&index| text(index)).collect();
            format!("{} | {}", flags.join(" "), operands.join(" "))
        };
        assert_eq!(
            shown("aws --new ec2 stop --ids i-1 i-2 --dry-run --min -1", Value::Several),
            "--new=@1 --ids=i-1@4 --ids=i-2@6 --dry-run=@7 --min=-1@8 | ec2 stop"
        );
        assert_eq!(
            shown("aws s3api get --key k out --new --if=x", Value::Needed),
            "--key=k@3 --new=@6 --if=x@7 | s3api get out"
        );
    }
}

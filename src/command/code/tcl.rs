//! Tcl and Expect: commands of words, with commands in brackets and scripts in braces.

use super::effects::Effect;
use crate::model::{Hole, Piece, Word};

/// What Tcl code does.
pub(super) fn tcl(code: &str, depth: usize) -> Vec<Effect> {
    let mut found = Vec::new();
    if depth > 6 {
        return vec![Effect::Reach("code in code in code".to_owned())];
    }
    for words in commands(code) {
        command(&words, depth, &mut found);
    }
    found
}

/// One word: its text, and whether it stood in braces or holds what is put in at run time.
struct Part {
    text: String,
    braced: bool,
    constant: bool,
    inner: Vec<String>,
}

fn command(words: &[Part], depth: usize, found: &mut Vec<Effect>) {
    for inner in words.iter().filter(|word| !word.braced).flat_map(|word| &word.inner) {
        found.extend(tcl(inner, depth + 1));
    }
    let Some((name, rest)) = words.split_first() else { return };
    let argv = |words: &[Part]| words.iter().filter(|word| !word.text.starts_with("<@")).map(word).collect::<Vec<_>>();
    if !name.constant {
        return found.push(Effect::Reach("a command whose name is built".to_owned()));
    }
    match name.text.trim_start_matches(':') {
        "exec" => {
            let rest: Vec<Word> = argv(rest)
                .into_iter()
                .skip_while(|word| matches!(word.text(), Some("-ignorestderr" | "-keepnewline" | "--")))
                .collect();
            let shell: Vec<&str> = rest.iter().filter_map(Word::text).collect();
            if shell.len() == rest.len()
                && shell.iter().any(|word| ["|", ">", "<", ">>", "2>", "&"].iter().any(|mark| word.starts_with(mark)))
            {
                found.push(Effect::Shell(Word::exact(shell.join(" "))));
            } else {
                found.push(Effect::Argv(rest));
            }
        }
        "spawn" => found.push(Effect::Argv(argv(rest))),
        "send" | "send_user" | "exp_send" if name.text != "send_user" => match rest.last() {
            Some(last) if last.constant => {
                found.push(Effect::Shell(Word::exact(last.text.replace("\\r", "\n").replace("\\n", "\n"))));
            }
            _ => found.push(Effect::Reach("send".to_owned())),
        },
        "interact" | "socket" | "load" | "source" | "vwait" | "system" | "package"
            if name.text != "package" || rest.first().is_some_and(|word| word.text == "ifneeded") =>
        {
            found.push(Effect::Reach(name.text.clone()));
        }
        "file" => file(rest, found),
        "open" => match rest.first() {
            Some(path) if path.text.trim_start().starts_with('|') => {
                found.push(Effect::Shell(Word::exact(path.text.trim().trim_start_matches('|'))))
            }
            Some(path) if rest.get(1).is_some_and(|mode| mode.text.contains(['w', 'a', '+'])) => {
                found.push(Effect::Write(word(path)))
            }
            Some(path) if path.constant => found.push(Effect::Read(word(path))),
            _ => {}
        },
        "eval" | "uplevel" | "subst" | "after" | "time" | "catch" | "if" | "while" | "foreach" | "for" | "proc"
        | "switch" | "namespace" | "try" | "expect" | "lmap" | "apply" | "dict" | "interp" => {
            let code = matches!(name.text.as_str(), "eval" | "uplevel" | "subst" | "interp");
            if code && rest.iter().any(|word| !word.constant) {
                return found.push(Effect::Reach(name.text.clone()));
            }
            if code && rest.len() > 1 {
                let joined: Vec<&str> = rest.iter().map(|word| word.text.as_str()).collect();
                return found.extend(tcl(&joined.join(" "), depth + 1));
            }
            for (at, body) in rest.iter().enumerate().filter(|(_, word)| word.braced || code) {
                // Conditions are no commands, but what stands in brackets in them is.
                let after = at.checked_sub(1).and_then(|before| rest.get(before)).map(|before| before.text.as_str());
                let condition = match name.text.as_str() {
                    "if" => at == 0 || after == Some("elseif"),
                    "while" => at == 0,
                    "for" => at == 1,
                    _ => false,
                };
                if condition {
                    condition_commands(&body.text, depth, found);
                } else {
                    found.extend(tcl(&body.text, depth + 1));
                }
            }
        }
        "expr" => {
            for word in rest.iter().filter(|word| word.braced) {
                condition_commands(&word.text, depth, found);
            }
        }
        "exp_spawn" | "overlay" => found.push(Effect::Argv(argv(rest))),
        // In `tclsh` a name that is no command is none; what `unknown` would run it asks a terminal for.
        _ => {}
    }
}

fn condition_commands(text: &str, depth: usize, found: &mut Vec<Effect>) {
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '[' {
            found.extend(tcl(&nested(&mut letters, '[', ']'), depth + 1));
        }
    }
}

fn file(rest: &[Part], found: &mut Vec<Effect>) {
    let like: &[&str] = match rest.first().map(|word| word.text.as_str()) {
        Some("delete") => &["rm", "-rf"],
        Some("rename") => &["mv"],
        Some("copy") => &["cp", "-r"],
        Some("link") => &["ln", "-s"],
        Some("attributes") if rest.len() > 2 => return found.push(Effect::Reach("file attributes".to_owned())),
        _ => return,
    };
    let operands = rest.iter().skip(1).filter(|word| !word.text.starts_with('-')).map(word);
    found.push(Effect::Argv(like.iter().map(Word::exact).chain(operands).collect()));
}

fn word(part: &Part) -> Word {
    if part.constant {
        return Word::exact(part.text.as_str());
    }
    let known: String = part.text.chars().take_while(|letter| !matches!(letter, '$' | '[')).collect();
    Word::of(
        [Piece::Text(known.into()), Piece::Hole(Hole::Substitution)]
            .into_iter()
            .filter(|piece| !matches!(piece, Piece::Text(text) if text.is_empty())),
    )
}

/// The commands of a script, as words.
fn commands(code: &str) -> Vec<Vec<Part>> {
    let mut commands = vec![Vec::new()];
    let mut letters = code.chars().peekable();
    while let Some(&next) = letters.peek() {
        if matches!(next, '\n' | ';') {
            letters.next();
            commands.push(Vec::new());
        } else if next.is_whitespace() {
            letters.next();
        } else if next == '#' && commands.last().is_some_and(Vec::is_empty) {
            while letters.next_if(|letter| *letter != '\n').is_some() {}
        } else if let Some(last) = commands.last_mut() {
            last.push(part(&mut letters));
        }
    }
    commands.retain(|words| !words.is_empty());
    commands
}

fn part(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Part {
    let mut part = Part { text: String::new(), braced: false, constant: true, inner: Vec::new() };
    let quote = match letters.peek() {
        Some('{') => {
            letters.next();
            part.braced = true;
            part.text = nested(letters, '{', '}');
            return part;
        }
        Some('"') => letters.next(),
        _ => None,
    };
    while let Some(&next) = letters.peek() {
        match next {
            '"' if quote.is_some() => {
                letters.next();
                break;
            }
            '[' => {
                letters.next();
                let inner = nested(letters, '[', ']');
                part.constant = false;
                part.text.push('[');
                part.inner.push(inner);
            }
            '\\' => {
                letters.next();
                match letters.next() {
                    Some('n' | 'r') => part.text.push('\n'),
                    other => part.text.extend(other),
                }
            }
            '\n' | ';' if quote.is_none() => break,
            blank if blank.is_whitespace() && quote.is_none() => break,
            other => {
                part.constant &= other != '$';
                part.text.push(other);
                letters.next();
            }
        }
    }
    part
}

fn nested(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, open: char, close: char) -> String {
    let mut text = String::new();
    let mut depth = 0_usize;
    while let Some(next) = letters.next() {
        match next {
            '\\' => {
                text.push(next);
                text.extend(letters.next());
                continue;
            }
            next if next == open => depth += 1,
            next if next == close => {
                if depth == 0 {
                    break;
                }
                depth -= 1;
            }
            _ => {}
        }
        text.push(next);
    }
    text
}

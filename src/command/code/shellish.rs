//! PowerShell: a shell whose own commands are told apart by their verb.

use super::effects::Effect;
use super::small::split;
use crate::model::{Hole, Piece, Word};

/// What PowerShell code does.
pub(super) fn powershell(code: &str) -> Vec<Effect> {
    let mut found = Vec::new();
    for line in code.lines() {
        let line = split(line, '#').into_iter().next().unwrap_or_default();
        let parts = ["$(", "@(", "{", "}", "(", ")", "&&", "||"].iter().fold(line, |line, mark| outside(&line, mark));
        for statement in split(&parts, ';').iter().flat_map(|part| split(part, '|')) {
            command(statement.trim(), &mut found);
        }
    }
    found
}

/// A line with a mark outside quotes replaced by the end of a statement.
fn outside(line: &str, mark: &str) -> String {
    let mut text = String::new();
    let mut quote = None;
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        if quote.is_none()
            && let Some(after) = rest.strip_prefix(mark)
        {
            text.push(';');
            rest = after;
            continue;
        }
        match letter {
            '"' | '\'' if quote == Some(letter) => quote = None,
            '"' | '\'' if quote.is_none() => quote = Some(letter),
            _ => {}
        }
        text.push(letter);
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    text
}

fn command(statement: &str, found: &mut Vec<Effect>) {
    // What is assigned runs as well.
    let statement = match statement.split_once('=') {
        Some((name, value)) if name.trim_start().starts_with('$') && !name.trim().contains(' ') => value.trim(),
        _ => statement,
    };
    let lower = statement.to_ascii_lowercase();
    for reaching in [
        "]::delete",
        "]::writeall",
        "]::appendall",
        "]::start",
        "downloadstring",
        "downloadfile",
        "invokescript",
        "]::move",
        "frombase64string",
        "reflection.assembly",
        "net.sockets",
        "net.webclient",
        "add-type",
    ] {
        if lower.contains(reaching) && !statement.starts_with(['"', '\'']) {
            return found.push(Effect::Reach(reaching.trim_start_matches("]::").to_owned()));
        }
    }
    let words = words(statement);
    let Some((name, rest)) = words.split_first() else { return };
    let (name, rest) = match (name.text(), rest.split_first()) {
        (Some("&" | "."), Some((name, rest))) => (name, rest),
        _ => (name, rest),
    };
    if statement.starts_with(['"', '\'', '$', '[', '-']) && !statement.starts_with("$(") {
        return;
    }
    let Some(called) = name.text() else {
        return found.push(Effect::Reach("a command whose name is built".to_owned()));
    };
    let lower = called.to_ascii_lowercase();
    let operands = || rest.iter().filter(|word| !word.prefix().starts_with(b"-")).cloned();
    let like = |words: &[&str]| Effect::Argv(words.iter().map(Word::exact).chain(operands()).collect());
    match lower.as_str() {
        "remove-item" | "ri" | "rm" | "rmdir" | "del" | "erase" | "rd" | "clear-content" => {
            found.push(like(&["rm", "-rf"]))
        }
        "move-item" | "mi" | "mv" | "move" | "rename-item" | "ren" => found.push(like(&["mv"])),
        "copy-item" | "cp" | "copy" | "cpi" => found.push(like(&["cp", "-r"])),
        "get-content" | "gc" | "cat" | "type" => found.push(like(&["cat"])),
        "set-content" | "sc" | "add-content" | "ac" | "out-file" | "tee-object" | "new-item" | "ni" | "export-csv" => {
            if let Some(path) = operands().next() {
                found.push(Effect::Write(path));
            }
        }
        "invoke-webrequest" | "iwr" | "invoke-restmethod" | "irm" | "curl" | "wget"
            if !rest.iter().any(|word| word.prefix().starts_with(b"-")) =>
        {
            found.push(like(&["curl"]));
        }
        "if" | "else" | "elseif" | "foreach" | "for" | "while" | "switch" | "return" | "function" | "param" | "try"
        | "catch" | "finally" | "echo" | "write" | "exit" | "ls" | "dir" | "gci" | "gi" | "pwd" | "sls" | "ps"
        | "gps" | "gsv" | "gm" | "fl" | "ft" | "fw" | "measure" | "select" | "sort" | "where" | "group" | "cd"
        | "sl" | "break" | "continue" | "%" | "?" | "in" | "oh" => {}
        cmdlet
            if cmdlet.contains('-') && cmdlet.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') =>
        {
            let verb = cmdlet.split('-').next().unwrap_or_default();
            let quiet = [
                "get",
                "measure",
                "select",
                "where",
                "foreach",
                "sort",
                "format",
                "write",
                "test",
                "convertto",
                "convertfrom",
                "compare",
                "group",
                "import",
                "resolve",
                "split",
                "join",
                "out",
                "show",
                "find",
                "search",
                "tee",
                "new",
                "wait",
                "trace",
                "use",
                "push",
                "pop",
            ];
            let secret = [
                "get-credential",
                "get-secret",
                "import-module",
                "new-service",
                "new-localuser",
                "new-scheduledtask",
                "new-aduser",
                "new-object",
            ];
            if !quiet.contains(&verb)
                && cmdlet != "set-location"
                && cmdlet != "set-strictmode"
                && cmdlet != "set-variable"
                && verb != "start-sleep"
                && cmdlet != "start-sleep"
                && cmdlet != "invoke-pester"
                || secret.contains(&cmdlet) && cmdlet != "import-module"
            {
                found.push(Effect::Reach(called.to_owned()));
            }
        }
        "iex" | "icm" | "saps" | "start" | "spps" | "kill" | "sasv" | "spsv" | "ipmo" => {
            found.push(Effect::Reach(called.to_owned()))
        }
        known
            if !known.is_empty()
                && known.chars().all(|letter| letter.is_ascii_alphanumeric() || "_./\\".contains(letter))
                && !known.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            found.push(Effect::Argv(std::iter::once(name.clone()).chain(rest.iter().cloned()).collect()));
        }
        _ => {}
    }
}

/// The words of a statement; a variable is not known.
fn words(statement: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut text, mut quote, mut started, mut hole) = (String::new(), None, false, false);
    let mut push = |text: &mut String, hole: &mut bool| {
        let pieces = [Piece::Text(std::mem::take(text).into())].into_iter();
        words.push(match std::mem::take(hole) {
            true => Word::of(
                pieces
                    .filter(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()))
                    .chain([Piece::Hole(Hole::Substitution)]),
            ),
            false => Word::of(pieces),
        });
    };
    for letter in statement.chars() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '"' | '\'') => (quote, started) = (Some(letter), true),
            (None, blank) if blank.is_whitespace() || blank == ',' => {
                if started {
                    push(&mut text, &mut hole);
                }
                started = false;
            }
            (_, '$') if quote != Some('\'') => (hole, started) = (true, true),
            (_, letter) => {
                started = true;
                if !hole {
                    text.push(letter);
                }
            }
        }
    }
    if started {
        push(&mut text, &mut hole);
    }
    words
}

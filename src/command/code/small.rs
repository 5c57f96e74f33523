//! Languages that are lines of commands: Tcl and Expect, editors, debuggers, jq; and PowerShell.

use super::effects::{Effect, effects};
use super::language::Language;
use crate::model::Word;

/// What lines of an editor do.
pub(super) fn vim(code: &str) -> Vec<Effect> {
    let mut found = Vec::new();
    for line in code.lines().flat_map(|line| split(line, '|')) {
        let line = line.trim().trim_start_matches([':', ' ']);
        let command = modified(line);
        let line = command.trim_start_matches(|letter: char| letter.is_ascii_digit() || ",.$%;'<>+-".contains(letter));
        let name: String = line.chars().take_while(|letter| letter.is_ascii_alphabetic()).collect();
        let rest = line.get(name.len()..).unwrap_or_default().trim();
        let words = rest.trim_start_matches('!').trim();
        if let Some(shell) = line.strip_prefix('!') {
            found.push(Effect::Shell(Word::exact(shell)));
            continue;
        }
        match name.as_str() {
            "r" | "read" | "w" | "write" | "te" | "term" | "terminal" | "sil" if rest.starts_with('!') => {
                found.push(Effect::Shell(Word::exact(words)));
            }
            "te" | "ter" | "term" | "terminal" => found.push(Effect::Shell(Word::exact(words))),
            "w" | "write" | "sav" | "saveas" | "wq" | "x" if !words.is_empty() => {
                found.push(Effect::Write(Word::exact(words)))
            }
            "r" | "read" | "e" | "edit" if !words.is_empty() => found.push(Effect::Read(Word::exact(words))),
            "py" | "pyt" | "python" | "py3" | "python3" | "pyx" | "pythonx" => {
                found.extend(effects(words, Language::Python, false))
            }
            "lua" => found.extend(lua(words)),
            "rub" | "ruby" => found.extend(effects(words, Language::Ruby, false)),
            "perl" | "pe" => found.extend(effects(words, Language::Perl, false)),
            "so" | "source" | "ru" | "runtime" | "pyf" | "pyfile" | "luafile" | "luaf" | "mak" | "make" | "grep"
            | "sh" | "shell" | "sus" | "suspend" | "packadd" | "exe" | "execute" | "tcl" | "mz" | "mzscheme" => {
                found.push(Effect::Reach(name))
            }
            _ if calls(
                line,
                &[
                    "system(",
                    "systemlist(",
                    "job_start(",
                    "jobstart(",
                    "termopen(",
                    "term_start(",
                    "delete(",
                    "writefile(",
                    "libcall(",
                    "luaeval(",
                    "py3eval(",
                    "pyeval(",
                    "rename(",
                ],
            ) =>
            {
                found.push(Effect::Reach("a function that reaches out".to_owned()));
            }
            "g" | "global" | "v" => {
                if let Some((_, last)) = rest.rsplit_once('/') {
                    found.extend(vim(last));
                }
            }
            _ => {}
        }
    }
    found
}

/// A command without `silent`, `keepalt` and the like before it.
fn modified(line: &str) -> &str {
    let mut line = line;
    loop {
        let word: String = line.chars().take_while(|letter| letter.is_ascii_alphabetic()).collect();
        let whole = [
            "silent",
            "noautocmd",
            "keepalt",
            "keepjumps",
            "keeppatterns",
            "verbose",
            "vertical",
            "botright",
            "topleft",
            "tab",
            "confirm",
            "unsilent",
        ];
        if word.len() < 3 || !whole.iter().any(|one| one.starts_with(&word)) {
            return line;
        }
        line = line.get(word.len()..).unwrap_or_default().trim_start_matches('!').trim_start();
        if line.is_empty() {
            return line;
        }
    }
}

fn lua(code: &str) -> Vec<Effect> {
    effects(code, Language::Lua, false)
}

/// Whether one of these stands in a line outside quotes.
fn calls(line: &str, names: &[&str]) -> bool {
    let code: String = split(line, '"').into_iter().step_by(2).collect();
    let code: String = split(&code, '\'').into_iter().step_by(2).collect();
    names.iter().any(|name| code.contains(name))
}

/// What lines of a debugger do.
pub(super) fn gdb(code: &str) -> Vec<Effect> {
    let mut found = Vec::new();
    for line in code.lines().map(str::trim) {
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match name {
            "shell" | "make" | "she" | "shel" | "platform" => found.push(Effect::Shell(Word::exact(rest))),
            "python" | "py" | "python-interactive" | "pi" | "script" => {
                found.extend(effects(rest, Language::Python, false))
            }
            "source" | "so" | "command" | "guile" | "gu" | "compile" | "generate-core-file" | "gcore" | "dump"
            | "restore" | "attach" | "set" | "jump" | "target"
                if !(name == "set" && quiet_setting(rest)) && name != "command" =>
            {
                found.push(Effect::Reach(name.to_owned()));
            }
            "call" | "print" | "p" | "inspect" | "output" | "expression" | "expr" | "eval" | "printf"
                if calls(
                    rest,
                    &[
                        "system(", "system (", "exec", "popen(", "unlink(", "remove(", "dlopen(", "kill(", "open(",
                        "setuid(",
                    ],
                ) =>
            {
                found.push(Effect::Reach("a function of the program".to_owned()));
            }
            "pipe" | "|" => found.push(Effect::Shell(Word::exact(rest.rsplit('|').next().unwrap_or_default()))),
            _ if line.starts_with('!') => found.push(Effect::Shell(Word::exact(line.trim_start_matches('!')))),
            _ => {}
        }
    }
    found
}

fn quiet_setting(rest: &str) -> bool {
    let word = rest.split_whitespace().next().unwrap_or_default();
    [
        "pagination",
        "print",
        "confirm",
        "width",
        "height",
        "style",
        "logging",
        "disassembly-flavor",
        "args",
        "breakpoint",
        "debuginfod",
        "verbose",
        "sysroot",
        "solib-search-path",
        "auto-load",
    ]
    .contains(&word)
}

/// Variables of the environment that a jq program reads.
pub(super) fn jq(code: &str) -> Vec<Effect> {
    let tokens = super::lexer::tokens(code, Language::Jq).unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = tokens.as_slice();
    let mut field = false;
    while let Some((token, after)) = rest.split_first() {
        use super::lexer::Token::{Mark, Name, Text};
        if !field && matches!(token, Name(name) if name == "env" || name == "$ENV") {
            match after {
                [Mark("."), Name(variable), ..] => found.push(variable_read(variable)),
                [Mark("." | "["), Text(parts), ..] | [Mark("."), Mark("["), Text(parts), ..] => {
                    let known: String = parts.iter().filter_map(super::quoted::Part::known).collect();
                    found.push(variable_read(&known));
                }
                _ => found.push(Effect::Argv(vec![Word::exact("printenv")])),
            }
        }
        if matches!(token, Name(name) if matches!(name.as_str(), "load" | "load_str" | "system" | "exec" | "env_op"))
            && matches!(after, [Mark("("), ..])
        {
            found.push(Effect::Reach("load".to_owned()));
        }
        field = *token == Mark(".");
        rest = after;
    }
    found
}

fn variable_read(name: &str) -> Effect {
    Effect::Argv(vec![Word::exact("printenv"), Word::exact(name)])
}

/// Parts of a line at a character outside quotes.
pub(super) fn split(line: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    let mut escaped = false;
    for letter in line.chars() {
        let cuts = letter == at && !escaped && (quote.is_none() || at == '"' || at == '\'');
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' | '\'' if quote == Some(letter) => quote = None,
            '"' | '\'' if quote.is_none() && at != '"' && at != '\'' => quote = Some(letter),
            _ => {}
        }
        if cuts {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
    }
    parts
}

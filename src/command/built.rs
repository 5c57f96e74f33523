//! Files that a build or a test reads by itself: what a script wrote into one of them runs with it. Its shell lines are
//! read like any others, code of a known language too; of another language only what reaches out of it is looked for.

use crate::model::{Tool, UnresolvedKind, Word};

use super::arguments::{Taken, inside};
use super::code;
use super::made::Made;
use super::reading::{Place, Reader};

const MADE: &str = "a file that is made by what runs before it";
/// What reaches out of a program that is compiled first, in Go, Rust and CMake.
const REACHES: [&str; 31] = [
    "os.Remove",
    "os.Rename",
    "os.WriteFile",
    "os.Create",
    "os.OpenFile",
    "os.Chmod",
    "os.Chown",
    "os.Symlink",
    "os.Truncate",
    "ioutil.WriteFile",
    "exec.Command",
    "syscall.",
    "unsafe",
    "import \"C\"",
    "http.Post",
    "net.Dial",
    "plugin.Open",
    "remove_dir",
    "remove_file",
    "fs::write",
    "fs::rename",
    "File::create",
    "set_permissions",
    "Command::new",
    "TcpStream",
    "libc::",
    "execute_process",
    "file(REMOVE",
    "file(WRITE",
    "file(DOWNLOAD",
    "std::fs::copy",
];

/// Reads what was made of the files that the command at `index` reads by itself.
pub(super) fn follow(reader: &mut Reader<'_>, index: usize, tool: &Tool, taken: &Taken, place: &Place) {
    if reader.made.is_empty() || place.remote.is_some() {
        return;
    }
    let patterns: Vec<&String> = taken.bodies(tool).flat_map(|body| &body.builds).collect();
    let Some(command) = reader.reading.commands.get(index).filter(|_| !patterns.is_empty()) else { return };
    let subcommand = command.words.get(1).and_then(Word::text).unwrap_or_default().to_owned();
    let names: Vec<String> = command.words.iter().skip(1).filter_map(Word::text).map(str::to_owned).collect();
    let inside = inside(command, taken, tool, place);
    let Some(directory) = &inside.directory else { return };
    let named = |name: &str| patterns.iter().any(|pattern| fits(pattern, name));
    let files: Vec<(String, Vec<Made>)> = reader
        .made
        .iter()
        .filter(|(path, _)| path.starts_with(directory))
        .filter_map(|(path, made)| Some((path.file_name()?.to_str()?.to_owned(), made.clone())))
        .filter(|(name, _)| named(name))
        .collect();
    for (name, made) in files {
        match made.as_slice() {
            [Made::Text(text)] => {
                let text = Text { name: &name, text, subcommand: &subcommand, names: &names };
                read(reader, &text, index, &inside);
            }
            [] => {}
            _ => reader.unresolved(UnresolvedKind::Code, Some(index), MADE),
        }
    }
}

/// Reads a file of code that an option names, where it was made.
pub(super) fn file(reader: &mut Reader<'_>, file: &Word, index: usize, place: &Place) {
    match reader.written(file, place) {
        Some(Made::Text(text)) => reader.code(&Word::exact(text), index, place),
        Some(Made::Copy(_) | Made::Unknown) => reader.unresolved(UnresolvedKind::Code, Some(index), MADE),
        None => {}
    }
}

/// A file, and the command that reads it.
struct Text<'a> {
    name: &'a str,
    text: &'a str,
    subcommand: &'a str,
    names: &'a [String],
}

fn read(reader: &mut Reader<'_>, file: &Text<'_>, index: usize, place: &Place) {
    let shell = match file.name.rsplit('.').next().unwrap_or_default() {
        "json" => scripts(file),
        "py" => return code::read_as(reader, file.text, "python3", index, place),
        "yml" | "yaml" => listed(file.text),
        "ninja" => after(file.text, &["command"], '='),
        "go" | "rs" | "cmake" | "txt" => {
            if let Some(reach) = REACHES.iter().find(|reach| file.text.contains(**reach)) {
                reader.unresolved(UnresolvedKind::Code, Some(index), &format!("code that uses {reach}"));
            }
            let generates = file.subcommand == "generate";
            file.text
                .lines()
                .filter_map(|line| line.strip_prefix("//go:generate "))
                .filter(|_| generates)
                .map(str::to_owned)
                .collect()
        }
        _ if file.name.eq_ignore_ascii_case("rakefile") => {
            // Rake's own word for it.
            return code::read_as(reader, &file.text.replace(" sh ", " system "), "ruby", index, place);
        }
        _ => recipes(file.text),
    };
    for line in shell {
        reader.script(&Word::exact(line), "sh", &[], place);
    }
}

/// What make sets by itself.
const SET: &str = "CC=cc\nCXX=c++\nLD=ld\nAR=ar\nAS=as\nMAKE=make\nRM='rm -f'\nINSTALL=install\n";

/// The lines of recipes as one script, as the shell gets them: without the marks of make, its own variables as the
/// shell's.
fn recipes(text: &str) -> Vec<String> {
    let mut script = SET.to_owned();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        if line.starts_with(['\t', ' ']) {
            script.push_str(&spelled(line.trim_start().trim_start_matches(['@', '-', '+'])));
        } else if let Some((name, value)) = line.split_once('=').filter(|_| !line.contains("\"")) {
            let name = name.trim_end_matches([':', '?', '+', '!', ' ']);
            let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            if plain && !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit()) {
                script.push_str(&format!("{name}=\"{}\"", spelled(value.trim())));
            }
        }
        script.push('\n');
    }
    vec![script]
}

/// `$(NAME)` and `{{name}}` as a variable, `$$` as the shell's dollar.
fn spelled(line: &str) -> String {
    let mut words = line.replace("$(shell ", "$( ").replace("$$", "$").replace("{{", "${").replace("}}", "}");
    for own in ["$@", "$<", "$^", "$*", "$+", "$?"] {
        words = words.replace(own, "${GATE_TARGET}");
    }
    while let Some(at) = words.find("$(").filter(|at| words.get(at + 2..).is_some_and(|rest| !rest.starts_with(' '))) {
        let Some(end) = words.get(at..).and_then(|rest| rest.find(')')) else { break };
        words.replace_range(at + end..=at + end, "}");
        words.replace_range(at..at + 2, "${");
    }
    words
}

/// The commands of a list: what stands behind a dash, in brackets, or behind `cmd:`.
fn listed(text: &str) -> Vec<String> {
    let line = |line: &str| -> Option<String> {
        let line = line.trim();
        let rest = line.strip_prefix("- ").unwrap_or(line);
        let keyed = ["cmd:", "cmds:", "sh:"].iter().find_map(|key| rest.strip_prefix(key));
        let command = keyed.or_else(|| line.strip_prefix("- "))?;
        let command = command.trim().trim_start_matches(['[', '"', '\'']).trim_end_matches([']', '"', '\'']);
        (!command.is_empty()).then(|| spelled(command))
    };
    text.lines().filter_map(line).collect()
}

/// What stands behind one of these keys.
fn after(text: &str, keys: &[&str], sign: char) -> Vec<String> {
    let line = |line: &str| {
        let (key, value) = line.split_once(sign)?;
        keys.contains(&key.trim()).then(|| value.trim().to_owned())
    };
    text.lines().filter_map(line).collect()
}

/// The scripts of a `package.json` that the command runs: those it names, and those that an installation runs.
fn scripts(file: &Text<'_>) -> Vec<String> {
    let Some((_, rest)) = file.text.split_once("\"scripts\"") else { return Vec::new() };
    let body = rest.split_once('{').map_or("", |(_, body)| body);
    let body = body.split_once('}').map_or(body, |(body, _)| body);
    let strings = strings(body);
    let installs = matches!(file.subcommand, "install" | "i" | "ci" | "add" | "rebuild" | "") || file.names.is_empty();
    let runs = |name: &str| {
        let bare = name.strip_prefix("pre").or_else(|| name.strip_prefix("post")).unwrap_or(name);
        let install =
            matches!(name, "install" | "preinstall" | "postinstall" | "prepare" | "preprepare" | "postprepare");
        installs && install
            || file.names.iter().any(|word| word == name || word == bare || word == "t" && bare == "test")
    };
    strings
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [name, script] if runs(name) => Some(script.clone()),
            _ => None,
        })
        .collect()
}

/// The strings of JSON, one after the other.
fn strings(text: &str) -> Vec<String> {
    let (mut found, mut open, mut escaped) = (Vec::new(), None::<String>, false);
    for character in text.chars() {
        match (&mut open, character) {
            (Some(string), other) if escaped => {
                string.push(match other {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                });
                escaped = false;
            }
            (Some(_), '\\') => escaped = true,
            (Some(_), '"') => found.extend(open.take()),
            (Some(string), other) => string.push(other),
            (None, '"') => open = Some(String::new()),
            (None, _) => {}
        }
    }
    found
}

/// Whether a name fits a pattern with at most one star.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((before, after)) => {
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        }
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_are_what_the_shell_gets() {
        let read = recipes("R := rm -rf\n# x\nall: x\n\t@$(R) /srv/$$x\n\t-echo $@\n");
        let lines: Vec<&str> = read[0].lines().filter(|line| !line.is_empty() && !SET.contains(line)).collect();
        assert_eq!(lines, ["R=\"rm -rf\"", "${R} /srv/$x", "echo ${GATE_TARGET}"]);
    }

    #[test]
    fn only_the_scripts_that_a_command_runs_are_read() {
        let text = r#"{"name": "x", "scripts": {"build": "tsc \"a\"", "postbuild": "cp a b", "prepare": "husky", "deploy": "x"}}"#;
        let read = |subcommand: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            scripts(&Text { name: "package.json", text, subcommand, names: &names })
        };
        assert_eq!(read("run", &["run", "build"]), ["tsc \"a\"", "cp a b"]);
        assert_eq!(read("install", &["install"]), ["husky"]);
        assert_eq!(read("", &[]), ["husky"]);
    }

    #[test]
    fn commands_of_lists_and_keys_are_found() {
        assert_eq!(
            listed("tasks:\n  x:\n    cmds: [rm -rf a]\n  y:\n    cmds:\n    - echo {{.X}}\n"),
            ["rm -rf a", "echo ${.X}"]
        );
        assert_eq!(after("rule r\n command = rm a\n", &["command"], '='), ["rm a"]);
        assert!(fits("test_*.py", "test_a.py") && fits("Makefile", "Makefile") && !fits("*.go", "go"));
    }
}

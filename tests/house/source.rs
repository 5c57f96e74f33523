//! Rust text as the rules see it: tokens with lines, without comments, without what only tests compile. It knows enough
//! of the language to find paths, and nothing of types.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// One file of the tree.
#[derive(Debug, Clone)]
pub struct Source {
    /// Relative to the package, such as `src/host/log.rs`.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// Tokens of what is compiled into the program.
    pub tokens: Vec<Token>,
    /// Files of modules that only tests compile, as they may be called.
    tests_elsewhere: Vec<String>,
}

/// A word, a sign or a literal, and the line it starts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub line: usize,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Word(String),
    Sign(char),
    /// A string, character, number or lifetime; its text never matters to a rule.
    Literal,
}

/// A path as written, such as `crate::model::Digest`, with use trees spread out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub line: usize,
    pub segments: Vec<String>,
    /// Modules opened by `mod x {` around it, within the file.
    pub inside: Vec<String>,
    /// The new name in `use a::b as c`.
    pub renamed: bool,
}

impl Token {
    pub fn is(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(w) if w == word)
    }

    pub fn sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::Sign(_) | Kind::Literal => None,
        }
    }
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let mut tests = Vec::new();
        let tokens = without_tests(tokens(text), &mut tests);
        let folder = match path.rsplit_once('/') {
            Some((folder, "mod.rs" | "lib.rs" | "main.rs" | "suite.rs")) => folder.to_owned(),
            _ => path.trim_end_matches(".rs").to_owned(),
        };
        let tests_elsewhere =
            tests.iter().flat_map(|name| [format!("{folder}/{name}.rs"), format!("{folder}/{name}/")]).collect();
        Self { path: path.to_owned(), text: text.to_owned(), tokens, tests_elsewhere }
    }

    /// The module this file is, from the crate root: `["host", "log"]`.
    pub fn module(&self) -> Vec<String> {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut module: Vec<String> = path.split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
            module.pop();
        }
        module
    }

    /// Every path the file names.
    pub fn paths(&self) -> Vec<Named> {
        let tokens = &self.tokens;
        let mut found = Vec::new();
        let mut opened: Vec<(String, usize)> = Vec::new();
        let mut depth = 0;
        for (at, token) in tokens.iter().enumerate() {
            match &token.kind {
                Kind::Sign('{') => {
                    if at >= 2 && tokens[at - 2].is("mod") {
                        opened.push((tokens[at - 1].word().unwrap_or_default().to_owned(), depth));
                    }
                    depth += 1;
                }
                Kind::Sign('}') => {
                    depth = depth.saturating_sub(1);
                    opened.pop_if(|(_, at)| *at == depth);
                }
                Kind::Word(_) if !continues(tokens, at) && !inside_use_tree(tokens, at) => {
                    let inside: Vec<String> = opened.iter().map(|(name, _)| name.clone()).collect();
                    spread(tokens, at, &[], &inside, &mut found);
                }
                Kind::Word(_) | Kind::Sign(_) | Kind::Literal => {}
            }
        }
        found
    }

    /// Lines of every place where these signs and words follow each other; a word of `*` stands for any word.
    pub fn lines_of(&self, pattern: &[&str]) -> Vec<usize> {
        self.tokens
            .windows(pattern.len())
            .filter(|window| {
                window.iter().zip(pattern).all(|(token, want)| match &token.kind {
                    Kind::Word(word) => word == want || *want == "*",
                    Kind::Sign(sign) => want.chars().eq([*sign]),
                    Kind::Literal => *want == "\"",
                })
            })
            .map(|window| window[0].line)
            .collect()
    }
}

/// All Rust files below the folders of the package, in order, without files that only tests compile.
pub fn tree(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = BTreeSet::new();
    for folder in folders {
        walk(&root.join(folder), &mut paths);
    }
    let sources: Vec<Source> = paths
        .iter()
        .map(|path| {
            let relative = path.strip_prefix(root.to_str().unwrap()).unwrap().trim_start_matches('/');
            Source::new(relative, &fs::read_to_string(path).unwrap())
        })
        .collect();
    assert!(!sources.is_empty(), "no sources below {folders:?}");
    let tests: Vec<String> = sources.iter().flat_map(|source| source.tests_elsewhere.clone()).collect();
    sources.into_iter().filter(|source| !tests.iter().any(|test| source.path.starts_with(test))).collect()
}

fn walk(folder: &Path, paths: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            paths.insert(path.to_str().unwrap().to_owned());
        }
    }
}

/// Whether the word at `at` belongs to a path that began before it: `a::WORD`, `x.WORD`, `'a WORD`.
fn continues(tokens: &[Token], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
    let colons = before(1).is_some_and(|t| t.sign(':')) && before(2).is_some_and(|t| t.sign(':'));
    let method = before(1).is_some_and(|t| t.sign('.')) && !before(2).is_some_and(|t| t.sign('.'));
    // `::name` with nothing before it is a path of its own, from the packages.
    let rooted = colons && !before(3).is_some_and(|t| t.word().is_some_and(|w| w != "use") || t.sign('>'));
    method || (colons && !rooted)
}

/// Whether the word stands in the braces of `path::{…}`, which are read from the start of the path.
fn inside_use_tree(tokens: &[Token], at: usize) -> bool {
    let mut depth = 0;
    for back in (0..at).rev() {
        match tokens[back].kind {
            Kind::Sign('}') => depth += 1,
            Kind::Sign('{') if depth > 0 => depth -= 1,
            Kind::Sign('{') => {
                return back >= 2 && tokens[back - 1].sign(':') && tokens[back - 2].sign(':');
            }
            Kind::Sign(';') if depth == 0 => return false,
            Kind::Word(_) | Kind::Sign(_) | Kind::Literal => {}
        }
    }
    false
}

/// Reads the path at `at` behind `prefix`, spreading braces; gives the place behind it.
fn spread(tokens: &[Token], mut at: usize, prefix: &[String], inside: &[String], found: &mut Vec<Named>) -> usize {
    let line = tokens[at].line;
    let mut segments = prefix.to_vec();
    loop {
        match tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Word(word)) => segments.push(word.clone()),
            Some(Kind::Sign('*')) if !segments.is_empty() => segments.push("*".to_owned()),
            Some(Kind::Sign('{')) => {
                at += 1;
                while let Some(token) = tokens.get(at) {
                    match token.kind {
                        Kind::Sign('}') => return at + 1,
                        Kind::Word(_) | Kind::Sign('*' | '{') => at = spread(tokens, at, &segments, inside, found),
                        Kind::Sign(_) | Kind::Literal => at += 1,
                    }
                }
                return at;
            }
            _ => break,
        }
        let colons = tokens.get(at + 1).is_some_and(|t| t.sign(':')) && tokens.get(at + 2).is_some_and(|t| t.sign(':'));
        let more = tokens.get(at + 3).is_some_and(|t| t.word().is_some() || t.sign('{') || t.sign('*'));
        if colons && more {
            at += 3;
        } else {
            at += 1;
            break;
        }
    }
    let renamed = tokens.get(at).is_some_and(|t| t.is("as")) && tokens.get(at + 1).is_some_and(|t| !t.is("_"));
    let end = if tokens.get(at).is_some_and(|t| t.is("as")) { at + 2 } else { at };
    found.push(Named { line, segments, inside: inside.to_vec(), renamed });
    end
}

/// Leaves out every item behind `#[cfg(test)]`; names of modules that live in files of their own go to `elsewhere`.
fn without_tests(tokens: Vec<Token>, elsewhere: &mut Vec<String>) -> Vec<Token> {
    let is_cfg_test = |at: usize, inner: bool| {
        let mut want: Vec<&str> = vec!["#", "[", "cfg", "(", "test", ")", "]"];
        if inner {
            want.insert(1, "!");
        }
        let end = at + want.len();
        let hit = tokens.get(at..end).is_some_and(|window| {
            window.iter().zip(&want).all(|(token, want)| match &token.kind {
                Kind::Word(word) => word == want,
                Kind::Sign(sign) => want.chars().eq([*sign]),
                Kind::Literal => false,
            })
        });
        hit.then_some(end)
    };
    if is_cfg_test(0, true).is_some() {
        return Vec::new();
    }
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some(mut item) = is_cfg_test(at, false) else {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        };
        let mut depth = 0_usize;
        let start = item;
        while let Some(token) = tokens.get(item) {
            item += 1;
            match token.kind {
                Kind::Sign('{' | '(' | '[') => depth += 1,
                Kind::Sign(')' | ']') => depth = depth.saturating_sub(1),
                Kind::Sign('}') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                Kind::Sign(';' | ',') if depth == 0 => {
                    if let Some(place) = tokens[start..item].iter().position(|t| t.is("mod")) {
                        elsewhere.extend(tokens[start + place + 1].word().map(str::to_owned));
                    }
                    break;
                }
                Kind::Word(_) | Kind::Sign(_) | Kind::Literal => {}
            }
        }
        at = item;
    }
    kept
}

/// Words, signs and literals, without comments.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let mut out = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let (start, first) = (at, line);
        let mut kind = None;
        match chars[at] {
            '/' if peek(at + 1) == '/' => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
            }
            '/' if peek(at + 1) == '*' => at = past_block_comment(&chars, at),
            '"' => (at, kind) = (past_string(&chars, at), Some(Kind::Literal)),
            '\'' if peek(at + 1) == '\\' || peek(at + 2) == '\'' => {
                at += if peek(at + 1) == '\\' { 3 } else { 2 };
                while at < chars.len() && chars[at] != '\'' {
                    at += 1;
                }
                (at, kind) = (at + 1, Some(Kind::Literal));
            }
            '\'' => {
                at += 1;
                while peek(at).is_alphanumeric() || peek(at) == '_' {
                    at += 1;
                }
                kind = Some(Kind::Literal);
            }
            c if c.is_ascii_digit() => {
                while peek(at).is_alphanumeric()
                    || peek(at) == '_'
                    || (peek(at) == '.' && peek(at + 1).is_ascii_digit())
                {
                    at += 1;
                }
                kind = Some(Kind::Literal);
            }
            c if c.is_alphabetic() || c == '_' => {
                while peek(at).is_alphanumeric() || peek(at) == '_' {
                    at += 1;
                }
                let word: String = chars[start..at].iter().collect();
                let raw = matches!(word.as_str(), "r" | "br" | "cr");
                let prefix = raw || matches!(word.as_str(), "b" | "c");
                kind = Some(if raw && peek(at) == '#' && peek(at + 1) != '#' && peek(at + 1) != '"' {
                    // r#word is the word.
                    at += 1;
                    let begin = at;
                    while peek(at).is_alphanumeric() || peek(at) == '_' {
                        at += 1;
                    }
                    Kind::Word(chars[begin..at].iter().collect())
                } else if raw && matches!(peek(at), '"' | '#') {
                    at = past_raw_string(&chars, at);
                    Kind::Literal
                } else if prefix && peek(at) == '"' {
                    at = past_string(&chars, at);
                    Kind::Literal
                } else {
                    Kind::Word(word)
                });
            }
            c => {
                at += 1;
                if !c.is_whitespace() {
                    kind = Some(Kind::Sign(c));
                }
            }
        }
        line += chars[start..at.min(chars.len())].iter().filter(|c| **c == '\n').count();
        out.extend(kind.map(|kind| Token { line: first, kind }));
    }
    out
}

fn past_string(chars: &[char], mut at: usize) -> usize {
    at += 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn past_raw_string(chars: &[char], mut at: usize) -> usize {
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    at += hashes + 1;
    while at < chars.len() {
        if chars[at] == '"' && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    at
}

fn past_block_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

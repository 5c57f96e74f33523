//! Reads the tables of `floors.rs` against one source file; each fault says file, line and rule.

use super::floors::{CALLERS, FLOORS, HOMES, IMPURE, PURE};
use super::source::{Named, Source};

/// A module's place.
pub struct Floor {
    pub number: u8,
    pub module: &'static str,
}

/// Where an outside package may be named.
pub struct Home {
    pub package: &'static str,
    pub modules: &'static [&'static str],
}

/// What only some files may name.
pub struct Caller {
    pub what: &'static str,
    pub matches: &'static [Match],
    /// `src/host/log` stands for `src/host/log.rs`, `src/host/log_x.rs` and what lies in `src/host/log/`.
    pub places: &'static [&'static str],
}

/// How a table recognises what it speaks of.
pub enum Match {
    /// A word, anywhere.
    Word(&'static str),
    /// Words and signs in this order.
    Signs(&'static [&'static str]),
    /// Segments of a path in this order, however its use tree is written.
    Path(&'static [&'static str]),
}

impl Match {
    fn lines(&self, source: &Source, paths: &[Named]) -> Vec<(usize, String)> {
        match self {
            Self::Word(word) => source.lines_of(&[word]).into_iter().map(|line| (line, (*word).to_owned())).collect(),
            Self::Signs(signs) => source.lines_of(signs).into_iter().map(|line| (line, signs.concat())).collect(),
            Self::Path(part) => paths
                .iter()
                .filter(|named| named.segments.windows(part.len()).any(|window| window == *part))
                .map(|named| (named.line, named.segments.join("::")))
                .collect(),
        }
    }
}

/// All faults of one file, in the order of its lines.
pub fn faults(source: &Source) -> Vec<String> {
    let paths = source.paths();
    let mut faults = floors(source, &paths);
    faults.extend(homes(source, &paths));
    faults.extend(callers(source, &paths));
    faults.extend(impure(source, &paths));
    faults.sort();
    faults.dedup();
    faults.into_iter().map(|(line, rule)| format!("{}:{line}: {rule}", source.path)).collect()
}

/// Packages of the manifest that the table of homes does not hold.
pub fn homeless(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
            // [dependencies.name]
            names.extend(section.split_once("dependencies.").filter(|(before, _)| runs(before)).map(|(_, name)| name));
        } else if section.strip_suffix("dependencies").is_some_and(runs) {
            names.extend(line.split_once('=').map(|(name, _)| name.trim()));
        }
    }
    assert!(!names.is_empty(), "no dependencies found in the manifest");
    let names = names.into_iter().filter(|name| !name.starts_with('#'));
    // `name.workspace = true` and the like
    let names = names.map(|name| name.split('.').next().unwrap_or(name).replace('-', "_"));
    names.filter(|name| !HOMES.iter().any(|home| home.package == name)).collect()
}

/// Whether dependencies with this before their name become part of the program.
fn runs(before: &str) -> bool {
    !before.ends_with("dev-") && !before.ends_with("build-")
}

fn floor_of(module: &str) -> Option<u8> {
    FLOORS.iter().find(|floor| floor.module == module).map(|floor| floor.number)
}

fn floors(source: &Source, paths: &[Named]) -> Vec<(usize, String)> {
    let module = source.module();
    let Some(own) = module.first() else {
        return root(source, paths);
    };
    let Some(number) = floor_of(own) else {
        return vec![(1, format!("the module `{own}` has no floor"))];
    };
    let mut faults = Vec::new();
    for named in paths {
        let Some(target) = resolved(&module, named) else {
            continue;
        };
        let written = named.segments.join("::");
        let fault = match target.first().map(String::as_str) {
            None | Some("*") => format!("`{written}` names the whole crate, so that nobody sees which floor is meant"),
            Some(target) if target == own => continue,
            Some(target) => match floor_of(target) {
                None => format!("`{written}` names `{target}`, which has no floor"),
                Some(other) if other < number => continue,
                Some(other) => {
                    format!("`{own}` (floor {number}) names `{target}` (floor {other}): `{written}`")
                }
            },
        };
        faults.push((named.line, fault));
    }
    faults
}

/// The roots: `lib.rs` declares floors and nothing else, `main.rs` names the command line.
fn root(source: &Source, paths: &[Named]) -> Vec<(usize, String)> {
    if source.path.ends_with("main.rs") {
        let others = paths.iter().filter(|named| named.segments.first().is_some_and(|first| first == "gate"));
        let others = others.filter(|named| named.segments.get(1).is_none_or(|second| second != "cli"));
        return others.map(|named| (named.line, format!("main names `{}`", named.segments.join("::")))).collect();
    }
    let words = ["fn", "use", "struct", "enum", "trait", "impl", "static", "const", "macro_rules", "type"];
    let items = words.iter().flat_map(|word| source.lines_of(&[word]).into_iter().map(move |line| (line, *word)));
    items
        .map(|(line, word)| (line, format!("the root of the crate only declares floors, and has a `{word}`")))
        .collect()
}

/// The path from the crate root, for a path that starts from a place in this crate.
fn resolved(module: &[String], named: &Named) -> Option<Vec<String>> {
    let mut segments = named.segments.as_slice();
    let (first, rest) = segments.split_first()?;
    let mut base: Vec<String> = module.iter().chain(&named.inside).cloned().collect();
    match first.as_str() {
        // pub(crate), pub(super)
        "crate" | "super" if rest.is_empty() && !named.renamed => return None,
        "crate" => {
            base.clear();
            segments = rest;
        }
        "gate" if !rest.is_empty() => {
            base.clear();
            segments = rest;
        }
        "self" | "super" => {}
        _ => return None,
    }
    for segment in segments {
        match segment.as_str() {
            "self" => {}
            "super" => {
                base.pop();
            }
            _ => base.push(segment.clone()),
        }
    }
    Some(base)
}

fn homes(source: &Source, paths: &[Named]) -> Vec<(usize, String)> {
    let module = source.module();
    let own = module.first().map_or("", String::as_str);
    let mut faults = Vec::new();
    for named in paths {
        let Some(home) = HOMES.iter().find(|home| named.segments.first().is_some_and(|first| first == home.package))
        else {
            continue;
        };
        let package = home.package;
        if named.segments.len() == 1 && !named.renamed || home.modules.contains(&"*") || home.modules.contains(&own) {
            continue;
        }
        faults.push((named.line, format!("`{package}` is at home in {:?} and named in `{own}`", home.modules)));
    }
    faults
}

fn callers(source: &Source, paths: &[Named]) -> Vec<(usize, String)> {
    let mut faults = Vec::new();
    for caller in CALLERS {
        let at_home = caller
            .places
            .iter()
            .any(|place| source.path.strip_prefix(place).is_some_and(|rest| rest.starts_with(['.', '/', '_'])));
        if !at_home {
            let lines = caller.matches.iter().flat_map(|pattern| pattern.lines(source, paths));
            let only =
                if caller.places.is_empty() { "nowhere".to_owned() } else { format!("only in {:?}", caller.places) };
            faults.extend(lines.map(|(line, seen)| (line, format!("`{seen}`: {} belongs {only}", caller.what))));
        }
    }
    faults
}

fn impure(source: &Source, paths: &[Named]) -> Vec<(usize, String)> {
    let module = source.module();
    let Some(own) = module.first().filter(|own| floor_of(own).is_some_and(|number| number <= PURE)) else {
        return Vec::new();
    };
    let lines = IMPURE.iter().flat_map(|pattern| pattern.lines(source, paths));
    lines
        .map(|(line, seen)| (line, format!("`{own}` asks the world: `{seen}` (floors up to {PURE} are pure)")))
        .collect()
}

//! Compiles the built-in packs in this folder, so that no YAML is read at start; refuses a pack that the loader refuses,
//! and says where.
//!
//! What comes out: one shard for each tool, with its grammar and its rules; the rules that look at any tool; the sets; the
//! matrix and the like; the examples; and the digest of all packs.

#![allow(dead_code, unreachable_pub, reason = "the loader and the nouns are shared with the program")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::exit, clippy::print_stdout, clippy::print_stderr)]

mod encoding;
mod library;
#[path = "../src/policy/load/mod.rs"]
mod load;
mod model;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use load::layer::{Layer, Source};
use load::reading::{Below, checked};
use load::shard::{NAME, Shard};
use sha2::{Digest as _, Sha256};

/// What decides how a policy is read.
const WATCHED: [&str; 4] = ["policies", "src/policy/load", "src/model", "src/encoding/yaml"];

fn main() {
    let root = root();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder for what is generated"));
    // Only the program has use for the schema; this script is built without it.
    println!("cargo::rustc-check-cfg=cfg(schema)");
    println!("cargo::rustc-cfg=schema");
    for watched in WATCHED {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    if let Some(remedy) = library::missing() {
        println!("cargo::error={remedy}");
        std::process::exit(1);
    }
    let sources = sources(&root.join("policies"));
    fs::write(out.join("reader"), reader(&root)).expect("the folder for what is generated can be written");
    if let Err(error) = compiled(&out, &sources) {
        for line in error.lines() {
            println!("cargo::error={line}");
        }
        std::process::exit(1);
    }
}

/// The folder of the repository: that of the package, or one above it for the package of the fuzz targets.
fn root() -> PathBuf {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the manifest's folder"));
    let root = manifest.ancestors().find(|folder| folder.join("policies").is_dir());
    root.expect("the folder of packs stands in the repository").to_owned()
}

/// The digest of the code that reads policies: what one build compiled, another that reads otherwise never takes.
fn reader(root: &Path) -> Vec<u8> {
    let mut files: Vec<PathBuf> = WATCHED.iter().map(|watched| root.join(watched)).collect();
    let mut texts = Vec::new();
    while let Some(file) = files.pop() {
        match fs::read_dir(&file) {
            Ok(entries) => files.extend(entries.map(|entry| entry.expect("an entry of the folder can be read").path())),
            Err(_) => texts.push((file.to_owned(), fs::read(&file).expect("a source can be read"))),
        }
    }
    texts.sort();
    let mut digest = Sha256::new();
    for (file, text) in &texts {
        let name = file.strip_prefix(root).unwrap_or(file).as_os_str().as_encoded_bytes();
        for part in [name, text] {
            digest.update(u64::try_from(part.len()).expect("a length has 64 bits").to_be_bytes());
            digest.update(part);
        }
    }
    digest.finalize().to_vec()
}

/// All packs, in the order of their names.
fn sources(folder: &Path) -> Vec<Source> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder of packs can be read")
        .map(|entry| entry.expect("an entry of the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    let source = |path: &PathBuf| Source {
        layer: Layer::BuiltIn,
        file: format!("policies/{}", path.file_name().unwrap_or_default().to_string_lossy()),
        text: fs::read_to_string(path).expect("a pack can be read"),
    };
    files.iter().map(source).collect()
}

fn compiled(out: &Path, sources: &[Source]) -> Result<(), String> {
    let below = Below { find: &|_| None, has_set: &|_| false, has_rule: &|_| false, replaces: true };
    let pack =
        checked(Layer::BuiltIn, &sources.iter().collect::<Vec<_>>(), &below).map_err(|error| error.to_string())?;
    for (rule, examples) in &pack.rules {
        if examples.matching.is_empty() || examples.skip.is_empty() {
            return Err(format!("{}: `{}` needs an example that matches and one that does not", rule.file, rule.id));
        }
    }
    let mut shards: BTreeMap<String, Shard> = BTreeMap::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for tool in &pack.tools {
        names.extend(tool.names.iter().map(|name| (name.clone(), tool.name.clone())));
        shards.entry(tool.name.clone()).or_default().tool = Some(tool.clone());
    }
    let mut anywhere = Vec::new();
    for (rule, _) in &pack.rules {
        match rule.tools() {
            None => anywhere.push(rule.clone()),
            Some(tools) => {
                for tool in tools {
                    shards.entry(tool.to_owned()).or_default().rules.push(rule.clone());
                }
            }
        }
    }
    let write = |name: &str, bytes: &[u8]| fs::write(out.join(name), bytes).map_err(|error| format!("{name}: {error}"));
    let mut order = BTreeMap::new();
    let mut parts = Vec::new();
    for (index, (name, shard)) in shards.iter().enumerate() {
        order.insert(name.as_str(), index);
        parts.push(encoded(shard)?);
    }
    let index = |tool: &String| order.get(tool.as_str()).copied().unwrap_or_default();
    write("names", &directory(names.iter().map(|(name, tool)| (name.as_str(), index(tool))))?)?;
    write_parts(out, "shards", &parts)?;
    write("sets", &directory(pack.sets.keys().enumerate().map(|(index, name)| (name.as_str(), index)))?)?;
    write_parts(out, "patterns", &pack.sets.values().map(encoded).collect::<Result<Vec<_>, _>>()?)?;
    write("anywhere", &encoded(&anywhere)?)?;
    write("base", &encoded(&pack.base)?)?;
    let examples: Vec<_> = pack.rules.iter().map(|(rule, examples)| (rule.id.clone(), examples.clone())).collect();
    write("examples", &encoded(&examples)?)?;
    let texts: Vec<(&str, &str)> = sources.iter().map(|source| (source.file.as_str(), source.text.as_str())).collect();
    let texts = encoded(&texts)?;
    write("digest", &Sha256::digest(&texts))?;
    write("texts", &texts)
}

fn encoded<T: serde::Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, String> {
    postcard::to_stdvec(value).map_err(|error| error.to_string())
}

/// Sorted records of one size, so that a name is found by halving: the name, filled up with zeros, and a number.
fn directory<'a>(entries: impl Iterator<Item = (&'a str, usize)>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for (name, index) in entries {
        if name.len() > NAME {
            return Err(format!("`{name}` is longer than {NAME} bytes"));
        }
        bytes.extend(name.bytes().chain(std::iter::repeat(0)).take(NAME));
        bytes.extend(u32::try_from(index).map_err(|error| error.to_string())?.to_le_bytes());
    }
    Ok(bytes)
}

/// Many parts in one file, and where each ends in another.
fn write_parts(out: &Path, name: &str, parts: &[Vec<u8>]) -> Result<(), String> {
    let mut ends = Vec::new();
    let mut end = 0_u32;
    for part in parts {
        end += u32::try_from(part.len()).map_err(|error| error.to_string())?;
        ends.extend(end.to_le_bytes());
    }
    let written =
        fs::write(out.join(name), parts.concat()).and_then(|()| fs::write(out.join(format!("{name}.ends")), ends));
    written.map_err(|error| format!("{name}: {error}"))
}

//! The kept corpus of the fuzz targets, and mutations of it that a seed determines, through the targets.
//! `GATE_FUZZ_ROUNDS=100000` makes more.

mod targets;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use targets::TARGETS;

/// Mutations for each target; in a build without optimisation they are a few seconds.
const ROUNDS: usize = 1000;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Numbers that a seed determines (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }
}

/// What the readers look at, so that random bytes are not all they get.
const TOKENS: [&str; 40] = [
    "$(",
    ")",
    "`",
    "'",
    "\"",
    "${",
    "}",
    "\\\n",
    "\n",
    ";",
    "&&",
    "|",
    "<<E\n",
    "\nE\n",
    "<<<",
    "$((",
    "))",
    "[[ ",
    " ]]",
    "{",
    "(",
    "eval ",
    "sudo ",
    "sh -c ",
    "xargs ",
    "$'",
    "*",
    "~",
    "--",
    " -",
    "=",
    "#",
    "case x in ",
    "esac",
    "for i in ",
    "do ",
    "done",
    "\u{202e}",
    "${x[@]}",
    "\t",
];

fn mutated(corpus: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = corpus[dice.below(corpus.len())].clone();
    for _ in 0..1 + dice.below(6) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(7) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(dice.below(256)).unwrap(),
            1 => {
                let end = (at + dice.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => {
                let end = (at + dice.below(64)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = dice.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            3 => {
                let other = &corpus[dice.below(corpus.len())];
                let from = dice.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            4 => {
                let token = TOKENS[dice.below(TOKENS.len())].repeat(1 + dice.below(300));
                bytes.splice(at..at, token.into_bytes());
            }
            _ => {
                let token = TOKENS[dice.below(TOKENS.len())].bytes();
                bytes.splice(at..at, token);
            }
        }
    }
    bytes
}

fn replayed(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(own, _)| *own == name).unwrap();
    let corpus = corpus(name);
    assert!(corpus.len() >= 24, "the corpus of {name} is lost");
    let rounds = std::env::var("GATE_FUZZ_ROUNDS").ok().map_or(ROUNDS, |text| text.parse().unwrap());
    let mut dice = Dice(0x5eed_0003);
    let mutations = (0..rounds).map(|_| mutated(&corpus, &mut dice));
    let mut failed = Vec::new();
    for bytes in corpus.iter().cloned().chain(mutations) {
        if catch_unwind(|| target(&bytes)).is_err() {
            failed.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    assert!(
        failed.is_empty(),
        "{} inputs fail; the shortest: {:?}",
        failed.len(),
        failed.iter().min_by_key(|one| one.len())
    );
}

#[test]
fn no_script_makes_the_shell_reader_panic_hang_or_pass_a_cap() {
    replayed("shell");
}

#[test]
fn no_argument_list_makes_the_normaliser_panic_hang_or_pass_a_cap() {
    replayed("command");
}

#[test]
fn no_policy_file_makes_the_reader_panic_or_hang() {
    replayed("policy");
}

#[test]
fn no_code_makes_its_readers_panic_hang_or_pass_a_cap() {
    replayed("code");
}

#[test]
fn no_statement_makes_the_reader_of_sql_panic_hang_or_pass_a_cap() {
    replayed("sql");
}

#[test]
fn no_catalog_makes_the_reader_panic_hang_or_lose_a_line() {
    replayed("catalog");
}

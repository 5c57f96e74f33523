//! Command lines made from what a tool says of itself: options before and among the operands, joined and apart, clustered,
//! abbreviated, after `--`; and what they mean.

use super::facts::{Command, Facts, Opt, Takes};

/// One command line, and how the tool reads it.
pub struct Line {
    pub words: Vec<String>,
    /// How many words stand before the subcommand's own options: the program, global options and the path.
    pub head: usize,
    /// Where the options end: at `--`, or at the first operand of a subcommand that stops there.
    pub end: usize,
    pub path: Vec<String>,
    /// Options in order: their spellings and the value.
    pub flags: Vec<(Vec<String>, Option<String>)>,
    pub operands: Vec<String>,
}

/// Numbers that a seed determines (splitmix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// How a tool's options may be written.
struct Style {
    /// `--long=value`.
    equals: bool,
    /// `--switch=true`.
    switch_values: bool,
    /// `-ab` for `-a -b`.
    clusters: bool,
    /// `--abb` for `--abbreviation`.
    abbreviations: bool,
    /// `--long` and `-long` are the same.
    either_dash: bool,
    /// Global options may stand after the subcommand too.
    global_anywhere: bool,
}

fn style(tool: &str) -> Style {
    Style {
        equals: tool != "curl",
        switch_values: matches!(tool, "kubectl" | "docker" | "terraform"),
        clusters: tool != "terraform",
        abbreviations: matches!(tool, "git" | "psql"),
        either_dash: tool == "terraform",
        global_anywhere: tool == "kubectl",
    }
}

const OPERANDS: [&str; 5] = ["alpha", "beta", "gamma/delta", "epsilon.txt", "zeta:eta"];
const VALUES: [&str; 4] = ["alpha", "beta", "b/c", "x=y"];
/// What may follow where the first operand has ended the options.
const AFTER: [&str; 4] = ["-x", "--long", "word", "--with=value"];

impl Line {
    /// One line of a tool.
    pub fn made(facts: &Facts, random: &mut Random) -> Self {
        let style = style(&facts.tool);
        let command = random.pick(&facts.commands);
        let mut line = Self {
            words: vec![facts.tool.clone()],
            head: 0,
            end: 0,
            path: command.path.clone(),
            flags: Vec::new(),
            operands: Vec::new(),
        };
        for _ in 0..*random.pick(&[0, 0, 1, 2]) {
            if !facts.before.is_empty() {
                let option = random.pick(&facts.before);
                line.option(option, &[], &style, random);
            }
        }
        line.words.extend(command.path.iter().cloned());
        line.head = line.words.len();
        line.rest(facts, command, &style, random);
        line
    }

    fn rest(&mut self, facts: &Facts, command: &Command, style: &Style, random: &mut Random) {
        let operands = random.below(4);
        let mut options = random.below(5).min(command.options.len());
        let mut pending = operands;
        if command.stops {
            pending = 0;
        }
        // What follows the pod is no longer taken without `--`, which is found out only after everything is parsed.
        if facts.tool == "kubectl" && command.path == ["exec"] {
            pending = pending.min(1);
        }
        while options > 0 || pending > 0 {
            if pending > 0 && random.below(options + pending) >= options {
                self.operand((*random.pick(&OPERANDS)).to_owned());
                pending -= 1;
                continue;
            }
            options -= 1;
            if style.global_anywhere && random.percent(20) {
                self.option(random.pick(&facts.before), &[], style, random);
            } else {
                self.option(random.pick(&command.options), &command.options, style, random);
            }
        }
        self.end = self.words.len();
        if command.stops {
            for position in 0..operands {
                let word = if position == 0 { random.pick(&OPERANDS) } else { random.pick(&AFTER) };
                self.operand((*word).to_owned());
            }
        } else if random.percent(10) {
            self.words.push("--".to_owned());
            for _ in 0..random.below(3) {
                let word = if random.percent(30) { random.pick(&AFTER) } else { random.pick(&OPERANDS) };
                self.operand((*word).to_owned());
            }
        }
    }

    fn operand(&mut self, word: String) {
        self.words.push(word.clone());
        self.operands.push(word);
    }

    fn option(&mut self, option: &Opt, all: &[Opt], style: &Style, random: &mut Random) {
        let spelling = random.pick(&option.spellings).clone();
        let long = spelling.starts_with("--") || style.either_dash;
        let sample = if option.sample == "alpha" { (*random.pick(&VALUES)).to_owned() } else { option.sample.clone() };
        let flag = |value: Option<String>| (option.spellings.clone(), value);
        let mut written = spelling.clone();
        if style.either_dash && random.percent(30) {
            written.insert(0, '-');
        }
        if style.abbreviations && spelling.starts_with("--") && random.percent(8) {
            written = shortened(&spelling, all, random);
        }
        match option.takes {
            Takes::No if long && style.switch_values && random.percent(15) => {
                let value = *random.pick(&["true", "false"]);
                self.words.push(format!("{written}={value}"));
                self.flags.push(flag(Some(value.to_owned())));
            }
            Takes::Joined if long && random.percent(50) => {
                self.words.push(format!("{written}={sample}"));
                self.flags.push(flag(Some(sample)));
            }
            Takes::No | Takes::Joined => {
                if !long && option.takes == Takes::No && style.clusters && random.percent(40) {
                    self.cluster(&spelling, option, all, random);
                } else {
                    self.words.push(written);
                    self.flags.push(flag(None));
                }
            }
            Takes::Needed if long && style.equals && random.percent(50) => {
                self.words.push(format!("{written}={sample}"));
                self.flags.push(flag(Some(sample)));
            }
            Takes::Needed if !long && random.percent(40) => {
                self.words.push(format!("{written}{sample}"));
                self.flags.push(flag(Some(sample)));
            }
            Takes::Equals => {
                self.words.push(format!("{written}={sample}"));
                self.flags.push(flag(Some(sample)));
            }
            Takes::Needed => {
                self.words.extend([written, sample.clone()]);
                self.flags.push(flag(Some(sample)));
            }
        }
    }

    /// A letter without a value, and others after it, the last of which may take one.
    fn cluster(&mut self, first: &str, option: &Opt, all: &[Opt], random: &mut Random) {
        let mut word = first.to_owned();
        self.flags.push((option.spellings.clone(), None));
        let short =
            |option: &Opt| option.spellings.iter().find(|one| one.len() == 2 && !one.starts_with("--")).cloned();
        for _ in 0..random.below(3) {
            if all.is_empty() {
                break;
            }
            let next = random.pick(all);
            let Some(letter) = short(next) else { continue };
            match next.takes {
                Takes::No => {
                    word.push_str(&letter[1..]);
                    self.flags.push((next.spellings.clone(), None));
                }
                Takes::Needed => {
                    word.push_str(&letter[1..]);
                    let joined = random.percent(50);
                    if joined {
                        word.push_str(&next.sample);
                    }
                    self.words.push(word);
                    if !joined {
                        self.words.push(next.sample.clone());
                    }
                    self.flags.push((next.spellings.clone(), Some(next.sample.clone())));
                    return;
                }
                Takes::Joined | Takes::Equals => {}
            }
        }
        self.words.push(word);
    }
}

/// A beginning that no other option has; the whole where there is none.
fn shortened(spelling: &str, all: &[Opt], random: &mut Random) -> String {
    let length = 3 + random.below(spelling.len() - 2);
    let short = &spelling[..length.min(spelling.len())];
    let others = all.iter().flat_map(|option| &option.spellings).filter(|other| other.starts_with(short)).count();
    if others == 1 { short.to_owned() } else { spelling.to_owned() }
}

//! What a tool says of its own command line, as `record.py` wrote it down.

use std::path::Path;

use serde_json::Value;

/// What a tool says of itself.
pub struct Facts {
    pub tool: String,
    pub version: String,
    /// Options that stand before the subcommand.
    pub before: Vec<Opt>,
    pub commands: Vec<Command>,
}

/// One subcommand.
pub struct Command {
    pub path: Vec<String>,
    /// Whether its first operand ends its options.
    pub stops: bool,
    pub options: Vec<Opt>,
}

/// One option.
#[derive(Clone)]
pub struct Opt {
    pub spellings: Vec<String>,
    pub takes: Takes,
    /// A value that its parser takes.
    pub sample: String,
}

/// Whether an option takes a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    No,
    Needed,
    /// Only after `=`, and it may be left out.
    Joined,
    /// Only after `=`.
    Equals,
}

impl Facts {
    pub fn of(tool: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/grammar/facts/{tool}.jsonl"));
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let version = lines.next().unwrap()["version"].as_str().unwrap().to_owned();
        let mut commands: Vec<Command> = lines.map(|line| command(&line)).collect();
        let before = commands.iter().find(|command| command.path.is_empty()).map(|command| command.options.clone());
        if commands.len() > 1 {
            commands.retain(|command| !command.path.is_empty());
        }
        let before = before.filter(|_| commands.iter().any(|command| !command.path.is_empty())).unwrap_or_default();
        Self { tool: tool.to_owned(), version, before, commands }
    }
}

impl Command {
    /// The line of policies/options.yaml that says the same.
    pub fn listed(&self) -> String {
        let takes = |option: &Opt| match option.takes {
            Takes::No => "",
            Takes::Needed | Takes::Equals => "=",
            Takes::Joined => "[=]",
        };
        let options = self.options.iter().map(|option| option.spellings.join("/") + takes(option));
        options.chain(self.stops.then(|| "--".to_owned())).collect::<Vec<_>>().join(" ")
    }
}

fn command(line: &Value) -> Command {
    let options = line["options"].as_array().unwrap().iter().map(option);
    Command { path: texts(&line["path"]), stops: line["stops"].as_bool().unwrap(), options: options.collect() }
}

fn option(written: &Value) -> Opt {
    let takes = match written[1].as_str().unwrap() {
        "no" => Takes::No,
        "needed" => Takes::Needed,
        "joined" => Takes::Joined,
        "equals" => Takes::Equals,
        other => panic!("`{other}` is nothing that an option takes"),
    };
    Opt { spellings: texts(&written[0]), takes, sample: written[2].as_str().unwrap().to_owned() }
}

/// A list of texts.
pub fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

//! How one program's command line is read: pure grammar, no opinion.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The grammar of one program, or of one subcommand of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tool {
    /// The canonical name: the first of `names`.
    pub name: String,
    /// All file names the program goes by.
    pub names: Vec<String>,
    /// The words that its name stands for (`docker-compose` for `docker compose`); none where it is read itself.
    pub stands_for: Vec<String>,
    /// How options are written.
    pub syntax: Syntax,
    /// The options; what is not listed is an option without a value.
    pub options: Vec<OptionGrammar>,
    /// Whether `options` is complete, so that an option not in it is unresolved.
    pub closed: bool,
    /// Whether an option that is not listed takes a value once the subcommand is named: one word where the subcommand
    /// has operands, else all words up to the next option. Without it, it takes none.
    pub valued: bool,
    /// Whether unambiguous beginnings of listed long options are accepted (GNU `getopt_long`).
    pub abbreviations: bool,
    /// Whether a program called `NAME-SUBCOMMAND` is this one with that subcommand (`git-push`, `docker-compose`).
    pub dashed: bool,
    /// How many leading operands name the subcommand where no key of `commands` matches.
    pub depth: usize,
    /// What holds whatever the subcommand.
    pub body: Body,
    /// Options as the tool itself lists them: a subcommand's words joined by blanks (none for the whole program), and a line
    /// that `Listing` reads. They come after what is said of that subcommand here, and before what holds for all.
    pub listed: Vec<(String, String)>,
    /// Subcommands: words of the path, and what differs under it. The longest match wins.
    pub commands: Vec<(Vec<Vec<String>>, Body)>,
}

/// How a program's options are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Syntax {
    /// `--long`, `--long=value`, `--long value`, clusters of `-x`, anywhere among the operands.
    #[default]
    Gnu,
    /// As `gnu`, but the first operand ends the options (wrappers: `env`, `sudo`, `timeout`).
    First,
    /// One dash or two are equal, no clusters (Go's flag package, `find`, `openssl`).
    Go,
    /// `name=value` operands are options called `name` (`dd`).
    Assignments,
}

/// One option of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionGrammar {
    /// The canonical spelling: the first that begins with two dashes, else the first.
    pub name: String,
    /// Every spelling, with its dashes.
    pub spellings: Vec<String>,
    /// Whether it takes a value.
    pub value: Value,
    /// What its value is, if that matters.
    pub role: Option<Role>,
}

/// Whether an option takes a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// None.
    No,
    /// The rest of its word, or the next word.
    Needed,
    /// Only what follows `=` or, for a short one, the rest of its word.
    Joined,
    /// A number, joined to it, or none; other options may follow in the same word (`perl -0777ne`).
    Digits,
    /// All words up to the next option.
    Several,
    /// All words up to one of these.
    Until(Vec<String>),
}

/// What differs under a subcommand, or holds for the whole program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Body {
    /// Roles of the operands in order; one of them may repeat.
    pub operands: Vec<OperandGrammar>,
    /// Options that only this subcommand has, or that mean something else under it.
    pub options: Vec<OptionGrammar>,
    /// Where inner commands stand.
    pub runs: Vec<Runs>,
    /// Options (`--dry-run`, `--dry-run=client`) that make it change nothing.
    pub dry_run: Vec<String>,
    /// Options that only print help or a version.
    pub help: Vec<String>,
    /// What runs inside has more rights than the caller.
    pub privileged: bool,
    /// What runs inside runs elsewhere: the operand (by index) or option that names the place.
    pub remote: Option<Place>,
    /// Files whose code runs although no word names them (`Makefile`, `*.go`), by the last part of their path.
    pub builds: Vec<String>,
    /// Options with which a person types at a terminal of what runs inside, and after `!` those without which one does.
    pub terminal: Vec<String>,
    /// Where it lands: kinds of context with the option and the variable that name them.
    pub context: Vec<Context>,
    /// `NAME=value` operands before the inner command are its environment (`env`, `sudo`).
    pub assignments: bool,
    /// The option that names the directory to run in.
    pub directory: Option<String>,
    /// Options whose value is a secret.
    pub secrets: Vec<String>,
}

/// Which word names a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// An operand, counted from 0.
    Operand(usize),
    /// The value of an option.
    Option(String),
    /// Somewhere else that no word names (inside a container).
    Unnamed,
}

/// A kind of context and the words that name it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Context {
    /// What stands before the colon in a policy: `kube`, `aws`, `host`, `database`, `git`.
    pub kind: String,
    /// Whose files say the rest, where programs of one kind differ: `postgres`, `mysql`.
    #[serde(default)]
    pub reader: Option<String>,
    /// Options whose value names it.
    #[serde(default)]
    pub options: Vec<String>,
    /// Variables whose value names it where no option does.
    #[serde(default)]
    pub variables: Vec<String>,
    /// The operand (from 0) that names it.
    #[serde(default)]
    pub operand: Option<usize>,
    /// What else the command line says about it: the options for each setting (`namespace: [--namespace]`).
    #[serde(default)]
    pub settings: BTreeMap<String, Vec<String>>,
}

impl Context {
    /// Whose files can be asked for.
    pub const READERS: [&str; 13] = [
        "kube",
        "aws",
        "gcp",
        "azure",
        "terraform",
        "docker",
        "git",
        "postgres",
        "mysql",
        "redis",
        "mongo",
        "ssh",
        "scp",
    ];
}

/// The role of an operand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperandGrammar {
    /// What the word is; `None` if it is just a word.
    pub role: Option<Role>,
    /// Whether it takes all operands that the ones after it leave over.
    pub repeats: bool,
}

/// What a word is to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Data is read from it.
    Source,
    /// Data is written to it.
    Destination,
    /// It is acted on.
    Target,
    /// A local file whose content decides what happens (a script, a manifest).
    Input,
    /// After an `@`, a local file that is sent (`curl -d @file`).
    AtInput,
    /// A local file that is written.
    Writes,
    /// A URL.
    Url,
    /// A statement of SQL.
    Sql,
    /// A file of shell code that runs.
    Script,
}

/// Where an inner command stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// Where.
    pub at: Slot,
    /// How to read what stands there.
    pub form: Form,
    /// Words that gate cannot see follow it (`xargs`).
    pub more: bool,
    /// A word that stands for such words (`find {}`, `xargs -I`): itself, or the option that names it.
    pub marker: Option<String>,
    /// The words that the marker stands for are paths below the operands; these options (`find -name`) give a pattern of
    /// their last part.
    pub found: Option<Vec<String>>,
    /// From one of these on (`:::`) they are not words of the command, but what the marker stands for.
    pub values: Vec<String>,
    /// They are words of the tool itself as well, so that its options go on among them and its rules see them.
    pub own: bool,
    /// Where the first of them is one of these, it is the tool's own subcommand and nothing runs; nor does it where one of
    /// these options is given.
    pub except: Vec<String>,
    /// After the value of the option stand the words after so many operands (`docker run --entrypoint rm IMAGE -rf /srv`).
    pub then: Option<usize>,
    /// Each of the words is a command of its own (`hyperfine 'a b' 'c d'`).
    pub each: bool,
    /// What the first of them stands for, where it is a verb of the tool itself (`cmake -E remove_directory`).
    pub spelled: BTreeMap<String, Vec<String>>,
}

impl Runs {
    /// An inner command that stands here, in this form, about which no more is said.
    pub fn new(at: Slot, form: Form) -> Self {
        Self {
            at,
            form,
            more: false,
            marker: None,
            found: None,
            values: Vec::new(),
            own: false,
            except: Vec::new(),
            then: None,
            each: false,
            spelled: BTreeMap::new(),
        }
    }
}

/// Where the words of an inner command stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slot {
    /// All operands after this many.
    After(usize),
    /// All words after `--`, or, where there is none, all operands after this many.
    Dashes(usize),
    /// The value of any of these options.
    Options(Vec<String>),
    /// The first operand if one of these options is given, as the shells do (`sh -e -c SCRIPT NAME ARG…`).
    ScriptIf(Vec<String>),
    /// The first operand, unless one of these options is given, which names code elsewhere (`awk PROGRAM`, `sed SCRIPT`).
    ScriptUnless(Vec<String>),
    /// The value of this option, `key=value`, where the key matches one of these patterns (`git -c core.pager=…`).
    Setting(String, Vec<String>),
    /// The first operand is a file of code; with none, standard input is.
    FileOrInput,
}

/// How the words of an inner command are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// As arguments.
    Argv,
    /// Joined by spaces, as shell code (`ssh host a b`).
    Shell,
    /// Split at blanks, then as arguments (`env -S`).
    Split,
    /// As code of another language, which gate does not read.
    Code,
    /// As arguments, of which the first may name a package of a registry and its version (`npx prisma@5 migrate reset`).
    Package,
    /// As arguments, of which the first is an image that may be a tool with subcommands (`docker run hashicorp/terraform`).
    Image,
}

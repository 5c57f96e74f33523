//! Tools as people write them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::texts::{Maps, Text, Texts, WordOr};
use crate::encoding::yaml::Placed;
use crate::model::{Context, Form, Role, Syntax};

/// Writes the keys that tools and their subcommands share into both.
macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        /// What a subcommand may say.
        #[derive(Debug, Clone, Default, Deserialize)]
        #[cfg_attr(schema, derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
        pub struct WrittenBody {
            $($(#[$doc])* pub $name: $type,)*
        }

        /// What a tool may say.
        #[derive(Debug, Clone, Default, Deserialize)]
        #[cfg_attr(schema, derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
        pub struct WrittenTool {
            /// All names of one program, the canonical one first.
            pub program: Texts,
            /// Programs of which each is a tool of its own with this grammar.
            pub programs: Texts,
            /// The words that its name stands for.
            pub stands_for: Texts,
            /// How options are written.
            pub syntax: Syntax,
            /// Whether all options are listed.
            pub closed: bool,
            /// Whether an option that is not listed takes a value once the subcommand is named.
            pub valued: bool,
            /// Whether long options may be abbreviated.
            pub abbreviations: bool,
            /// Whether `NAME-SUBCOMMAND` is a program that stands for the subcommand.
            pub dashed: bool,
            /// How many leading operands name the subcommand where no key of `commands` matches.
            pub depth: Option<usize>,
            /// What differs under a subcommand.
            pub commands: BTreeMap<String, WrittenBody>,
            $($(#[$doc])* pub $name: $type,)*
        }

        impl WrittenTool {
            /// What the tool itself says under the keys that subcommands have too.
            pub fn body(&self) -> WrittenBody {
                WrittenBody { $($name: self.$name.clone(),)* }
            }
        }
    };
}

forms! {
    /// Options that take a value.
    value_flags: Texts,
    /// Options that take none.
    bool_flags: Texts,
    /// Options whose value is only what follows `=`.
    joined_flags: Texts,
    /// Options whose value is only a number that is joined to them, and behind which others may stand in the same word.
    number_flags: Texts,
    /// Options whose values are all words up to the next option.
    list_flags: Texts,
    /// Options whose value is all words up to one of these.
    until_flags: BTreeMap<String, Texts>,
    /// What the value of an option is.
    roles: BTreeMap<String, Role>,
    /// Roles of the operands.
    operands: Texts,
    /// Where inner commands stand.
    runs: Maps<WrittenRuns>,
    /// Options that make it change nothing.
    dry_run: Texts,
    /// Options that only print help.
    help: Option<Texts>,
    /// What runs inside has more rights.
    privileged: bool,
    /// What runs inside runs elsewhere.
    remote: Option<WrittenRemote>,
    /// Files whose code runs although no word names them.
    builds: Texts,
    /// Options with which a person types into what runs inside; with `!`, those without which.
    terminal: Texts,
    /// Where it lands.
    context: Maps<Context>,
    /// `NAME=value` operands stand before the inner command.
    assignments: bool,
    /// The option that names the directory.
    directory: Option<Placed<Text>>,
    /// Options whose value is a secret.
    secrets: Texts,
}

/// Where an inner command stands.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrittenRuns {
    /// All operands after this many.
    #[serde(default)]
    pub after: Option<Placed<usize>>,
    /// All words after `--`, or else all operands after this many.
    #[serde(default)]
    pub dashes: Option<usize>,
    /// The value of these options.
    #[serde(default)]
    pub options: Texts,
    /// The first operand if one of these options is given.
    #[serde(default)]
    pub script_if: Texts,
    /// The first operand unless one of these options is given.
    #[serde(default)]
    pub script_unless: Texts,
    /// `key=value` of this option …
    #[serde(default)]
    pub setting: Option<Placed<Text>>,
    /// … where the key is one of these.
    #[serde(default)]
    pub keys: Texts,
    /// The first operand is a file of code; with none, standard input is.
    #[serde(default)]
    pub file_or_input: bool,
    /// How to read what stands there.
    #[serde(rename = "as", default)]
    pub form: Option<Form>,
    /// Unseen words follow.
    #[serde(default)]
    pub more: bool,
    /// The word, or the option naming the word, that stands for unseen words.
    #[serde(default)]
    pub marker: Option<Text>,
    /// They are paths below the operands; the options that give a pattern of their last part.
    #[serde(default)]
    pub found: Option<Texts>,
    /// The words from which on they stand in the command line.
    #[serde(default)]
    pub values: Texts,
    /// The tool's own words as well.
    #[serde(default)]
    pub own: bool,
    /// First words that are subcommands of the tool itself, and options with which nothing runs.
    #[serde(default)]
    pub except: Texts,
    /// After the option's value stand the words after this many operands.
    #[serde(default)]
    pub then: Option<usize>,
    /// Each word is a command of its own.
    #[serde(default)]
    pub each: bool,
    /// What a first word stands for that is a verb of the tool itself.
    #[serde(default)]
    pub spelled: BTreeMap<String, Texts>,
}

/// Which word names the place.
#[derive(Debug, Clone)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
pub struct WrittenRemote(pub WordOr<RemoteBy>);

/// The word that names a place.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(schema, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RemoteBy {
    /// An operand, from 0.
    #[serde(default)]
    pub operand: Option<usize>,
    /// An option's value.
    #[serde(default)]
    pub option: Option<Placed<Text>>,
}

impl<'de> Deserialize<'de> for WrittenRemote {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WordOr::deserialize(deserializer).map(Self)
    }
}

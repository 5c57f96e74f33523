//! Says the parser's faults in gate's words: what the writer of a policy can act on, without a type's name in it.

use serde_yaml::budget::BudgetBreach;
use serde_yaml::{Error, MessageFormatter as _, UserMessageFormatter};

use super::{MAX_DEPTH, MAX_NODES, YamlError, nearest};

/// A message and its hint.
type Said = (String, Option<String>);

/// The fault with its place and the line it stands in.
pub(super) fn in_our_words(name: &str, text: &str, fault: &Error) -> YamlError {
    let place = fault.location().map_or((0, 0), |place| (place.line(), place.column()));
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let (message, hint) = said(fault.without_snippet());
    YamlError::at(name, text, number(place.0), number(place.1), &message, hint.as_deref())
}

fn said(fault: &Error) -> Said {
    match fault {
        Error::SerdeUnknownField { field, expected, .. } => unknown("key", field, expected),
        Error::SerdeUnknownVariant { variant, expected, .. } => unknown("value", variant, expected),
        Error::SerdeMissingField { field, .. } => plain(format!("the key `{field}` is missing")),
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            plain(format!("expected {}, found {unexpected}", without_types(expected)))
        }
        Error::SerdeInvalidLength { len, expected, .. } => {
            plain(format!("expected {}, found {len} of them", without_types(expected)))
        }
        Error::InvalidScalar { ty, .. } => plain(format!("expected {}", kind_of_value(ty))),
        Error::InvalidBooleanStrict { .. } => plain("expected true or false".into()),
        Error::Unexpected { expected, .. } => plain(format!("expected {}", part_of_yaml(expected))),
        Error::NullIntoString { .. } => {
            hinted("a value is missing here", "a text that is really empty, `~` or `null` is written in quotes")
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => plain(format!("the key `{key}` stands here twice")),
        Error::DuplicateMappingKey { key: None, .. } => plain("a key stands here twice".into()),
        Error::MergeKeyNotAllowed { .. } => hinted("merge keys (`<<`) are not allowed", "write the keys out"),
        Error::UnknownAnchor { .. } => no_anchors(),
        Error::UnsupportedTag { tag, .. } | Error::TaggedStructFieldName { tag, .. } => {
            plain(format!("the tag `{tag}` is not allowed"))
        }
        Error::MultipleDocuments { .. } => one_document(),
        Error::Eof { .. } => plain("the text ends before anything is said".into()),
        Error::Budget { breach, .. } => over(breach),
        // What our own types say, what the scanner says of syntax, and faults that the package may learn later.
        other => of_syntax(UserMessageFormatter.format_message(other).into_owned()),
    }
}

fn plain(message: String) -> Said {
    (message, None)
}

fn hinted(message: &str, hint: &str) -> Said {
    (message.to_owned(), Some(hint.to_owned()))
}

fn unknown(what: &str, found: &str, expected: &[&str]) -> Said {
    let hint = nearest(found, expected.iter().copied()).map(|name| format!("did you mean `{name}`?"));
    let names: Vec<_> = expected.iter().map(|name| format!("`{name}`")).collect();
    let message = match names.as_slice() {
        [] => format!("unknown {what} `{found}`, none is expected here"),
        [name] => format!("unknown {what} `{found}`, expected {name}"),
        names => format!("unknown {what} `{found}`, expected one of {}", names.join(", ")),
    };
    (message, hint)
}

fn over(breach: &BudgetBreach) -> Said {
    match breach {
        BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. } => no_anchors(),
        BudgetBreach::Documents { .. } => one_document(),
        BudgetBreach::Depth { .. } => plain(format!("nested deeper than {MAX_DEPTH}")),
        BudgetBreach::Nodes { .. } => plain(format!("more than {MAX_NODES} keys and values")),
        _ => plain("the text is too large or too complex to be meant".into()),
    }
}

fn no_anchors() -> Said {
    hinted(
        "anchors (`&`) and aliases (`*`) are not allowed",
        "write the value out; put quotes around a text like `*.sh`",
    )
}

fn one_document() -> Said {
    hinted("a second document (`---`) is not allowed", "put it into a file of its own")
}

/// What was expected, when the parser says it by the name of a part of YAML.
fn part_of_yaml(expected: &str) -> &str {
    match expected {
        "mapping start" => "a mapping (`key: value`)",
        "sequence start" => "a list (`- value`)",
        "string scalar" | "scalar" => "a single value",
        other => other,
    }
}

/// What was expected, when the parser says it by the name of a type.
fn kind_of_value(ty: &str) -> &str {
    match ty {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "u128" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" | "float" => "a number",
        "bool" => "true or false",
        _ => "another kind of value",
    }
}

/// What serde says a type expects, less the names of types in it.
fn without_types(expected: &str) -> &str {
    match expected.split_once(' ').map_or(expected, |(first, _)| first) {
        "struct" | "map" => "a mapping (`key: value`)",
        "sequence" | "tuple" => "a list (`- value`)",
        "enum" | "variant" => "one of its words",
        "newtype" | "unit" => "another kind of value",
        _ => match kind_of_value(expected) {
            "another kind of value" => expected,
            kind => kind,
        },
    }
}

fn of_syntax(message: String) -> Said {
    if message.starts_with("recursion limit") {
        plain(format!("nested deeper than {MAX_DEPTH}"))
    } else if message.starts_with("tabs disallowed") {
        hinted("a tab stands where only spaces may", "indent with spaces")
    } else if message.starts_with("mapping values are not allowed") || message.starts_with("unexpected character") {
        let hint = "put quotes around a text with `: ` in it, or one that starts with a sign such as `@`";
        (message, Some(hint.to_owned()))
    } else {
        plain(message)
    }
}

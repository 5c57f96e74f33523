//! Programs that a registry gives: a package or an image that is named in place of a program, so that the rules of the
//! program hold. Nothing is looked up: a package is taken for the tool of its name.

use crate::model::Word;

use super::reading::Tools;

/// The words with the package as the program that it holds: `npm:@vscode/vsce@3.1` as `vsce`; `None` where it is a place.
pub(super) fn of_registry(words: Vec<Word>, tools: &dyn Tools) -> Option<Vec<Word>> {
    let (first, rest) = words.split_first()?;
    let Some(text) = first.text() else { return Some(words) };
    let program = packaged(text, tools)?.into_iter().map(|word| Word::exact(word).at(first.origin()));
    Some(program.chain(rest.iter().cloned()).collect())
}

/// The program that a package holds, as the words that it stands for.
fn packaged(text: &str, tools: &dyn Tools) -> Option<Vec<String>> {
    if text.starts_with(['.', '/', '-', '~']) {
        return None;
    }
    let name = text.strip_prefix("npm:").or_else(|| text.strip_prefix("jsr:")).unwrap_or(text);
    // A scope begins with the sign that stands before a version.
    let version = name.char_indices().skip(1).find(|(_, sign)| matches!(sign, '@' | '=' | '[' | '<' | '>' | '~'));
    let name = version.map_or(name, |(at, _)| name.get(..at).unwrap_or(name));
    if let Some(tool) = tools.tool(name) {
        return Some(if tool.stands_for.is_empty() { vec![tool.name.clone()] } else { tool.stands_for.clone() });
    }
    let bare = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/')?.1,
        None => name,
    };
    // What is neither in a scope nor bare is a place, of which the runner's own rules know.
    (!bare.is_empty() && !bare.contains(['/', ':'])).then(|| vec![bare.to_owned()])
}

/// The words of the tool that an image is called after, where that tool has subcommands: what it runs unless it is told
/// otherwise is then the tool.
pub(super) fn of_image(words: Vec<Word>, tools: &dyn Tools) -> Option<Vec<Word>> {
    let (image, rest) = words.split_first()?;
    let name = image.text()?.rsplit('/').next()?.split(['@', ':']).next()?;
    let tool = tools.tool(name)?;
    // An image that is told another program runs that one.
    if rest.first().and_then(Word::text).is_none_or(|word| tools.tool(word).is_some() && !has(tool, word)) {
        return None;
    }
    let subcommands = !tool.commands.is_empty() || tool.depth > 0 || !tool.stands_for.is_empty();
    let program = Word::exact(name).at(image.origin());
    subcommands.then(|| std::iter::once(program).chain(rest.iter().cloned()).collect())
}

/// Whether a word is a subcommand of a tool.
fn has(tool: &crate::model::Tool, word: &str) -> bool {
    tool.commands.iter().any(|(path, _)| path.first().is_some_and(|names| names.iter().any(|name| name == word)))
}

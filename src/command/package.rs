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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tool;

    struct Shelf(Vec<Tool>);

    impl Tools for Shelf {
        fn tool(&self, file_name: &str) -> Option<&Tool> {
            self.0.iter().find(|tool| tool.names.iter().any(|name| name == file_name))
        }

        fn looks_at(&self, _: &str) -> bool {
            false
        }
    }

    fn shelf() -> Shelf {
        let tool = |name: &str, stands: &[&str], depth: usize| Tool {
            name: name.to_owned(),
            names: vec![name.to_owned()],
            stands_for: stands.iter().map(|word| (*word).to_owned()).collect(),
            depth,
            ..Tool::default()
        };
        Shelf(vec![
            tool("@acme/cli", &["acme"], 0),
            tool("rimraf", &["rm", "-rf"], 0),
            tool("tf", &[], 1),
            tool("node", &[], 0),
        ])
    }

    fn words(line: &str) -> Vec<Word> {
        line.split(' ').map(Word::exact).collect()
    }

    fn line(words: Option<Vec<Word>>) -> String {
        let words = words.unwrap_or_default();
        words.iter().filter_map(Word::text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_package_is_the_program_of_its_name() {
        for (given, read) in [
            ("prisma@5.1 migrate reset", "prisma migrate reset"),
            ("npm:@vscode/vsce@3 publish", "vsce publish"),
            ("@acme/cli@latest deploy", "acme deploy"),
            ("rimraf@5 /srv", "rm -rf /srv"),
            ("ruff==0.4 check", "ruff check"),
            ("github:a/b x", ""),
            ("./local x", ""),
        ] {
            assert_eq!(line(of_registry(words(given), &shelf())), read, "{given}");
        }
    }

    #[test]
    fn an_image_is_a_tool_where_that_has_subcommands() {
        for (given, read) in [
            ("docker.example/hashicorp/tf:1.9 destroy", "tf destroy"),
            ("tf@sha256:00 destroy", "tf destroy"),
            ("tf node x.js", ""),
            ("tf", ""),
            ("node:20 npm", ""),
        ] {
            assert_eq!(line(of_image(words(given), &shelf())), read, "{given}");
        }
    }
}

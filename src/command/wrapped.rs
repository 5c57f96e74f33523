//! A program that no tool describes may run another one: where its words go on as those of a known program would
//! (`retry -n 3 -- rm -rf /srv`), they are read as one. Refuses to take a word for a program that is as likely a verb, a
//! value, or a name that stands alone.

use crate::model::{Via, Word};

use super::program::file_name;
use super::reading::{Place, Reader, Surroundings};
use super::shell::Dialect;

/// Most words before the inner program.
const MAX_BEFORE: usize = 16;
/// Programs whose names are words of other programs as well: subcommands, or what those are about.
const VERBS: &str = "act alias apply at attr base batch bind break builtin cal cat cd clear code command comm complete continue \
    coproc crontab cut date declare dig dir disown echo enable env eval exec exit expand export fc file find fish \
    fmt fold free groups halt head help history host hostname hg id import install jobs join just kill last less \
    let link ln local locale locate login logout look ls make man more mount passwd paste patch ping popd poweroff \
    pr printf pushd pwd read readonly reboot reset return run screen script see service set shift shutdown sleep \
    snap snow sort source split ssh stat sum suspend sync systemctl tail task tee test time times top touch trap \
    true ts tty type umount uname unlink unset uptime users view w wait watch which who wipe write yes";

impl Reader<'_> {
    /// Reads the known program among the words of an unknown one.
    pub(super) fn wrapped(&mut self, words: &[Word], name: &str, place: &Place) {
        if let Some(at) = self.inside_unknown(words) {
            let place = place.under(Via::Program(name.to_owned()));
            self.words(words.iter().skip(at).cloned().collect(), Surroundings::default(), &place);
        }
    }

    /// Where the words of a known program begin: after options, their values and assignments, behind at most one word
    /// more, or behind two dashes.
    fn inside_unknown(&self, words: &[Word]) -> Option<usize> {
        let (mut plain, mut option, mut dashes) = (0, false, false);
        for (at, word) in words.iter().enumerate().skip(1).take(MAX_BEFORE) {
            let text = word.text()?;
            if self.is_program(word, words.get(at + 1), dashes) {
                return Some(at);
            }
            if dashes {
                return None;
            }
            dashes = text == "--";
            let value = option || text.contains(['/', '=']) || text.bytes().all(|byte| byte.is_ascii_digit());
            option = text.starts_with('-') && !text.contains('=');
            plain += usize::from(!dashes && !text.starts_with('-') && !value);
            if plain > 1 && !words.iter().any(|word| word.text() == Some("--")) {
                return None;
            }
        }
        None
    }

    /// Whether a word is a known program with words of its own.
    fn is_program(&self, word: &Word, next: Option<&Word>, dashes: bool) -> bool {
        let (Some(name), Some(text), Some(next)) = (file_name(word), word.text(), next) else { return false };
        let known = self.tools.tool(name).is_some_and(|tool| !tool.name.is_empty());
        let shell = Dialect::of_program(name).is_some();
        let told = next.text().is_none_or(|next| next.starts_with('-'));
        if shell {
            return known && told;
        }
        known && (dashes || text.starts_with('/') || !VERBS.split_whitespace().any(|verb| verb == name))
    }
}

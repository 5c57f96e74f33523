//! How much of what a pattern spells out is known of a word: what could be anything is no reason to think of a file of
//! secrets, and `~/.ssh/$key` is. Refuses to guess where the pattern spells nothing.

use super::load::pattern::{Label, Step, free, moves};

/// Whether some instance of both has at least half of the bytes that the pattern spells out where the word spells them,
/// too. Slashes count only in a pattern that has nothing else.
pub fn half(pattern: &[Step], word: &[Step]) -> bool {
    let letter = |step: &&Step| matches!(step, Step::Byte(byte) if *byte != b'/');
    let letters = pattern.iter().filter(letter).count();
    let counts = |byte: u8| byte != b'/' || letters == 0;
    let spelled = pattern.iter().filter(|step| matches!(step, Step::Byte(byte) if counts(*byte))).count();
    if spelled == 0 {
        return true;
    }
    // The most that was met on the way to a pair of states; a pair is looked at again only where more was.
    let width = word.len() + 1;
    let mut most: Vec<Option<usize>> = vec![None; (pattern.len() + 1) * width];
    let mut open = vec![(0, 0, 0)];
    while let Some((a, b, met)) = open.pop() {
        match most.get_mut(a * width + b) {
            Some(most) if most.is_none_or(|most| most < met) => *most = Some(met),
            _ => continue,
        }
        open.extend(free(pattern, a).into_iter().flatten().map(|a| (a, b, met)));
        open.extend(free(word, b).into_iter().flatten().map(|b| (a, b, met)));
        for (own, to) in moves(pattern, a).into_iter().flatten() {
            for (other, beside) in moves(word, b).into_iter().flatten().filter(|(other, _)| own.meets(*other)) {
                let spelled = matches!((own, other), (Label::Byte(own), Label::Byte(_)) if counts(own))
                    && matches!((pattern.get(a), word.get(b)), (Some(Step::Byte(_)), Some(Step::Byte(_))));
                open.push((to, beside, met + usize::from(spelled)));
            }
        }
    }
    most.last().copied().flatten().is_some_and(|met| met > 0 && 2 * met >= spelled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::load::pattern::steps;

    #[test]
    fn a_word_counts_where_half_of_the_pattern_stands_in_it() {
        for (pattern, word, expected) in [
            ("**/.ssh/id_*", "/home/dev/.ssh/**", true),
            ("**/.ssh/id_*", "/home/dev/.s*/id_*", true),
            ("**/.ssh/id_*", "/home/dev/docs/*", false),
            ("**/.env", "**/.env", true),
            ("**/.env", "/app/*", false),
            ("**/secrets.y*ml", "/app/config/*.yml", false),
            ("/etc/**", "/etc/**", true),
            ("/etc/**", "**", false),
            ("/", "/", true),
            ("/", "**", false),
            ("**", "x", true),
        ] {
            assert_eq!(half(&steps(pattern).unwrap(), &steps(word).unwrap()), expected, "{pattern} {word}");
        }
    }
}

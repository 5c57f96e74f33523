//! Patterns: `*` and `?` and `[…]` within one part, `**` across parts, `{a,b}` for either. What is compared with them may
//! itself be known only in part; refuses nothing that a concrete value could be.

/// One step of a pattern, or of what is known of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// This byte.
    Byte(u8),
    /// One byte that is no slash.
    One,
    /// One byte of (or, negated, not of) these ranges, and no slash.
    Class(bool, Vec<(u8, u8)>),
    /// Any number of bytes of (or, negated, not of) these ranges, and no slashes.
    Run(bool, Vec<(u8, u8)>),
    /// Any bytes that are no slashes.
    Part,
    /// Any bytes.
    All,
    /// Nothing, or what the next step, an `Inside`, stands for.
    Above,
    /// Any bytes and a slash.
    Inside,
    /// Nothing, or a slash and what the next step, an `All`, stands for.
    Below,
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// It is empty.
    #[error("a pattern is empty")]
    Empty,
    /// `[` without `]`.
    #[error("`[` has no `]`")]
    Bracket,
    /// `{` without `}`.
    #[error("`{{` has no `}}`")]
    Brace,
    /// More than [`MAX_ALTERNATIVES`] in `{…}`.
    #[error("`{{…}}` stand for more than {MAX_ALTERNATIVES} patterns")]
    TooMany,
}

/// Most patterns that one may stand for.
pub const MAX_ALTERNATIVES: usize = 256;

/// What a byte of one side must be.
#[derive(Clone, Copy)]
pub enum Label<'a> {
    /// This one.
    Byte(u8),
    /// No slash.
    NoSlash,
    /// One of (or, negated, not of) these ranges.
    Class(bool, &'a [(u8, u8)]),
    /// Any.
    Any,
}

impl Label<'_> {
    fn accepts(self, byte: u8) -> bool {
        match self {
            Self::Byte(own) => own == byte,
            Self::NoSlash => byte != b'/',
            Self::Class(negated, ranges) => {
                byte != b'/' && negated != ranges.iter().any(|(from, to)| (*from..=*to).contains(&byte))
            }
            Self::Any => true,
        }
    }

    /// Whether some byte is both.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Byte(byte), other) | (other, Self::Byte(byte)) => other.accepts(byte),
            (Self::Any | Self::NoSlash, Self::Any | Self::NoSlash) => true,
            _ => (0..=u8::MAX).any(|byte| self.accepts(byte) && other.accepts(byte)),
        }
    }
}

/// The patterns that `{a,b}` stands for.
pub fn alternatives(pattern: &str) -> Result<Vec<String>, InvalidPattern> {
    let mut all = vec![String::new()];
    let mut left = pattern;
    while let Some((before, rest)) = left.split_once('{') {
        let (inside, after) = rest.split_once('}').ok_or(InvalidPattern::Brace)?;
        if all.len().saturating_mul(inside.split(',').count()) > MAX_ALTERNATIVES {
            return Err(InvalidPattern::TooMany);
        }
        left = after;
        if !inside.contains(',') {
            all.iter_mut().for_each(|one| one.extend([before, inside]));
            continue;
        }
        let several =
            |start: &String| -> Vec<String> { inside.split(',').map(|one| format!("{start}{before}{one}")).collect() };
        all = all.iter().flat_map(several).collect();
    }
    all.iter_mut().for_each(|one| one.push_str(left));
    Ok(all)
}

/// The steps of one pattern without `{…}`.
pub fn steps(pattern: &str) -> Result<Vec<Step>, InvalidPattern> {
    if pattern.is_empty() {
        return Err(InvalidPattern::Empty);
    }
    let mut steps = Vec::with_capacity(pattern.len());
    let mut rest = pattern.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'*' => {
                let Some(after) = rest.strip_prefix(b"*") else {
                    steps.push(Step::Part);
                    continue;
                };
                let starts = matches!(steps.last(), None | Some(Step::Byte(b'/')));
                match after.strip_prefix(b"/") {
                    Some(tail) if starts => {
                        steps.extend([Step::Above, Step::Inside]);
                        rest = tail;
                    }
                    _ if after.is_empty() && steps.last() == Some(&Step::Byte(b'/')) && steps.len() > 1 => {
                        steps.pop();
                        steps.extend([Step::Below, Step::All]);
                        rest = after;
                    }
                    _ => {
                        steps.push(Step::All);
                        rest = after;
                    }
                }
            }
            b'?' => steps.push(Step::One),
            b'[' => {
                let (class, tail) = class(rest)?;
                steps.push(class);
                rest = tail;
            }
            b'\\' => match rest.split_first() {
                Some((escaped, tail)) => {
                    steps.push(Step::Byte(*escaped));
                    rest = tail;
                }
                None => steps.push(Step::Byte(b'\\')),
            },
            byte => steps.push(Step::Byte(*byte)),
        }
    }
    Ok(steps)
}

fn class(rest: &[u8]) -> Result<(Step, &[u8]), InvalidPattern> {
    let (negated, mut rest) = match rest.split_first() {
        Some((b'!' | b'^', rest)) => (true, rest),
        _ => (false, rest),
    };
    let mut ranges = Vec::new();
    loop {
        let (first, after) = rest.split_first().ok_or(InvalidPattern::Bracket)?;
        if *first == b']' && !ranges.is_empty() {
            return Ok((Step::Class(negated, ranges), after));
        }
        match after {
            [b'-', last, tail @ ..] if *last != b']' => {
                ranges.push((*first, *last));
                rest = tail;
            }
            _ => {
                ranges.push((*first, *first));
                rest = after;
            }
        }
    }
}

/// The states reachable from one without a byte.
#[must_use]
pub fn free(steps: &[Step], state: usize) -> [Option<usize>; 2] {
    match steps.get(state) {
        Some(Step::Part | Step::All | Step::Run(..)) => [Some(state + 1), None],
        Some(Step::Above) => [Some(state + 1), Some(state + 2)],
        Some(Step::Below) => [Some(state + 2), None],
        Some(Step::Byte(_) | Step::One | Step::Class(..) | Step::Inside) | None => [None, None],
    }
}

/// The moves from a state by one byte: what it must be, and where it leads.
#[must_use]
pub fn moves(steps: &[Step], state: usize) -> [Option<(Label<'_>, usize)>; 2] {
    match steps.get(state) {
        None | Some(Step::Above) => [None, None],
        Some(Step::Byte(byte)) => [Some((Label::Byte(*byte), state + 1)), None],
        Some(Step::One) => [Some((Label::NoSlash, state + 1)), None],
        Some(Step::Class(negated, ranges)) => [Some((Label::Class(*negated, ranges), state + 1)), None],
        Some(Step::Run(negated, ranges)) => [Some((Label::Class(*negated, ranges), state)), None],
        Some(Step::Part) => [Some((Label::NoSlash, state)), None],
        Some(Step::All) => [Some((Label::Any, state)), None],
        Some(Step::Inside) => [Some((Label::Any, state)), Some((Label::Byte(b'/'), state + 1))],
        Some(Step::Below) => [Some((Label::Byte(b'/'), state + 1)), None],
    }
}

/// Whether some text is an instance of both.
#[must_use]
pub fn overlap(one: &[Step], other: &[Step]) -> bool {
    if let (Some(Step::Byte(a)), Some(Step::Byte(b))) = (one.first(), other.first())
        && a != b
    {
        return false;
    }
    let width = other.len() + 1;
    let mut seen = vec![false; (one.len() + 1) * width];
    let mut open = vec![(0, 0)];
    while let Some((a, b)) = open.pop() {
        match seen.get_mut(a * width + b) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        if a == one.len() && b == other.len() {
            return true;
        }
        open.extend(free(one, a).into_iter().flatten().map(|a| (a, b)));
        open.extend(free(other, b).into_iter().flatten().map(|b| (a, b)));
        for (label, to) in moves(one, a).into_iter().flatten() {
            let met = moves(other, b).into_iter().flatten().filter(|(met, _)| label.meets(*met));
            open.extend(met.map(|(_, beside)| (to, beside)));
        }
    }
    false
}

/// Whether every instance of `word` is certainly one of the pattern. What `All` stands for in a word is certain only
/// where the pattern ends in one.
#[must_use]
pub fn covers(pattern: &[Step], word: &[Step]) -> bool {
    // Nothing above, or something: both must be certain.
    if let Some(above) = word.iter().position(|step| *step == Step::Above) {
        let (before, after) = (word.iter().take(above), word.iter().skip(above + 1));
        let something: Vec<Step> = before.clone().chain(after.clone()).cloned().collect();
        let nothing: Vec<Step> = before.chain(after.skip(1)).cloned().collect();
        return covers(pattern, &nothing) && covers(pattern, &something);
    }
    let mut states = vec![false; pattern.len() + 1];
    let mut next = states.clone();
    enter(pattern, &mut states, 0);
    for step in word {
        next.fill(false);
        for (state, _) in states.iter().enumerate().filter(|(_, reached)| **reached) {
            match (step, pattern.get(state)) {
                (Step::Byte(byte), _) => {
                    for (label, to) in moves(pattern, state).into_iter().flatten() {
                        if label.accepts(*byte) {
                            enter(pattern, &mut next, to);
                        }
                    }
                }
                // What one star stands for is certain only inside another.
                (
                    Step::Part | Step::One | Step::Class(..) | Step::Run(..),
                    Some(Step::Part | Step::All | Step::Inside),
                )
                | (Step::Inside, Some(Step::All)) => enter(pattern, &mut next, state),
                (Step::Inside, Some(Step::Inside)) => {
                    enter(pattern, &mut next, state);
                    enter(pattern, &mut next, state + 1);
                }
                // Itself and everything below: the rest of the pattern must be everything below, too.
                (Step::Below, _) => return below(pattern, &states),
                // Anything is an instance of anything.
                (Step::All, Some(Step::All)) if state + 1 == pattern.len() => enter(pattern, &mut next, state),
                (Step::All | Step::Above, _) => {}
                (Step::Part | Step::One | Step::Class(..) | Step::Run(..) | Step::Inside, _) => {}
            }
        }
        std::mem::swap(&mut states, &mut next);
        if !states.contains(&true) {
            return false;
        }
    }
    states.last() == Some(&true)
}

/// Whether what was read so far matches, and everything below it does.
fn below(pattern: &[Step], states: &[bool]) -> bool {
    let reached = |back: usize| {
        let state = pattern.len().checked_sub(back);
        state.and_then(|state| states.get(state)) == Some(&true)
    };
    match pattern {
        [.., Step::Below, Step::All] => reached(2) || reached(1),
        [.., Step::All] => reached(1),
        _ => false,
    }
}

fn enter(pattern: &[Step], states: &mut [bool], state: usize) {
    match states.get_mut(state) {
        Some(reached) if !*reached => *reached = true,
        _ => return,
    }
    for next in free(pattern, state).into_iter().flatten() {
        enter(pattern, states, next);
    }
}

/// Whether what a word begins with rules a pattern out, by its text alone: most differ in their first letters.
#[must_use]
pub fn differs(pattern: &str, word: &[Step]) -> bool {
    for (own, step) in pattern.bytes().zip(word) {
        match (own, step) {
            (b'*' | b'?' | b'[' | b'\\', _) => return false,
            (_, Step::Byte(byte)) if *byte == own => {}
            (_, Step::Byte(_)) => return true,
            _ => return false,
        }
    }
    false
}

/// Whether a text is an instance of a pattern; a text that is no pattern has no instance.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let magic = |byte: &u8| matches!(byte, b'*' | b'?' | b'[' | b'\\');
    let plain = pattern.bytes().position(|byte| magic(&byte));
    let Some(plain) = plain else { return pattern == text && !pattern.is_empty() };
    // `x/**` is x, too.
    let start = pattern.as_bytes().get(..plain).unwrap_or_default();
    let start = start.strip_suffix(b"/").unwrap_or(start);
    if !text.as_bytes().starts_with(start) {
        return false;
    }
    let text: Vec<Step> = text.bytes().map(Step::Byte).collect();
    steps(pattern).is_ok_and(|pattern| covers(&pattern, &text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_stay_within_their_parts() {
        for (pattern, text, expected) in [
            ("*.rs", "a.rs", true),
            ("*.rs", "a/b.rs", false),
            ("**.rs", "a/b.rs", true),
            ("/etc/**", "/etc", true),
            ("/etc/**", "/etc/", true),
            ("/etc/**", "/etc/a/b", true),
            ("/etc/**", "/etcetera", false),
            ("**/target/**", "/a/target", true),
            ("**/target/**", "/a/target/b", true),
            ("**/target/**", "/a/targets", false),
            ("**/target/**", "/a/xtarget", false),
            ("**/foo", "foo", true),
            ("**/foo", "xfoo", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/xb", false),
            ("s3://acme-*/**", "s3://acme-prod/x/y", true),
            ("s3://acme-*/**", "s3://other/x", false),
            ("s3://**", "s3://x/y", true),
            ("/", "/", true),
            ("/**", "/", true),
            ("/**", "/x", true),
            ("sd[a-z]?", "sda1", true),
            ("sd[!a-c]", "sda", false),
            ("a\\*", "a*", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert_eq!(alternatives("a{b,c}d{e,}").unwrap(), ["abde", "abd", "acde", "acd"]);
        assert_eq!(alternatives("{a,b}{c,d}").unwrap(), ["ac", "ad", "bc", "bd"]);
        assert_eq!(alternatives(&"{a,b}".repeat(8)).unwrap().len(), MAX_ALTERNATIVES);
        assert_eq!(alternatives(&"{a,b}".repeat(9)), Err(InvalidPattern::TooMany));
        assert!(steps("[a").is_err() && steps("").is_err() && alternatives("{a").is_err());
    }

    #[test]
    fn a_recursive_target_is_covered_only_by_what_covers_all_below_it() {
        let tree = |text: &str| -> Vec<Step> { text.bytes().map(Step::Byte).chain([Step::Below, Step::All]).collect() };
        assert!(covers(&steps("**/target/**").unwrap(), &tree("/a/target")));
        assert!(covers(&steps("**/target/**").unwrap(), &tree("/a/target/x")));
        assert!(covers(&steps("**").unwrap(), &tree("/a")));
        assert!(!covers(&steps("**/target").unwrap(), &tree("/a/target")));
        assert!(!covers(&steps("**/target/**").unwrap(), &tree("/a")));
        assert!(overlap(&steps("**/target/**").unwrap(), &tree("/a")));
        assert!(!overlap(&steps("/etc/**").unwrap(), &tree("/a")));
        assert!(overlap(&steps("/etc/passwd").unwrap(), &tree("/etc")));
    }

    /// A pattern, and a text that some of its stars were filled in for.
    fn word() -> impl Strategy<Value = (Vec<Step>, String)> {
        let piece = prop_oneof![
            "[ab/]{1,3}".prop_map(|text| (text.bytes().map(Step::Byte).collect::<Vec<_>>(), text)),
            "[ab]{0,3}".prop_map(|text| (vec![Step::Part], text)),
            "[ab/]{0,4}".prop_map(|text| (vec![Step::All], text)),
            "[ab]".prop_map(|text| (vec![Step::One], text)),
            prop_oneof![Just(String::new()), "[ab/]{0,3}/"].prop_map(|text| (vec![Step::Above, Step::Inside], text)),
        ];
        let end = prop_oneof![Just(None), Just(Some(String::new())), "/[ab/]{0,3}".prop_map(Some)];
        (prop::collection::vec(piece, 0..5), end).prop_map(|(pieces, end)| {
            let (mut steps, mut text) = (Vec::new(), String::new());
            for (piece, instance) in pieces {
                steps.extend(piece);
                text += &instance;
            }
            if let Some(below) = end {
                steps.extend([Step::Below, Step::All]);
                text += &below;
            }
            (steps, text)
        })
    }

    proptest! {
        #[test]
        fn what_a_concrete_instance_matches_is_overlapped((word, instance) in word(), pattern in "[ab/*?]{1,8}") {
            let bytes: Vec<Step> = instance.bytes().map(Step::Byte).collect();
            let pattern = steps(&pattern).unwrap();
            prop_assert!(overlap(&word, &bytes), "the instance is not one");
            if covers(&pattern, &bytes) {
                prop_assert!(overlap(&pattern, &word));
            }
            if covers(&pattern, &word) {
                prop_assert!(covers(&pattern, &bytes));
            }
            prop_assert_eq!(covers(&pattern, &bytes), overlap(&pattern, &bytes));
        }

        #[test]
        fn any_text_is_read_or_refused(pattern in r"[a*?\[\]{},/\\!-]{0,12}") {
            if let Ok(all) = alternatives(&pattern) {
                for one in all {
                    let _ = steps(&one);
                }
            }
        }
    }
}

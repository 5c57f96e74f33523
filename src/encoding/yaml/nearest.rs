//! Finds what somebody probably meant to write, for hints; decides nothing.

/// Names longer than this are nobody's slip of the pen.
const LONGEST: usize = 64;

/// The known name that is nearest to what was written, if it is near enough to be meant: letters left out, added,
/// changed or swapped in at most a third of it.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written: Vec<char> = written.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    if written.len() > LONGEST {
        return None;
    }
    let far = (written.len() / 3).max(1);
    known
        .into_iter()
        .filter(|name| name.len() <= LONGEST)
        .map(|name| (distance(&written, &name.chars().flat_map(char::to_lowercase).collect::<Vec<_>>()), name))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters must be left out, added, changed or swapped with their neighbour to get from one to the other.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut last_row: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    let mut left = None;
    for (down, letter) in one.iter().enumerate() {
        let mut next = vec![down + 1];
        let mut above_left = None;
        for (across, found) in other.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let changed = cell(&row, across) + usize::from(letter != found);
            let mut best = changed.min(cell(&row, across + 1) + 1).min(cell(&next, across) + 1);
            if left == Some(found) && above_left == Some(letter) && across > 0 {
                best = best.min(cell(&last_row, across - 1) + 1);
            }
            next.push(best);
            above_left = Some(found);
        }
        last_row = std::mem::replace(&mut row, next);
        left = Some(letter);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let known = ["effect", "class", "examples", "id", "why"];
        for (written, meant) in [
            ("efect", Some("effect")),
            ("effcet", Some("effect")),
            ("Effect", Some("effect")),
            ("exmaple", Some("examples")),
            ("clas", Some("class")),
            ("di", Some("id")),
            ("wy", Some("why")),
            ("principal", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
        assert_eq!(nearest(&"e".repeat(1_000_000), known), None);
    }
}

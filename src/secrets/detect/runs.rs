//! Numbers as they stand in text: digits, alone or in groups with one and the same mark between them; refuses a part of a
//! longer word, number or identifier.

/// A number as it stands in text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// Its digits, as values.
    pub digits: Vec<u8>,
    /// The lengths of its groups; one where nothing stands between the digits.
    pub groups: Vec<usize>,
    /// What stands between the groups: a blank, `-`, or nothing.
    pub mark: Option<u8>,
}

impl Number {
    /// Whether it is written in one piece, or in groups of these lengths.
    pub fn is_grouped(&self, ways: &[&[usize]]) -> bool {
        self.mark.is_none() || ways.contains(&self.groups.as_slice())
    }
}

/// A byte of a text, 0 outside of it.
pub fn at(text: &[u8], index: Option<usize>) -> u8 {
    index.and_then(|index| text.get(index)).copied().unwrap_or(0)
}

/// Whether a value may begin after this byte: nothing that makes it a part of something else.
pub const fn opens(byte: u8) -> bool {
    !(byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'%' | b'#' | b'@' | b'\\')
        || byte >= 0x80)
}

/// Whether a value may end before these two bytes.
pub const fn closes(byte: u8, next: u8) -> bool {
    match byte {
        b'_' | b'-' | b'/' | b'@' | b'%' | b'+' => false,
        // The end of a sentence, and no fraction or version.
        b'.' => !next.is_ascii_alphanumeric(),
        _ => !byte.is_ascii_alphanumeric() && byte < 0x80,
    }
}

/// All numbers of a text.
pub fn numbers(text: &str) -> Vec<Number> {
    let bytes = text.as_bytes();
    let mut all = Vec::new();
    let mut index = 0;
    while index < bytes.len() {
        if !at(bytes, Some(index)).is_ascii_digit() {
            index += 1;
            continue;
        }
        let before = at(bytes, index.checked_sub(1));
        let (number, end) = number(bytes, index);
        if opens(before) && closes(at(bytes, Some(end)), at(bytes, Some(end + 1))) {
            all.push(number);
        }
        index = end;
    }
    all
}

fn number(bytes: &[u8], start: usize) -> (Number, usize) {
    let mut number = Number { digits: Vec::new(), groups: Vec::new(), mark: None };
    let mut index = start;
    let mut group = 0;
    loop {
        let byte = at(bytes, Some(index));
        if byte.is_ascii_digit() {
            number.digits.push(byte - b'0');
            group += 1;
            index += 1;
            continue;
        }
        let goes_on = matches!(byte, b' ' | b'-')
            && number.mark.is_none_or(|mark| mark == byte)
            && at(bytes, Some(index + 1)).is_ascii_digit();
        number.groups.push(group);
        if !goes_on {
            return (number, index);
        }
        number.mark = Some(byte);
        group = 0;
        index += 1;
    }
}

/// The words of a text: runs of letters and digits that nothing makes part of something else, with one blank allowed
/// between those that `joins` says go together.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut index = 0;
    std::iter::from_fn(move || {
        loop {
            while index < bytes.len() && !at(bytes, Some(index)).is_ascii_alphanumeric() {
                index += 1;
            }
            if index >= bytes.len() {
                return None;
            }
            let start = index;
            while at(bytes, Some(index)).is_ascii_alphanumeric() {
                index += 1;
            }
            let whole =
                opens(at(bytes, start.checked_sub(1))) && closes(at(bytes, Some(index)), at(bytes, Some(index + 1)));
            if whole && let Some(word) = text.get(start..index) {
                return Some(word);
            }
        }
    })
}

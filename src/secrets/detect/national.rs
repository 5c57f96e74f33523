//! Numbers that states give people; refuses those that were never given out, and those that are printed as examples.

use std::collections::BTreeSet;

use super::mostly;
use super::runs::{Number, at, closes, numbers, opens, words};

fn value(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value, digit| value * 10 + u64::from(*digit))
}

/// United States: `AAA-GG-SSSS` (Social Security Administration, POMS RM 10201).
pub fn us_ssn(numbers: &[Number]) -> usize {
    const PRINTED: [u64; 4] = [78_051_120, 219_099_999, 123_456_789, 111_223_333];
    let mut found = BTreeSet::new();
    for number in numbers.iter().filter(|number| number.mark == Some(b'-') && number.groups == [3, 2, 4]) {
        let all = value(&number.digits);
        let (area, group, serial) = (all / 1_000_000, all / 10_000 % 100, all % 10_000);
        let given = !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0;
        let different: BTreeSet<u8> = number.digits.iter().copied().collect();
        if given && different.len() > 2 && !PRINTED.contains(&all) {
            found.insert(all);
        }
    }
    found.len()
}

/// Germany: 11 digits, one of the first ten twice or three times, the last a check digit of ISO 7064 mod 11,10.
pub fn de_tax_id(numbers: &[Number]) -> usize {
    let ways: [&[usize]; 2] = [&[2, 3, 3, 3], &[3, 3, 3, 2]];
    let shaped: BTreeSet<&[u8]> = numbers
        .iter()
        .filter(|number| number.digits.len() == 11 && number.mark != Some(b'-') && number.is_grouped(&ways))
        .map(|number| number.digits.as_slice())
        .collect();
    let valid = shaped.iter().filter(|digits| is_de_tax_id(digits)).count();
    if mostly(valid, shaped.len(), 3) { valid } else { 0 }
}

fn is_de_tax_id(digits: &[u8]) -> bool {
    let Some((check, first)) = digits.split_last() else { return false };
    let times = |wanted: u8| first.iter().filter(|digit| **digit == wanted).count();
    let repeated: Vec<usize> = (0..10).map(times).filter(|times| *times > 1).collect();
    let product = first.iter().fold(10_u32, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    let expected = (11 - product) % 10;
    first.first() != Some(&0) && matches!(repeated.as_slice(), [2 | 3]) && expected == u32::from(*check)
}

/// United Kingdom: two letters, six digits, `A` to `D` (HMRC, NIM39110).
pub fn uk_nino(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut found = BTreeSet::new();
    for index in 0..bytes.len() {
        if !at(bytes, Some(index)).is_ascii_uppercase() || !opens(at(bytes, index.checked_sub(1))) {
            continue;
        }
        let mut number = Vec::new();
        let mut end = index;
        // Blanks stand after the letters and after every second digit, if at all.
        while number.len() < 9 {
            match at(bytes, Some(end)) {
                b' ' if matches!(number.len(), 2 | 4 | 6 | 8) => {}
                byte => number.push(byte),
            }
            end += 1;
            if end > index + 13 {
                break;
            }
        }
        if number.len() == 9 && closes(at(bytes, Some(end)), at(bytes, Some(end + 1))) && is_nino(&number) {
            found.insert(number);
        }
    }
    found.len()
}

fn is_nino(number: &[u8]) -> bool {
    let [first, second, digits @ .., suffix] = number else { return false };
    let plain = |byte: &u8| byte.is_ascii_uppercase() && !b"DFIQUV".contains(byte);
    let prefix = [*first, *second];
    let given = plain(first) && plain(second) && *second != b'O';
    let never: [[u8; 2]; 7] = [*b"BG", *b"GB", *b"NK", *b"KN", *b"TN", *b"NT", *b"ZZ"];
    let different: BTreeSet<&u8> = digits.iter().collect();
    given
        && !never.contains(&prefix)
        && digits.iter().all(u8::is_ascii_digit)
        && digits != b"123456"
        && different.len() > 1
        && matches!(suffix, b'A'..=b'D')
}

/// France: sex, year, month, place and order of birth, and a key of mod 97 (INSEE).
pub fn fr_nir(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut found = BTreeSet::new();
    for index in 0..bytes.len() {
        if !matches!(at(bytes, Some(index)), b'1' | b'2') || !opens(at(bytes, index.checked_sub(1))) {
            continue;
        }
        let mut number = Vec::new();
        let mut end = index;
        while number.len() < 15 && end < index + 21 {
            match at(bytes, Some(end)) {
                b' ' if matches!(number.len(), 1 | 3 | 5 | 7 | 10 | 13) => {}
                byte => number.push(byte),
            }
            end += 1;
        }
        if number.len() == 15 && closes(at(bytes, Some(end)), at(bytes, Some(end + 1))) && is_nir(&number) {
            found.insert(number);
        }
    }
    found.len()
}

fn is_nir(number: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(number) else { return false };
    // Corsica's 2A and 2B count as 19 and 18.
    let plain = match text.get(5..7) {
        Some("2A") => text.replacen("2A", "19", 1),
        Some("2B") => text.replacen("2B", "18", 1),
        _ => text.to_owned(),
    };
    let part = |from: usize, to: usize| plain.get(from..to).and_then(|part| part.parse::<u64>().ok());
    let (Some(month), Some(order), Some(body), Some(key)) = (part(3, 5), part(10, 13), part(0, 13), part(13, 15))
    else {
        return false;
    };
    let born = matches!(month, 1..=12 | 20 | 30..=42 | 50..=99);
    born && order > 0 && plain.bytes().all(|byte| byte.is_ascii_digit()) && 97 - body % 97 == key
}

/// Spain: eight digits and a letter of mod 23; `X`, `Y` or `Z` in place of the first digit for foreigners.
pub fn es_dni(text: &str) -> usize {
    let mut shaped = BTreeSet::new();
    for word in words(text).filter(|word| word.len() == 9) {
        let (Some(body), Some(letter)) = (word.get(..8), word.chars().next_back()) else { continue };
        let digits = match body.as_bytes() {
            [b'X', rest @ ..] => [b"0", rest].concat(),
            [b'Y', rest @ ..] => [b"1", rest].concat(),
            [b'Z', rest @ ..] => [b"2", rest].concat(),
            rest => rest.to_vec(),
        };
        let different: BTreeSet<&u8> = digits.iter().collect();
        if !letter.is_ascii_uppercase() || !digits.iter().all(u8::is_ascii_digit) || different.len() < 3 {
            continue;
        }
        if body != "12345678" {
            shaped.insert((digits, letter));
        }
    }
    let valid = shaped.iter().filter(|(digits, letter)| {
        let number = digits.iter().fold(0_usize, |value, digit| value * 10 + usize::from(digit - b'0'));
        "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(number % 23) == Some(*letter)
    });
    let count = valid.count();
    if mostly(count, shaped.len(), 6) { count } else { 0 }
}

/// Brazil: nine digits and two check digits of mod 11, as `ddd.ddd.ddd-dd` or in one piece.
pub fn br_cpf(text: &str) -> usize {
    let mut shaped = BTreeSet::new();
    for (dot, _) in text.match_indices('.') {
        let Some(start) = dot.checked_sub(3) else { continue };
        let Some(part) = text.get(start..start + 14) else { continue };
        let bytes = text.as_bytes();
        let marks: String = part.chars().map(|letter| if letter.is_ascii_digit() { 'd' } else { letter }).collect();
        let alone =
            opens(at(bytes, start.checked_sub(1))) && closes(at(bytes, Some(start + 14)), at(bytes, Some(start + 15)));
        if alone && marks == "ddd.ddd.ddd-dd" {
            shaped.insert(part.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect::<Vec<u8>>());
        }
    }
    let alone = numbers(text).into_iter().filter(|number| number.mark.is_none() && number.digits.len() == 11);
    shaped.extend(alone.map(|number| number.digits));
    let valid = shaped.iter().filter(|digits| is_cpf(digits)).count();
    if mostly(valid, shaped.len(), 3) { valid } else { 0 }
}

fn is_cpf(digits: &[u8]) -> bool {
    let different: BTreeSet<&u8> = digits.iter().collect();
    let check = |count: u32| {
        let weights = (2..=count + 1).rev();
        let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum();
        sum * 10 % 11 % 10
    };
    let checks = |place: usize, expected: u32| digits.get(place).is_some_and(|digit| u32::from(*digit) == expected);
    // 123.456.789-09 is in every manual.
    let printed = digits.starts_with(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    different.len() > 1 && !printed && checks(9, check(9)) && checks(10, check(10))
}

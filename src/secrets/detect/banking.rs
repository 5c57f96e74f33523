//! Payment cards and bank accounts; refuses the numbers that every manual of testing prints.

use std::collections::BTreeSet;

use super::mostly;
use super::runs::{Number, at, closes, opens};

/// Card numbers that payment services publish for tests.
const TEST_CARDS: [&str; 22] = [
    "4111111111111111",
    "4242424242424242",
    "4012888888881881",
    "4000056655665556",
    "4222222222222",
    "4917610000000000",
    "5555555555554444",
    "5105105105105100",
    "5200828282828210",
    "2223003122003222",
    "5454545454545454",
    "378282246310005",
    "371449635398431",
    "378734493671000",
    "6011111111111117",
    "6011000990139424",
    "30569309025904",
    "38520000023237",
    "3530111333300000",
    "3566002020360505",
    "6200000000000005",
    "4916338506082832",
];

/// How cards are printed: four fours (and three more), or as American Express and Diners do.
const CARD_GROUPS: [&[usize]; 4] = [&[4, 4, 4, 4], &[4, 4, 4, 4, 3], &[4, 6, 5], &[4, 6, 4]];

/// Different numbers of payment cards.
pub fn cards(numbers: &[Number]) -> usize {
    let mut shaped = BTreeSet::new();
    let mut valid = BTreeSet::new();
    for number in numbers {
        let digits = &number.digits;
        if !(13..=19).contains(&digits.len()) || !number.is_grouped(&CARD_GROUPS) || is_example(digits) {
            continue;
        }
        shaped.insert(digits);
        if is_issued(digits) && luhn(digits) {
            valid.insert(digits);
        }
    }
    if mostly(valid.len(), shaped.len(), 3) { valid.len() } else { 0 }
}

/// Published for tests, or too regular for anybody's card.
fn is_example(digits: &[u8]) -> bool {
    let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    let different: BTreeSet<u8> = digits.iter().copied().collect();
    TEST_CARDS.contains(&text.as_str()) || different.len() < 4 || text.contains("0000000") || text.contains("123456789")
}

/// The ranges of issuers, by leading digits and length.
fn is_issued(digits: &[u8]) -> bool {
    let lead = |count: usize| digits.iter().take(count).fold(0_u32, |value, digit| value * 10 + u32::from(*digit));
    let length = digits.len();
    match (lead(1), lead(2), lead(3), lead(4)) {
        // Visa.
        (4, ..) => matches!(length, 13 | 16 | 19),
        // Mastercard.
        (_, 51..=55, ..) | (_, _, _, 2221..=2720) => length == 16,
        // American Express.
        (_, 34 | 37, ..) => length == 15,
        // Diners Club.
        (_, 36 | 38 | 39, ..) | (_, _, 300..=305, _) => matches!(length, 14 | 16),
        // JCB, Mir.
        (_, _, _, 3528..=3589 | 2200..=2204) => (16..=19).contains(&length),
        // Discover, UnionPay.
        (_, 62 | 65, ..) | (_, _, 644..=649, _) | (_, _, _, 6011) => (16..=19).contains(&length),
        // Maestro.
        (_, _, _, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763) => (16..=19).contains(&length),
        _ => false,
    }
}

/// ISO/IEC 7812-1 annex B.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(*digit) * if place % 2 == 1 { 2 } else { 1 };
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Account numbers of examples in standards and manuals.
const TEST_IBANS: [&str; 18] = [
    "GB82WEST12345698765432",
    "DE89370400440532013000",
    "GB29NWBK60161331926819",
    "FR1420041010050500013M02606",
    "NL91ABNA0417164300",
    "ES9121000418450200051332",
    "IT60X0542811101000000123456",
    "BE68539007547034",
    "CH9300762011623852957",
    "AT611904300234573201",
    "PL61109010140000071219812874",
    "SE4550000000058398257466",
    "NO9386011117947",
    "DK5000400440116243",
    "FI2112345600000785",
    "IE29AIBK93115212345678",
    "PT50000201231234567890154",
    "GB33BUKB20201555555555",
];

/// Lengths by country, of the registry of ISO 13616.
const IBAN_LENGTHS: [(&str, usize); 78] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
];

/// Different bank accounts.
pub fn ibans(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut found = BTreeSet::new();
    let mut index = 0;
    while index < bytes.len() {
        let begins = at(bytes, Some(index)).is_ascii_uppercase()
            && at(bytes, Some(index + 1)).is_ascii_uppercase()
            && at(bytes, Some(index + 2)).is_ascii_digit()
            && opens(at(bytes, index.checked_sub(1)));
        if begins && let Some((account, end)) = iban(bytes, index) {
            if !TEST_IBANS.contains(&account.as_str()) {
                found.insert(account);
            }
            index = end;
        } else {
            index += 1;
        }
    }
    found.len()
}

fn iban(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let country = [at(bytes, Some(start)), at(bytes, Some(start + 1))];
    let (_, length) = IBAN_LENGTHS.iter().find(|(code, _)| code.as_bytes() == country)?;
    let mut account = String::new();
    let mut index = start;
    while account.len() < *length {
        let byte = at(bytes, Some(index));
        if byte.is_ascii_digit() || byte.is_ascii_uppercase() {
            account.push(char::from(byte));
        } else if !(byte == b' ' && account.len().is_multiple_of(4)) {
            return None;
        }
        index += 1;
    }
    let ends = closes(at(bytes, Some(index)), at(bytes, Some(index + 1)));
    (ends && remainder(&account) == Some(1)).then_some((account, index))
}

/// ISO 7064 mod 97-10, the first four characters at the end and letters as numbers from 10.
fn remainder(account: &str) -> Option<u32> {
    let (head, tail) = account.split_at_checked(4)?;
    tail.chars().chain(head.chars()).try_fold(0_u32, |rest, letter| {
        let value = letter.to_digit(36)?;
        Some((rest * if value > 9 { 100 } else { 10 } + value) % 97)
    })
}

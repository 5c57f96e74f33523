//! Detectors of what a file holds: each knows the shape of one kind of data and checks it with that kind's own check digit,
//! range or grammar. They count; refuses to give back, keep or compare a value with anything outside this call.

mod banking;
mod keys;
mod national;
mod people;
mod runs;
mod shapes;

use std::collections::BTreeMap;

use crate::model::Detector;

/// How many different values each detector finds in a sample of a file.
#[must_use]
pub fn counted(sample: &[u8]) -> BTreeMap<Detector, u32> {
    let (text, whole) = text_of(sample);
    let mut counts = BTreeMap::new();
    let mut add = |detector: Detector, count: usize| {
        if count > 0 {
            counts.insert(detector, u32::try_from(count).unwrap_or(u32::MAX));
        }
    };
    let numbers = runs::numbers(&text);
    add(Detector::PaymentCard, banking::cards(&numbers));
    add(Detector::Iban, banking::ibans(&text));
    add(Detector::UsSsn, national::us_ssn(&numbers));
    add(Detector::DeTaxId, national::de_tax_id(&numbers));
    add(Detector::UkNino, national::uk_nino(&text));
    add(Detector::FrNir, national::fr_nir(&text));
    add(Detector::EsDni, national::es_dni(&text));
    add(Detector::BrCpf, national::br_cpf(&text));
    add(Detector::Email, people::emails(&text));
    add(Detector::Phone, people::phones(&text));
    add(Detector::PrivateKey, keys::private_keys(&text));
    add(Detector::CloudKey, keys::cloud_keys(&text));
    add(Detector::ServiceToken, keys::service_tokens(&text));
    add(Detector::Jwt, keys::web_tokens(&text));
    if whole {
        add(Detector::EnvFile, shapes::environment(&text));
        add(Detector::SqlDump, shapes::dump(&text));
        add(Detector::PeopleTable, shapes::table(&text));
    }
    counts
}

/// The text in a sample, and whether it is text throughout: in what is not, anything unprintable ends a line.
fn text_of(sample: &[u8]) -> (String, bool) {
    let mut narrow;
    let sample = match sample {
        // UTF-16, as spreadsheets write it: what detectors look for is ASCII.
        [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] => {
            narrow = rest.to_vec();
            narrow.retain(|byte| *byte != 0);
            narrow.as_slice()
        }
        _ => sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample),
    };
    let mut whole = true;
    let mut text = String::with_capacity(sample.len());
    for chunk in sample.utf8_chunks() {
        for letter in chunk.valid().chars() {
            let plain = !letter.is_control() || matches!(letter, '\n' | '\r' | '\t' | '\x0c');
            whole &= plain;
            text.push(if plain { letter } else { '\n' });
        }
        // A sample may begin and end in the middle of a letter; Latin-1 is text as well.
        if !chunk.invalid().is_empty() {
            text.push('\n');
        }
    }
    (text, whole)
}

/// Whether enough of what has the shape of a value passes its check: among numbers of another kind some do by chance.
const fn mostly(valid: usize, shaped: usize, of_ten: usize) -> bool {
    valid * 10 >= shaped * of_ten
}

#[cfg(test)]
mod tests;

//! Whole files by their shape: variables with secrets, dumps of databases, tables about people; refuses templates, schemas
//! and what only mentions a column.

use super::super::is_secret_name;

/// Secrets in a file of `NAME=value` lines; 0 if it is another kind of file.
pub fn environment(text: &str) -> usize {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (mut all, mut variables, mut secrets) = (0_usize, 0_usize, 0);
    for line in lines {
        all += 1;
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else { continue };
        let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || !name.bytes().all(upper) {
            continue;
        }
        variables += 1;
        secrets += usize::from(is_secret_name(name) && is_filled_in(value.trim().trim_matches(['"', '\''])));
    }
    if variables >= 2 && variables * 10 >= all * 6 { secrets } else { 0 }
}

/// Whether a value is more than what a template has in its place.
fn is_filled_in(value: &str) -> bool {
    const WORDS: [&str; 14] = [
        "your",
        "example",
        "change",
        "replace",
        "xxx",
        "placeholder",
        "dummy",
        "redacted",
        "insert",
        "todo",
        "fixme",
        "***",
        "my-",
        "some-",
    ];
    const WHOLE: [&str; 12] = [
        "password",
        "secret",
        "postgres",
        "mysql",
        "localhost",
        "development",
        "production",
        "testtest",
        "test1234",
        "undefined",
        "disabled",
        "username",
    ];
    let lower = value.to_ascii_lowercase();
    value.len() >= 8
        && !value.starts_with(['$', '<', '{', '%', '/'])
        && !value.contains("${")
        && !WORDS.iter().any(|word| lower.contains(word))
        && !WHOLE.contains(&lower.as_str())
}

/// Rows in a dump of a database.
pub fn dump(text: &str) -> usize {
    const HEADS: [&str; 8] = [
        "-- PostgreSQL database dump",
        "-- MySQL dump",
        "-- MariaDB dump",
        "-- Dumped from database version",
        "-- Dumped by pg_dump",
        "/*!40101 SET",
        "PRAGMA foreign_keys=OFF;",
        "-- phpMyAdmin SQL Dump",
    ];
    let mut rows = 0_usize;
    let mut copying = false;
    let mut inserting = false;
    for line in text.lines() {
        let line = line.trim_end();
        if copying {
            copying = line != "\\.";
            rows += usize::from(copying);
            continue;
        }
        let begins = |word: &str| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if begins("copy ") && line.to_ascii_lowercase().ends_with("from stdin;") {
            copying = true;
        } else if begins("insert into ") || begins("insert ignore into ") || begins("replace into ") {
            let tuples = line.matches("),(").count() + line.matches("), (").count();
            inserting = !line.ends_with(';');
            rows += tuples
                + usize::from(line.contains('(') && line.to_ascii_lowercase().contains("values ("))
                    .max(usize::from(line.to_ascii_lowercase().contains("values(")));
        } else if inserting {
            rows += usize::from(line.trim_start().starts_with('('));
            inserting = !line.ends_with(';');
        }
    }
    let headed = HEADS.iter().any(|head| text.contains(head));
    // Without a head it may be what a program starts with: its own kinds, countries, settings.
    if headed { rows } else { rows / 4 }
}

/// What a column says of a person.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,
    Mail,
    Phone,
    Address,
    Birth,
    Number,
    Money,
    Health,
}

fn kind(column: &str) -> Option<Kind> {
    let name: String = column.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    Some(match name.as_str() {
        "firstname" | "lastname" | "surname" | "fullname" | "givenname" | "familyname" | "customername"
        | "patientname" | "vorname" | "nachname" | "forename" | "employeename" => Kind::Name,
        "email" | "emailaddress" | "mail" | "useremail" | "customeremail" | "contactemail" => Kind::Mail,
        "phone" | "phonenumber" | "mobile" | "telephone" | "mobilenumber" | "cellphone" | "tel" | "phoneno" => {
            Kind::Phone
        }
        "address" | "street" | "streetaddress" | "homeaddress" | "addressline1" | "postaladdress" => Kind::Address,
        "dob" | "dateofbirth" | "birthdate" | "birthday" | "birth" => Kind::Birth,
        "ssn"
        | "socialsecuritynumber"
        | "nationalid"
        | "passport"
        | "passportnumber"
        | "taxid"
        | "nino"
        | "cpf"
        | "dni"
        | "driverlicense"
        | "iban"
        | "cardnumber"
        | "creditcard"
        | "creditcardnumber"
        | "pan" => Kind::Number,
        "salary" | "wage" | "income" | "balance" | "accountbalance" => Kind::Money,
        "diagnosis" | "bloodtype" | "medication" | "icd10" | "condition" => Kind::Health,
        _ => return None,
    })
}

/// Rows of a table whose columns are about people: two kinds of them at least.
pub fn table(text: &str) -> usize {
    rows(text).max(objects(text))
}

fn rows(text: &str) -> usize {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let Some(head) = lines.next() else { return 0 };
    let Some(mark) = [',', ';', '\t', '|'].into_iter().max_by_key(|mark| head.matches(*mark).count()) else { return 0 };
    let columns = head.matches(mark).count();
    let mut kinds: Vec<Kind> = Vec::new();
    for kind in head.split(mark).filter_map(kind) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    // A plain `name` beside an address is a person's.
    let named = head.split(mark).any(|column| column.trim().trim_matches('"').eq_ignore_ascii_case("name"));
    if columns == 0 || kinds.len() + usize::from(named && !kinds.is_empty()) < 2 {
        return 0;
    }
    let (mut all, mut fitting) = (0_usize, 0_usize);
    for line in lines {
        all += 1;
        // A mark inside quotes makes a row longer, never shorter.
        fitting += usize::from(line.matches(mark).count() >= columns);
    }
    if fitting * 10 >= all * 7 { fitting } else { 0 }
}

/// Objects of JSON whose members are about people: as many as have the second most frequent kind of member.
fn objects(text: &str) -> usize {
    let mut counts: Vec<(Kind, usize)> = Vec::new();
    for (start, _) in text.match_indices("\":") {
        let name = text.get(..start).unwrap_or_default();
        let Some(name) = name.rsplit('"').next().filter(|name| name.len() < 40) else { continue };
        let value = text.get(start + 2..).unwrap_or_default().trim_start();
        // The member of a schema is an object; a value that is told is a text or a number.
        let told = value.starts_with(|c: char| c.is_ascii_digit())
            || (value.starts_with('"') && !value.starts_with("\"\"") && !value.starts_with("\"string\""));
        let Some(kind) = kind(name).filter(|_| told) else { continue };
        match counts.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((kind, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.get(1).map_or(0, |(_, count)| *count)
}

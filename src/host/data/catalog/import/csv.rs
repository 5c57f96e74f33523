//! Comma-separated values (RFC 4180): `resource,label,tags,source`, or columns in the order that a first line of these
//! names gives; tags are separated by blanks, `;` or `|`.

use super::super::line::Line;

/// The columns, where no line names them.
const COLUMNS: [&str; 4] = ["resource", "label", "tags", "source"];

/// The lines, each with its place.
pub fn lines(text: &str) -> Result<Vec<(String, Line)>, String> {
    let mut records = records(text)?;
    let named = |fields: &[String]| fields.iter().any(|field| field.trim().eq_ignore_ascii_case("resource"));
    let mut columns: Vec<String> = COLUMNS.map(str::to_owned).to_vec();
    if let Some((number, fields)) = records.first().filter(|(_, fields)| named(fields)) {
        columns = fields.iter().map(|field| field.trim().to_ascii_lowercase()).collect();
        if let Some(wrong) = columns.iter().find(|column| !COLUMNS.contains(&column.as_str())) {
            let wrong = crate::model::Shown::text(wrong);
            return Err(format!("line {number}: `{wrong}` is not a column: resource, label, tags or source"));
        }
        records.remove(0);
    }
    let mut all = Vec::new();
    for (number, fields) in records {
        let place = format!("line {number}");
        if fields.len() > columns.len() {
            return Err(format!("{place}: {} fields, and only {} columns", fields.len(), columns.len()));
        }
        let field = |name: &str| {
            let found = columns.iter().zip(&fields).find(|(column, _)| *column == name);
            found.map(|(_, field)| field.trim().to_owned()).unwrap_or_default()
        };
        let label = Some(field("label").to_ascii_lowercase()).filter(|label| !label.is_empty());
        let tags = field("tags");
        let tags = tags.split([' ', ';', '|', ',']).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
        all.push((place, Line { resource: field("resource"), label, tags, source: field("source") }));
    }
    Ok(all)
}

/// The records that hold anything, each with the number of the line that it begins on.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let mut all = Vec::new();
    let (mut number, mut begins) = (1, 1);
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        number += usize::from(letter == '\n');
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if quoted => {
                quoted = false;
                if !matches!(letters.peek(), None | Some(',' | '\n' | '\r')) {
                    return Err(format!("line {number}: text after a quoted field"));
                }
            }
            '"' if field.is_empty() => quoted = true,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            '\r' if !quoted && letters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                fields.push(std::mem::take(&mut field));
                all.push((begins, std::mem::take(&mut fields)));
                begins = number;
            }
            letter => field.push(letter),
        }
    }
    if quoted {
        return Err(format!("line {begins}: a quoted field that never ends"));
    }
    fields.push(field);
    all.push((begins, fields));
    all.retain(|(_, fields)| fields.iter().any(|field| !field.trim().is_empty()));
    Ok(all)
}

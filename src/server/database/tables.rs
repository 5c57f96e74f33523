//! Every table with its columns, for those who copy a whole database. A table of a new step is added here too: a test
//! compares this with what the steps make.

use super::{DatabaseError, Row, Value};

/// One table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns; the first ones are its key.
    pub columns: &'static [&'static str],
    /// How many columns its key has.
    pub key: usize,
    /// What its encrypted texts are bound to: a word, and the columns behind it.
    pub bound: Option<(&'static str, &'static [usize])>,
}

/// All tables, those that others refer to first.
pub const TABLES: &[Table] = &[
    Table {
        name: "tokens",
        key: 1,
        bound: None,
        columns: &["id", "role", "name", "digest", "created", "expires", "revoked"],
    },
    Table { name: "hosts", key: 1, bound: None, columns: &["name", "record_key", "log", "first"] },
    Table {
        name: "requests",
        key: 1,
        bound: Some(("request", &[0])),
        columns: &["id", "host", "digest", "created", "expires", "arrived", "state", "closed", "sealed"],
    },
    Table {
        name: "answers",
        key: 2,
        bound: Some(("answer", &[0, 2])),
        columns: &["request", "number", "digest", "approver", "decision", "arrived", "by_token", "sealed"],
    },
    Table { name: "heads", key: 2, bound: None, columns: &["log", "size", "host", "root", "seen"] },
    Table { name: "journal", key: 1, bound: None, columns: &["number", "time", "entry", "digest"] },
    Table { name: "invitations", key: 1, bound: None, columns: &["digest", "principal", "created", "expires", "used"] },
    Table {
        name: "passkeys",
        key: 1,
        bound: None,
        columns: &["fingerprint", "credential", "principal", "key", "created", "revoked"],
    },
    Table {
        name: "sessions",
        key: 1,
        bound: None,
        columns: &["digest", "principal", "role", "entrance", "once", "created", "expires", "ended"],
    },
    Table {
        name: "logs",
        key: 1,
        bound: Some(("log", &[0, 2])),
        columns: &["log", "host", "size", "last", "root", "arrived", "sealed"],
    },
    Table {
        name: "records",
        key: 2,
        bound: Some(("record", &[0, 1])),
        columns: &[
            "log", "number", "host", "segment", "time", "kind", "rules", "outcome", "request", "digest", "root",
            "arrived", "sealed",
        ],
    },
    Table { name: "blobs", key: 2, bound: Some(("blob", &[0, 1])), columns: &["log", "digest", "sealed"] },
    Table {
        name: "conflicts",
        key: 3,
        bound: Some(("conflict", &[0, 1, 2])),
        columns: &["log", "number", "digest", "host", "why", "seen", "sealed"],
    },
];

impl Table {
    /// The table with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// The statement for its rows behind one with this key, or from the first on, and its values.
    #[must_use]
    pub fn rows(&self, behind: Option<&Row>, most: i64) -> (String, Vec<Value>) {
        let key = self.columns.get(..self.key).unwrap_or_default().join(", ");
        let mut values: Vec<Value> = behind.map(|row| self.key_of(row).collect()).unwrap_or_default();
        let marks = marks(values.len());
        let place = if values.is_empty() { String::new() } else { format!(" WHERE ({key}) > ({marks})") };
        values.push(Value::Int(most));
        let columns = self.columns.join(", ");
        (format!("SELECT {columns} FROM {}{place} ORDER BY {key} LIMIT ${}", self.name, values.len()), values)
    }

    /// The statement that adds a row.
    #[must_use]
    pub fn insert(&self) -> String {
        format!("INSERT INTO {} ({}) VALUES ({})", self.name, self.columns.join(", "), marks(self.columns.len()))
    }
}

impl Table {
    /// The column with a text that is encrypted.
    #[must_use]
    pub fn sealed(&self) -> Option<usize> {
        self.columns.iter().position(|column| *column == "sealed")
    }

    /// The encrypted text of a row, and the place that it is bound to.
    ///
    /// # Errors
    /// When the row is none of this table.
    pub fn text<'r>(&self, row: &'r Row) -> Result<Option<(String, &'r [u8])>, DatabaseError> {
        let Some(sealed) = self.sealed() else { return Ok(None) };
        let (word, columns) = self.bound.ok_or(DatabaseError::Column(sealed))?;
        let mut place = word.to_owned();
        for column in columns {
            let part = row.values().get(*column).ok_or(DatabaseError::Column(*column))?;
            place += &match part {
                Value::Int(number) => format!(" {number}"),
                Value::Text(text) => format!(" {text}"),
                Value::Null | Value::Blob(_) => return Err(DatabaseError::Column(*column)),
            };
        }
        Ok(Some((place, row.blob(sealed)?)))
    }

    /// The key of a row.
    pub fn key_of<'r>(&self, row: &'r Row) -> impl Iterator<Item = Value> + use<'r> {
        row.0.iter().take(self.key).cloned()
    }

    /// The statement that exchanges the encrypted text of the row with a key, unless it is another by now; the new text and
    /// the old one are its last values.
    #[must_use]
    pub fn renew(&self) -> String {
        let keys: Vec<_> = (1..).zip(self.columns).take(self.key).map(|(at, name)| format!("{name} = ${at}")).collect();
        let (new, old) = (self.key + 1, self.key + 2);
        format!("UPDATE {} SET sealed = ${new} WHERE {} AND sealed = ${old}", self.name, keys.join(" AND "))
    }
}

fn marks(count: usize) -> String {
    (1..=count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::server::database::{Sqlite, schema};

    #[tokio::test(flavor = "multi_thread")]
    async fn they_are_what_the_steps_make() {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(&folder.path().join("gate.db")).unwrap();
        let statement = "SELECT t.name, c.name, c.pk FROM sqlite_schema t, pragma_table_info(t.name) c
            WHERE t.type = 'table' ORDER BY t.name, c.pk = 0, c.pk";
        assert!(TABLES.iter().all(|table| table.sealed().is_some() == table.bound.is_some()));
        let mut made: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
        for row in sqlite.rows(statement, &[]).unwrap() {
            let (key, columns) = made.entry(row.text(0).unwrap().to_owned()).or_default();
            *key += usize::from(row.int(2).unwrap() > 0);
            columns.push(row.text(1).unwrap().to_owned());
        }
        assert!(made.len() >= schema::STEPS.len());
        let listed: BTreeMap<_, _> = TABLES.iter().map(|table| (table.name.to_owned(), table)).collect();
        assert_eq!(made.keys().collect::<Vec<_>>(), listed.keys().collect::<Vec<_>>());
        for (name, (key, mut columns)) in made {
            let table = listed[&name];
            assert_eq!(
                (table.key, &table.columns[..key]),
                (key, columns.iter().map(String::as_str).take(key).collect::<Vec<_>>().as_slice()),
                "{name}"
            );
            let mut own = table.columns.to_vec();
            own.sort_unstable();
            columns.sort_unstable();
            assert_eq!(own, columns, "{name}");
        }
    }

    #[test]
    fn rows_are_read_in_the_order_of_their_key() {
        let table = Table::named("answers").unwrap();
        let (statement, values) = table.rows(Some(&Row(vec!["a".into(), 2.into(), "x".into()])), 9);
        assert!(
            statement.ends_with("FROM answers WHERE (request, number) > ($1, $2) ORDER BY request, number LIMIT $3")
        );
        assert_eq!(values, vec!["a".into(), 2.into(), Value::Int(9)]);
    }
}

//! Every table with its columns, for those who copy a whole database. A table of a new step is added here too: a test
//! compares this with what the steps make.

use super::{DatabaseError, Row, Value};
use crate::server::sealing::{of_answer, of_request};

/// One table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns; the first ones are its key.
    pub columns: &'static [&'static str],
    /// How many columns its key has.
    pub key: usize,
}

/// All tables, those that others refer to first.
pub const TABLES: &[Table] = &[
    Table { name: "tokens", key: 1, columns: &["id", "role", "name", "digest", "created", "expires", "revoked"] },
    Table { name: "hosts", key: 1, columns: &["name", "record_key", "log", "first"] },
    Table {
        name: "requests",
        key: 1,
        columns: &["id", "host", "digest", "created", "expires", "arrived", "state", "closed", "sealed"],
    },
    Table {
        name: "answers",
        key: 2,
        columns: &["request", "number", "digest", "approver", "decision", "arrived", "by_token", "sealed"],
    },
    Table { name: "heads", key: 2, columns: &["log", "size", "host", "root", "seen"] },
    Table { name: "journal", key: 1, columns: &["number", "time", "entry", "digest"] },
    Table { name: "invitations", key: 1, columns: &["digest", "principal", "created", "expires", "used"] },
    Table {
        name: "passkeys",
        key: 1,
        columns: &["fingerprint", "credential", "principal", "key", "created", "revoked"],
    },
    Table {
        name: "sessions",
        key: 1,
        columns: &["digest", "principal", "role", "entrance", "once", "created", "expires", "ended"],
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
        let place = match self.name {
            "requests" => of_request(row.text(0)?),
            "answers" => of_answer(row.text(0)?, row.text(2)?),
            _ => return Err(DatabaseError::Column(sealed)),
        };
        Ok(Some((place, row.blob(sealed)?)))
    }

    /// The key of a row.
    pub fn key_of<'r>(&self, row: &'r Row) -> impl Iterator<Item = Value> + use<'r> {
        row.0.iter().take(self.key).cloned()
    }

    /// The statement that exchanges the encrypted text of the row with a key; the text is its last value.
    #[must_use]
    pub fn renew(&self) -> String {
        let keys: Vec<_> = (1..).zip(self.columns).take(self.key).map(|(at, name)| format!("{name} = ${at}")).collect();
        format!("UPDATE {} SET sealed = ${} WHERE {}", self.name, self.key + 1, keys.join(" AND "))
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

//! Encrypts under the newest key what older keys encrypted, while servers go on.

use super::database::tables::TABLES;
use super::database::{Database, DatabaseError, Row, Value};
use super::sealing::{Sealing, SealingError};

/// How many rows are read, and written together at most.
const SOME: i64 = 32;

/// Why not everything was encrypted anew.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenewalError {
    /// A text does not open under any key that is here.
    #[error("table `{table}`: {source}")]
    Sealing {
        /// Where it is.
        table: &'static str,
        /// Why.
        source: SealingError,
    },
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Encrypts anew what is under another key than the newest; says how many texts.
///
/// # Errors
/// When a text opens under no key, or the database does not answer; what was done until then stays.
pub async fn renew(database: &Database, sealing: &Sealing) -> Result<u64, RenewalError> {
    let mut renewed = 0;
    for table in TABLES.iter().filter(|table| table.sealed().is_some()) {
        let mut last: Option<Row> = None;
        loop {
            let (statement, values) = table.rows(last.as_ref(), SOME);
            let mut rows = database.rows(&statement, &values).await?;
            let mut changed = Vec::new();
            for row in &rows {
                let Some((place, sealed)) = table.text(row)? else { continue };
                let fault = |source| RenewalError::Sealing { table: table.name, source };
                if let Some(text) = sealing.renewed(&place, sealed).map_err(fault)? {
                    changed.push(
                        table.key_of(row).chain([Value::Blob(text), Value::Blob(sealed.to_vec())]).collect::<Vec<_>>(),
                    );
                }
            }
            if !changed.is_empty() {
                let mut writing = database.begin().await?;
                for values in &changed {
                    renewed += writing.change(&table.renew(), values).await?;
                }
                writing.commit().await?;
            }
            match rows.pop() {
                Some(row) => last = Some(row),
                None => break,
            }
        }
    }
    Ok(renewed)
}

//! Tables of databases, as the words of a command name them.

/// A table that a command names, or some table where its words do not tell which.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table {
    /// What its resources begin with: `postgres`, `mysql`, …; none where any database may be meant.
    pub scheme: Option<&'static str>,
    /// The database it is in.
    pub database: Database,
    /// The schema, where it is named.
    pub schema: Option<String>,
    /// Its name; none for any table.
    pub name: Option<String>,
    /// Whether upper and lower case count; if not, all names are in lower case.
    pub exact: bool,
}

/// The database that a table is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Database {
    /// The one that the client connects to.
    Connected,
    /// Another one of the same server.
    Named(String),
    /// One that is not known, on a server that is not known.
    Any,
}

impl Table {
    /// Any table of a database.
    #[must_use]
    pub const fn any(scheme: Option<&'static str>, database: Database) -> Self {
        Self { scheme, database, schema: None, name: None, exact: false }
    }
}

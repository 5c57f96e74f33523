//! What can be recognised in the content of a file: the closed set of detectors, by the names that policies and records
//! use. Refuses to hold what was found: only how often.

use serde::{Deserialize, Serialize};

/// A shape of data that a detector with a validator recognises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detector {
    /// Payment card numbers: issuer range, length and Luhn digit (ISO/IEC 7812).
    PaymentCard,
    /// Bank accounts: length of the country and remainder 1 of 97 (ISO 13616).
    Iban,
    /// United States: social security numbers, less the areas, groups and serials that are never given out.
    UsSsn,
    /// Germany: tax identification numbers with their check digit.
    DeTaxId,
    /// United Kingdom: national insurance numbers, less the prefixes that are never given out.
    UkNino,
    /// France: numbers of the national register with their key.
    FrNir,
    /// Spain: DNI and NIE with their letter.
    EsDni,
    /// Brazil: CPF with both check digits.
    BrCpf,
    /// Addresses of e-mail that are not examples.
    Email,
    /// Telephone numbers as people write them.
    Phone,
    /// Private keys: PEM, OpenSSH, PGP, PuTTY.
    PrivateKey,
    /// Keys of clouds: AWS, Google, Azure.
    CloudKey,
    /// Tokens of forges, registries, chats and payment services.
    ServiceToken,
    /// JSON web tokens whose header can be read.
    Jwt,
    /// Files of variables of which some are secrets.
    EnvFile,
    /// Rows in a dump of a database.
    SqlDump,
    /// Rows of a table with columns about people.
    PeopleTable,
}

impl Detector {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::PaymentCard,
        Self::Iban,
        Self::UsSsn,
        Self::DeTaxId,
        Self::UkNino,
        Self::FrNir,
        Self::EsDni,
        Self::BrCpf,
        Self::Email,
        Self::Phone,
        Self::PrivateKey,
        Self::CloudKey,
        Self::ServiceToken,
        Self::Jwt,
        Self::EnvFile,
        Self::SqlDump,
        Self::PeopleTable,
    ];

    /// The word used in policies and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PaymentCard => "payment-card",
            Self::Iban => "iban",
            Self::UsSsn => "us-ssn",
            Self::DeTaxId => "de-tax-id",
            Self::UkNino => "uk-nino",
            Self::FrNir => "fr-nir",
            Self::EsDni => "es-dni",
            Self::BrCpf => "br-cpf",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::PrivateKey => "private-key",
            Self::CloudKey => "cloud-key",
            Self::ServiceToken => "service-token",
            Self::Jwt => "jwt",
            Self::EnvFile => "env-file",
            Self::SqlDump => "sql-dump",
            Self::PeopleTable => "people-table",
        }
    }

    /// The detector of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|detector| detector.name() == name)
    }
}

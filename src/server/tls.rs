//! The server's certificate and key, from files that may be exchanged while it serves. Refuses to begin without a pair that
//! fits; a pair that does not fit later leaves the one before in use, and is told.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate, and those between it and a root that clients know (PEM).
    pub certificate: PathBuf,
    /// Its key (PEM).
    pub key: PathBuf,
}

/// Why they cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("`{}`: {why}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// They do not belong together.
    #[error("the certificate and its key cannot be used: {0}")]
    Pair(String),
}

/// What is in use.
pub struct Certificate {
    files: Files,
    acceptor: RwLock<TlsAcceptor>,
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read, or they do not belong together.
    pub fn read(files: Files) -> Result<Self, TlsError> {
        let acceptor = RwLock::new(acceptor(&files)?);
        Ok(Self { files, acceptor })
    }

    /// What takes the next connection.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the files again whenever they change, for ever; tells what came of it.
    pub async fn watch(&self, tell: impl Fn(String)) {
        let mut before = self.state();
        let mut every = tokio::time::interval(LOOK);
        loop {
            every.tick().await;
            let now = self.state();
            if now == before {
                continue;
            }
            match acceptor(&self.files) {
                Ok(new) => {
                    *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = new;
                    tell("uses the new certificate".to_owned());
                }
                Err(error) => tell(format!("goes on with the certificate from before: {error}")),
            }
            before = now;
        }
    }

    fn state(&self) -> [Option<(u64, i64, i64, u64)>; 2] {
        let state = |path: &Path| {
            let found = fs::metadata(path).ok()?;
            Some((found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
        };
        [state(&self.files.certificate), state(&self.files.key)]
    }
}

fn acceptor(files: &Files) -> Result<TlsAcceptor, TlsError> {
    let fault = |path: &Path, why: String| TlsError::File { path: path.to_owned(), why };
    let pair = |error: tokio_rustls::rustls::Error| TlsError::Pair(error.to_string());
    let certificates = CertificateDer::pem_file_iter(&files.certificate).and_then(Iterator::collect);
    let certificates: Vec<_> = certificates.map_err(|error| fault(&files.certificate, error.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| fault(&files.key, error.to_string()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(pair)?;
    let mut config = config.with_no_client_auth().with_single_cert(certificates, key).map_err(pair)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

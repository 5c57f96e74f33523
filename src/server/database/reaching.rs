//! How PostgreSQL is reached: at which addresses, and encrypted or not. What leaves this machine is encrypted and the other
//! side is known by its certificate, unless the operator says `sslmode=disable`; nothing falls back to plain text. Names are
//! looked up by the system each time, not by the C library inside of gate, so that a name that moves is followed.

use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::{Connect, Manager, ManagerConfig, RecyclingMethod};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::DatabaseError;
use crate::ports::Names;

/// Where the database is, and what is needed to reach it.
#[derive(Clone)]
pub struct Reaching {
    config: Config,
    names: Arc<dyn Names>,
    /// What the names of its hosts stood for when they were looked up last.
    known: Arc<Mutex<Vec<Vec<IpAddr>>>>,
    tls: MakeRustlsConnect,
}

/// A connection, to be driven by whoever has its client.
pub type Driven = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// What an address says of encryption; the driver knows less of it than libpq.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    /// The address without it.
    rest: String,
    /// `sslmode`.
    mode: Option<String>,
    /// `sslrootcert`.
    roots: Option<PathBuf>,
}

impl Reaching {
    /// Reads an address as libpq takes it (PostgreSQL, section 34.1.1), a URL or pairs.
    ///
    /// # Errors
    /// For an address that cannot be used, and roots that cannot be read.
    pub fn new(address: &str, names: Arc<dyn Names>) -> Result<Self, DatabaseError> {
        let Said { rest, mode, roots } = said(address);
        let mut config = Config::from_str(&rest)?;
        let encrypted = match mode.as_deref() {
            Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some("allow" | "prefer") | None => {
                !config.get_hosts().iter().all(is_here) || !config.get_hostaddrs().iter().all(IpAddr::is_loopback)
            }
            Some(other) => return Err(refused(format!("`sslmode={other}` is none that libpq knows"))),
        };
        let sockets = config.get_hosts().iter().filter(|host| matches!(host, Host::Unix(_))).count();
        if sockets > 0 && sockets < config.get_hosts().len() {
            return Err(refused("it names sockets and hosts; name one kind".to_owned()));
        }
        config.ssl_mode(if encrypted && sockets == 0 { SslMode::Require } else { SslMode::Disable });
        let tls = MakeRustlsConnect::new(tls(roots.as_ref(), encrypted)?);
        Ok(Self { config, names, known: Arc::default(), tls })
    }

    /// Changes what is asked of every connection.
    pub fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Looks the names up once, so that one that stands for nothing is told when the server starts.
    ///
    /// # Errors
    /// When a name has no address.
    pub async fn look(&self) -> Result<(), DatabaseError> {
        for (host, addresses) in self.named().iter().zip(self.addresses().await) {
            if addresses.is_empty() {
                return Err(refused(format!("there is no host `{host}`")));
            }
        }
        Ok(())
    }

    /// A manager of connections that are made so.
    pub fn manager(&self) -> Manager {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        Manager::from_connect(self.config.clone(), self.clone(), recycling)
    }

    /// Connects, to the first address that answers.
    ///
    /// # Errors
    /// What the last one says.
    pub async fn reach(&self) -> Result<(Client, Driven), tokio_postgres::Error> {
        let addresses = self.addresses().await;
        let rounds = addresses.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut round = 0;
        loop {
            let mut config = self.config.clone();
            for own in &addresses {
                // A name that stands for nothing any more is no reason to ask the C library.
                let address = own.get(round % own.len().max(1)).copied();
                config.hostaddr(address.unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED)));
            }
            round += 1;
            match config.connect(self.tls.clone()).await {
                Ok(connected) => return Ok(connected),
                Err(error) if round >= rounds => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// The hosts whose addresses are to be looked up.
    fn named(&self) -> Vec<String> {
        let name = |host: &Host| match host {
            Host::Tcp(name) => Some(name.clone()),
            Host::Unix(_) => None,
        };
        if self.config.get_hostaddrs().is_empty() {
            self.config.get_hosts().iter().filter_map(name).collect()
        } else {
            Vec::new()
        }
    }

    /// What the names of its hosts stand for; what they stood for before where nobody can say it now.
    async fn addresses(&self) -> Vec<Vec<IpAddr>> {
        let (hosts, names) = (self.named(), Arc::clone(&self.names));
        let looked = spawn_blocking(move || {
            let parsed = |host: &String| match host.parse() {
                Ok(address) => vec![address],
                Err(_) => names.addresses(host).iter().filter_map(|one| one.parse().ok()).collect(),
            };
            hosts.iter().map(parsed).collect::<Vec<Vec<IpAddr>>>()
        });
        let looked = looked.await.unwrap_or_default();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.resize(looked.len(), Vec::new());
        for (known, looked) in known.iter_mut().zip(looked).filter(|(_, looked)| !looked.is_empty()) {
            *known = looked;
        }
        known.clone()
    }
}

impl Connect for Reaching {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>> + Send + '_>> {
        Box::pin(async move {
            let (client, connection) = self.reach().await?;
            // It ends with its client, or with the database, which the client says.
            let driving = tokio::spawn(async move {
                let _ = connection.await;
            });
            Ok((client, driving))
        })
    }
}

fn refused(why: String) -> DatabaseError {
    DatabaseError::Unconnected(why)
}

/// Whether a host is this machine, by what is written.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        Host::Unix(_) => true,
    }
}

/// Takes apart what an address says of encryption.
fn said(address: &str) -> Said {
    let mut said = Said { rest: String::new(), mode: None, roots: None };
    let (start, pairs, between) = match address.split_once("://") {
        Some(_) => match address.split_once('?') {
            Some((start, pairs)) => (start, pairs, '&'),
            None => (address, "", '&'),
        },
        None => ("", address, ' '),
    };
    let mut kept = Vec::new();
    for pair in pairs.split(between).filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => said.mode = Some(value.to_owned()),
            Some(("sslrootcert", value)) => said.roots = Some(PathBuf::from(value)),
            _ => kept.push(pair),
        }
    }
    let joined = kept.join(&between.to_string());
    said.rest =
        if between == '&' && !joined.is_empty() { format!("{start}?{joined}") } else { start.to_owned() + &joined };
    said
}

/// What is believed of the other side: the authorities of the file, or the system's.
fn tls(roots: Option<&PathBuf>, encrypted: bool) -> Result<ClientConfig, DatabaseError> {
    let mut store = RootCertStore::empty();
    match roots.filter(|_| encrypted) {
        Some(path) => {
            let fault = |why: String| refused(format!("`{}` holds no roots: {why}", path.display()));
            let found = CertificateDer::pem_file_iter(path).map_err(|error| fault(error.to_string()))?;
            for root in found {
                let root = root.map_err(|error| fault(error.to_string()))?;
                store.add(root).map_err(|error| fault(error.to_string()))?;
            }
            if store.is_empty() {
                return Err(fault("no certificate stands in it".to_owned()));
            }
        }
        None if encrypted => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        None => {}
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?;
    Ok(config.with_root_certificates(store).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl Names for Nobody {
        fn addresses(&self, _: &str) -> Vec<String> {
            Vec::new()
        }
    }

    fn mode(address: &str) -> Result<SslMode, String> {
        let reaching = Reaching::new(address, Arc::new(Nobody)).map_err(|error| error.to_string())?;
        Ok(reaching.config.get_ssl_mode())
    }

    #[test]
    fn what_leaves_this_machine_is_encrypted_unless_somebody_says_otherwise() {
        for plain in [
            "host=/run/postgresql user=gate",
            "postgres://gate@localhost/gate",
            "postgres://gate@127.0.0.1/gate?sslmode=prefer",
            "postgres://gate@db.acme.com/gate?sslmode=disable",
            "host=db.acme.com sslmode=disable",
        ] {
            assert_eq!(mode(plain), Ok(SslMode::Disable), "{plain}");
        }
        for encrypted in [
            "postgres://gate@db.acme.com/gate",
            "postgres://gate@10.0.0.1/gate?sslmode=prefer&application_name=x",
            "postgres://gate@localhost/gate?sslmode=verify-full",
            "host=localhost,db.acme.com user=gate",
            "host=db.acme.com sslmode=allow",
            "hostaddr=10.0.0.1 user=gate",
            "host=localhost hostaddr=10.0.0.1 user=gate",
        ] {
            assert_eq!(mode(encrypted), Ok(SslMode::Require), "{encrypted}");
        }
        for (wrong, why) in [
            ("postgres://gate@db.acme.com/gate?sslmode=of", "none that libpq knows"),
            ("host=/run,db.acme.com", "sockets and hosts"),
            ("postgres://gate@db.acme.com/gate?sslrootcert=/nowhere", "/nowhere"),
        ] {
            let told = mode(wrong).unwrap_err();
            assert!(told.contains(why), "{wrong}: {told}");
        }
    }

    #[test]
    fn what_else_an_address_says_stays() {
        let said = said("postgres://u:p@h/d?sslmode=require&connect_timeout=3&sslrootcert=/a.pem");
        assert_eq!(said.rest, "postgres://u:p@h/d?connect_timeout=3");
        assert_eq!((said.mode.as_deref(), said.roots), (Some("require"), Some("/a.pem".into())));
    }
}

//! Connections: taken as they come, encrypted where there is a certificate, and ended where a client does not say what it
//! wants in time. Refuses more at once than it can hold.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use super::tls::Certificate;

/// How many connections there are at once, however many files may be open; more wait for the system to hand them over.
const MOST: usize = 16_384;
/// How many files are kept for the database, the certificate and the like.
const OTHERS: u64 = 128;
/// How long the head of a request, or the first words of TLS, may take.
const HEAD: Duration = Duration::from_secs(10);
/// How often a client of HTTP/2 that says nothing is asked whether it lives, and how long it may think.
const ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// How long what was begun may take once the server ends.
const FAREWELL: Duration = Duration::from_secs(10);

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

impl Peer {
    /// The address a call comes from. Behind a proxy it is the last one that the proxy names: those before it are what the
    /// client says of itself.
    #[must_use]
    pub fn address(self, headers: &HeaderMap, behind_proxy: bool) -> IpAddr {
        let named = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
        let last = named.and_then(|value| value.rsplit(',').next()).and_then(|last| last.trim().parse().ok());
        last.filter(|_| behind_proxy).unwrap_or(self.0)
    }
}

/// How a connection speaks.
#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

/// How many connections there may be at once, where so many files may be open.
#[must_use]
pub fn most(files: u64) -> usize {
    usize::try_from(files.saturating_sub(OTHERS)).unwrap_or(MOST).clamp(1, MOST)
}

/// Serves until it ends, then finishes what was begun. So many connections are taken at once.
pub async fn listen(
    listener: TcpListener,
    router: Router,
    certificate: Option<Arc<Certificate>>,
    most: usize,
    ended: impl Future<Output = ()>,
) {
    let (open, graceful) = (Arc::new(Semaphore::new(most)), GracefulShutdown::new());
    tokio::pin!(ended);
    loop {
        // It is never closed.
        let Ok(permit) = Arc::clone(&open).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut ended => break,
        };
        let Ok((stream, peer)) = accepted else {
            // Too many files are open, mostly: some will be closed.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (router, certificate, watcher) = (router.clone(), certificate.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _permit = permit;
            // Not a layer: that would box every route anew for each connection, and keep them as long as it lasts.
            let router = router.map_request(named(Peer(peer.ip().to_canonical())));
            if let Some((stream, version)) = greeted(stream, certificate.as_deref()).await {
                let builder = builder(version);
                let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
                // The client may be gone, or too slow: there is nobody to tell.
                let _ = watcher.watch(connection).await;
            }
        });
    }
    let _ = timeout(FAREWELL, graceful.shutdown()).await;
}

/// Writes into every request of a connection whom it comes from.
fn named<B>(peer: Peer) -> impl Fn(Request<B>) -> Request<B> + Clone {
    move |mut request| {
        request.extensions_mut().insert(peer);
        request
    }
}

/// Either kind of connection.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that is ready to be spoken over; none where the client does not manage in time.
async fn greeted(stream: TcpStream, certificate: Option<&Certificate>) -> Option<(Box<dyn Stream>, Version)> {
    // Answers are small and waited for.
    stream.set_nodelay(true).ok()?;
    let Some(certificate) = certificate else { return Some((Box::new(stream), Version::One)) };
    let encrypted = timeout(HEAD, certificate.acceptor().accept(stream)).await.ok()?.ok()?;
    let version = if encrypted.get_ref().1.alpn_protocol() == Some(b"h2") { Version::Two } else { Version::One };
    Some((Box::new(encrypted), version))
}

/// The version is known beforehand, so that nobody is waited for to find it out.
fn builder(version: Version) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    let (interval, patience) = ALIVE;
    let mut two = builder.http2();
    two.timer(TokioTimer::new()).keep_alive_interval(interval).keep_alive_timeout(patience);
    match version {
        Version::One => builder.http1_only(),
        Version::Two => builder.http2_only(),
    }
}

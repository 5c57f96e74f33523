//! One caller of the server: HTTP/1.1 by hand, so that ten thousand of them cost the generator little, and so that what is
//! measured is the server and not a client.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take: longer than any wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody with a token, and their connection.
pub struct Caller {
    address: SocketAddr,
    token: Arc<str>,
    connection: Option<BufReader<TcpStream>>,
}

impl Caller {
    pub fn new(address: SocketAddr, token: &Arc<str>) -> Self {
        Self { address, token: Arc::clone(token), connection: None }
    }

    pub async fn get(&mut self, path: &str) -> Result<(u16, Vec<u8>)> {
        self.call("GET", path, &[]).await
    }

    pub async fn post(&mut self, path: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        self.call("POST", path, body).await
    }

    /// Asks on the connection there is, or on a new one; gives the status and the body.
    async fn call(&mut self, method: &str, path: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                BufReader::with_capacity(1024, stream)
            }
        };
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            self.token,
            body.len()
        )
        .into_bytes();
        text.extend_from_slice(body);
        connection.get_mut().write_all(&text).await?;
        let answer =
            timeout(PATIENCE, answer(&mut connection)).await.map_err(|_| Error::from(ErrorKind::TimedOut))??;
        self.connection = Some(connection);
        Ok(answer)
    }
}

async fn answer(connection: &mut BufReader<TcpStream>) -> Result<(u16, Vec<u8>)> {
    let foreign = || Error::from(ErrorKind::InvalidData);
    let mut line = String::new();
    connection.read_line(&mut line).await?;
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(foreign)?;
    let mut length = 0;
    loop {
        line.clear();
        connection.read_line(&mut line).await?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| foreign())?;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await?;
    Ok((status, body))
}

//! A network that breaks: connections go through it to a server, and are cut when the test says so, or in the middle of an
//! answer, after the server has acted and before its caller knows.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;

/// What leads to one server.
pub struct Wire {
    pub address: String,
    shared: Arc<Shared>,
}

struct Shared {
    server: String,
    open: Mutex<Vec<TcpStream>>,
    /// How many connections from now on lose their answer.
    losing: AtomicU32,
}

impl Wire {
    /// To a server at this address.
    pub fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (open, losing) = (Mutex::default(), AtomicU32::new(0));
        let shared = Arc::new(Shared { server: server.to_owned(), open, losing });
        let taken = Arc::clone(&shared);
        // It ends with the test's process.
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| taken.join(stream)));
        Self { address, shared }
    }

    /// Cuts all connections.
    pub fn cut(&self) {
        for stream in self.shared.open.lock().unwrap().drain(..) {
            // The other end may have been faster.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets so many connections come to the server, and none of its answers back.
    pub fn lose(&self, answers: u32) {
        self.shared.losing.store(answers, Relaxed);
    }
}

impl Shared {
    fn join(self: &Arc<Self>, caller: TcpStream) {
        // Nobody is at home: the caller is hung up on.
        let Ok(server) = TcpStream::connect(&self.server) else { return };
        let losing = self.losing.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        let mut open = self.open.lock().unwrap();
        open.extend([caller.try_clone().unwrap(), server.try_clone().unwrap()]);
        drop(open);
        let (up, down) = (caller.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || carry(up, server, false));
        thread::spawn(move || carry(down, caller, losing));
    }
}

/// Carries what one side says to the other, until one of them ends it or what it says is lost.
fn carry(mut from: TcpStream, mut to: TcpStream, losing: bool) {
    let mut part = [0; 4096];
    loop {
        let read = from.read(&mut part).unwrap_or(0);
        if read == 0 || losing || to.write_all(&part[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

//! Of this machine only what reads catalogs.

pub mod config;
pub mod data;

/// The real uid of this process.
#[must_use]
pub fn uid() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The system's words for an error.
fn plain(error: &std::io::Error) -> String {
    error.to_string()
}

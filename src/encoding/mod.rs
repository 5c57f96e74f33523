//! How values become bytes and back: canonical JSON, YAML with places, SSHSIG, DSSE, OpenSSH keys; refuses anything that
//! is not written exactly so.

pub mod dsse;
pub mod ed25519;
pub mod json;
pub mod openssh;
pub mod sshsig;
pub mod unpadded;
pub mod yaml;

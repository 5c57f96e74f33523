//! How values become bytes and back: canonical JSON, YAML with places, SSHSIG, DSSE, OpenSSH keys, passkeys, tokens of a
//! provider; refuses anything that is not written exactly so.

mod cbor;
pub mod dsse;
mod ecdsa;
pub mod ed25519;
pub mod json;
#[cfg(feature = "server")]
pub mod jwt;
pub mod mime;
pub mod openssh;
#[cfg(test)]
pub(crate) mod soft;
pub mod sshsig;
pub mod token;
pub mod unpadded;
pub mod webauthn;
pub mod yaml;

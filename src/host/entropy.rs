//! The system's random bytes.

use crate::ports::{Entropy, Failure};

/// Random bytes from the kernel.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn bytes(&mut self) -> Result<[u8; 32], Failure> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| Failure { message: format!("the system gives no random bytes: {error}"), hint: None })?;
        Ok(bytes)
    }
}

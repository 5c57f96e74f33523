//! The one integration test binary: real processes, real files, real keys.

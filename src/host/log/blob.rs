//! Blobs: what is too large for a line, under its digest; refuses to name one in a record before it is on disk.

use super::AuditLog;
use super::dir::Dir;
use super::error::{Doing as _, LogError};
use super::key::written;
use crate::audit::Blob;
use crate::model::Digest;

/// The directory.
pub(super) const BLOBS: &str = "blobs";

/// More than any blob has; a request has at most 8 MiB.
const LIMIT: u64 = 64 * 1024 * 1024;

/// The file name of a blob.
pub(super) fn name(digest: &Digest) -> String {
    format!("sha256-{}", digest.hex())
}

/// Makes blobs durable, with their names.
pub(super) fn keep(log: &AuditLog, blobs: &[&Blob]) -> Result<(), LogError> {
    let dir = log.dir.sub_made(BLOBS)?;
    for blob in blobs {
        let name = name(&blob.digest);
        // One that is there may have been left by a process that was killed before its sync.
        let staged = format!("{name}.{}", std::process::id());
        let mut file = dir.make_empty(&staged).doing("make", dir.path(&staged))?;
        written(&*log.disk, &mut file, &blob.bytes).doing("write", dir.path(&staged))?;
        dir.rename(&staged, &name)?;
    }
    dir.sync()
}

/// The bytes of a blob; `None` if there is none, or none that can be read.
pub(super) fn content(blobs: Option<&Dir>, digest: &Digest) -> Option<Vec<u8>> {
    blobs?.content(&name(digest), LIMIT).ok().flatten()
}

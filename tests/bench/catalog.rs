//! What a catalog of 1,000,000 lines costs: once to index, then for each lookup.
//! `cargo bench --bench catalog`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark says what it measured, or where it failed")]

use std::io::Write as _;
use std::time::{Duration, Instant};

use gate::host::data::catalog::Catalogs;
use gate::model::Extent;

const LINES: usize = 1_000_000;

fn name(index: usize) -> String {
    format!("s3://acme-prod-{}/team{}/2026/{index:07}/part-{}.parquet", index % 50, index % 997, index % 13)
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = folder.path().join("classification.jsonl");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&catalog).unwrap());
    for index in 0..LINES {
        let label = if index % 3 == 0 { "restricted" } else { "internal" };
        writeln!(
            file,
            "{{\"resource\":\"{}\",\"label\":\"{label}\",\"tags\":[\"pii\"],\"source\":\"macie\"}}",
            name(index)
        )
        .unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();
    // What changed just now is not indexed for later.
    std::thread::sleep(Duration::from_millis(100));
    let cache = folder.path().join("cache");
    let timed = |what: &str, resource: &str, extent: &Extent| {
        // Each lookup opens the index anew, as each run of gate does.
        let begun = Instant::now();
        let found = Catalogs::new(cache.clone()).labels(&catalog, resource, extent).unwrap().len();
        println!("{what:<44} {:>10.3} ms, {found} labels", begun.elapsed().as_secs_f64() * 1000.0);
    };
    timed("index 1,000,000 lines, and look one up", &name(5), &Extent::Itself);
    for index in [0, 123_456, 999_999] {
        timed("one resource", &name(index), &Extent::Itself);
    }
    timed("one that is not there", "s3://acme-prod-7/none", &Extent::Itself);
    timed("a folder", &format!("s3://acme-prod-7/team{}", 7), &Extent::Below);
    timed("a bucket", "s3://acme-prod-7", &Extent::Below);
    timed("everything", "s3://", &Extent::Beginning);
}

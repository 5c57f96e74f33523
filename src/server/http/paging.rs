//! Lists that are told a page at a time. Refuses pages that are too large.

use super::problem::Problem;

/// How many a page has: as many as are asked for, or as is usual.
pub fn limit(asked: Option<i64>, usual: i64, most: i64) -> Result<i64, Problem> {
    let limit = asked.unwrap_or(usual);
    if (1..=most).contains(&limit) { Ok(limit) } else { Err(Problem::form(format!("`limit` is 1 to {most}"))) }
}

/// Whether a page is full, so that another may follow.
pub fn full(found: usize, limit: i64) -> bool {
    i64::try_from(found).is_ok_and(|found| found == limit)
}

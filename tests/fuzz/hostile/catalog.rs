//! Catalogs.

/// All of them.
pub fn catalogs() -> Vec<(String, String)> {
    let line = |resource: &str| format!("{{\"resource\":\"{resource}\",\"label\":\"public\"}}\n");
    vec![
        ("1,000 lines".to_owned(), (0..1000).map(|index| line(&format!("s3://a/{index}"))).collect()),
        ("a long name".to_owned(), line(&"a/".repeat(32_000))),
        ("a long name that goes up".to_owned(), line(&format!("/{}", "../".repeat(21_000)))),
        ("a name of escapes".to_owned(), line(&"\\u0041".repeat(10_000))),
        ("deep lists".to_owned(), "[".repeat(65_000)),
        ("many tags".to_owned(), format!("{{\"resource\":\"a\",\"tags\":[{}]}}", vec!["\"a\""; 15_000].join(","))),
    ]
}

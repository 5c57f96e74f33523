//! Policies without their first lines.

use super::nested;

/// All of them.
pub fn policies() -> Vec<(String, String)> {
    let rule = |path: &str| {
        format!(
            "rules: [{{id: r, when: {{tool: rm, path: '{path}'}}, class: write, why: y, examples: {{match: [rm a], skip: [ls]}}}}]\n"
        )
    };
    let rules = |count: usize| {
        let one = |index: usize| {
            format!(
                "  - {{id: r{index}, when: {{tool: rm, path: '/a{index}/**'}}, class: write, why: y, examples: {{match: [rm /a{index}/b], skip: [ls]}}}}\n"
            )
        };
        format!("rules:\n{}", (0..count).map(one).collect::<String>())
    };
    vec![
        ("alternatives that multiply".to_owned(), rule(&"{a,b}".repeat(8))),
        ("more alternatives than are taken".to_owned(), rule(&"{a,b}".repeat(4000))),
        ("many alternatives".to_owned(), rule(&format!("{{{}}}", vec!["a"; 255].join(",")))),
        ("stars".to_owned(), rule(&"*a".repeat(2000))),
        ("double stars".to_owned(), rule(&"**/a/".repeat(800))),
        ("double stars alone".to_owned(), rule(&"**".repeat(2000))),
        ("classes".to_owned(), rule(&"[!a-z]*".repeat(800))),
        ("a class of many".to_owned(), rule(&format!("[{}]", "ab-c".repeat(2000)))),
        ("200 rules".to_owned(), rules(200)),
        (
            "a set of many".to_owned(),
            format!("sets: {{s: [{}]}}\n{}", vec!["'/srv/*/a*'"; 2000].join(", "), rule("@s")),
        ),
        ("deep lists".to_owned(), format!("tools: {}", nested("[", "", "]", 10_000))),
        ("deep lists that never end".to_owned(), format!("tools: {}", "[".repeat(60_000))),
        ("deep maps".to_owned(), format!("tools: {}", nested("{a: ", "b", "}", 10_000))),
        ("deep indents".to_owned(), (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect()),
        (
            "anchors of anchors".to_owned(),
            format!(
                "a0: &a0 [b]\n{}",
                (1..30)
                    .map(|index| format!("a{index}: &a{index} [*a{0}, *a{0}, *a{0}, *a{0}]\n", index - 1))
                    .collect::<String>()
            ),
        ),
        (
            "many keys".to_owned(),
            format!("sets:\n{}", (0..5000).map(|index| format!("  s{index}: [a]\n")).collect::<String>()),
        ),
        ("a long text".to_owned(), format!("rules: [{{id: r, why: '{}'}}]", "a".repeat(1 << 20))),
        ("a long name".to_owned(), format!("tools: [{{program: '{}'}}]", "a".repeat(1 << 20))),
        ("a long block".to_owned(), format!("rules: |\n{}", "  a\n".repeat(100_000))),
        ("quotes".to_owned(), format!("a: {}", "\"\\u0041".repeat(10_000))),
        ("comments".to_owned(), "# a\n".repeat(100_000)),
        ("question marks".to_owned(), "? ".repeat(30_000)),
        ("dashes".to_owned(), "- ".repeat(30_000)),
        ("documents".to_owned(), "---\n".repeat(30_000)),
        ("tags".to_owned(), format!("a: {}", "!!a ".repeat(30_000))),
        ("options of a tool".to_owned(), format!("options: {{x: {{y: '{}'}}}}", "-f/--force ".repeat(5_000))),
        (
            "many tools".to_owned(),
            format!(
                "tools: [{}]",
                (0..2000).map(|index| format!("{{program: p{index}}}")).collect::<Vec<_>>().join(", ")
            ),
        ),
    ]
}

//! Code of other languages, of one piece again and again.

use super::with;

/// Code of other languages.
pub fn code() -> Vec<(String, Vec<String>)> {
    let interpreters: [&[&str]; 14] = [
        &["python3", "-c"],
        &["node", "-e"],
        &["perl", "-e"],
        &["ruby", "-e"],
        &["php", "-r"],
        &["awk"],
        &["sed", "-e"],
        &["jq"],
        &["expect", "-c"],
        &["pwsh", "-c"],
        &["vim", "-c"],
        &["psql", "-c"],
        &["redis-cli"],
        &["mysql", "-e"],
    ];
    let pieces = [
        "(",
        "[",
        "{",
        "((a)",
        "'",
        "\"",
        "`",
        "\\",
        "/",
        "/*",
        "--",
        "#",
        "#{",
        "${",
        "f'{",
        "q{",
        "%w[",
        "<<E\n",
        "$$",
        "x=",
        "x=y;",
        "a.",
        "a.b(",
        "+'a'",
        "system('rm a');",
        "os.system('rm a')\n",
        "import os\n",
        "eval(\"",
        "exec ",
        "[exec ",
        "{system(\"a\")}",
        "s/a/b/;",
        "w a\n",
        "select ",
        "drop table a;",
        "with a as (",
        "begin ",
        "\\! a\n",
        "$x",
        "@",
        "/a/",
        "1e rm\n",
        "|",
        ".a",
        "!a|",
    ];
    let mut all = Vec::new();
    for before in interpreters {
        for piece in pieces {
            let text = piece.repeat((60 << 10) / piece.len());
            let program = before.first().unwrap_or(&"");
            all.push((format!("{program}: {piece:?} again and again"), with(before, std::iter::once(text))));
        }
    }
    all
}

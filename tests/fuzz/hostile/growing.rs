//! Scripts that stand for much more than they say.

use super::{SCRIPT, filled, nested};

/// Scripts that are short and stand for much.
pub fn scripts() -> Vec<(String, String)> {
    let lines = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<Vec<_>>().join("\n");
    let documents = |count: usize| {
        let names: Vec<String> = (0..count).map(|index| format!("<<E{index}")).collect();
        format!("cat {}\n{}", names.join(" "), lines(count, &|index| format!("$(rm x)\nE{index}")))
    };
    vec![
        ("braces that multiply".to_owned(), format!("rm {}", "{a,b}".repeat(200))),
        ("braces that multiply, in a program".to_owned(), "{a,b}".repeat(20)),
        ("ranges that multiply".to_owned(), format!("rm {}", "{1..99}".repeat(20))),
        ("a long range".to_owned(), "rm {1..999999999}".to_owned()),
        ("a range of long numbers".to_owned(), format!("rm {{1..{}}}", "9".repeat(10_000))),
        ("a variable that doubles".to_owned(), format!("x=aaaaaaaa\n{}\n$x", lines(60, &|_| "x=$x$x".to_owned()))),
        (
            "a variable of two values that doubles".to_owned(),
            format!("if a; then x=b; else x=c; fi\n{}\n$x", lines(60, &|_| "x=$x$x".to_owned())),
        ),
        ("a replacement that doubles".to_owned(), format!("x=aaaa\n{}\n$x", lines(60, &|_| "x=${x//a/aa}".to_owned()))),
        (
            "many variables of two values".to_owned(),
            format!(
                "{}\n{}",
                lines(20, &|index| format!("if a; then x{index}=b; else x{index}=c; fi")),
                lines(1, &|_| (0..20).map(|index| format!("$x{index}")).collect())
            ),
        ),
        (
            "many cases of one variable".to_owned(),
            format!("case $1 in\n{}\nesac\n$x $x $x $x", lines(2000, &|index| format!("a{index}) x=b{index};;"))),
        ),
        (
            "many alternatives of a case".to_owned(),
            format!("case $1 in {}) rm;; esac", lines(9000, &|_| "a".to_owned()).replace('\n', "|")),
        ),
        (
            "loops in loops over ten words".to_owned(),
            nested("for i in 0 1 2 3 4 5 6 7 8 9; do ", "$i $j rm; j=$i", "; done", 12),
        ),
        (
            "functions that call each other twice".to_owned(),
            format!(
                "f0() {{ rm x; }}\n{}\nf30",
                lines(30, &|index| format!("f{}() {{ f{index}; f{index}; }}", index + 1))
            ),
        ),
        ("a function that calls itself twice".to_owned(), "f() { rm $1; f a$1; f b$1; }; f x".to_owned()),
        ("a function that is told more each time".to_owned(), "f() { f \"$@\" \"$@\"; rm $1; }; f a b".to_owned()),
        ("eval of eval".to_owned(), format!("{} rm", "eval ".repeat(2000))),
        ("eval of what doubles".to_owned(), "x='eval $x$x'; eval $x".to_owned()),
        (
            "eval that quotes itself".to_owned(),
            (0..12).fold("rm x".to_owned(), |text, _| format!("eval '{}'", text.replace('\'', "'\\''"))),
        ),
        (
            "sh in sh".to_owned(),
            (0..12).fold("rm x".to_owned(), |text, _| format!("sh -c '{}'", text.replace('\'', "'\\''"))),
        ),
        (
            "aliases of aliases".to_owned(),
            format!("{}\na0", lines(2000, &|index| format!("alias a{index}='a{} a{}'", index + 1, index + 1))),
        ),
        ("many here-documents of one command".to_owned(), documents(2000)),
        ("a here-document of many lines".to_owned(), format!("sh <<E\n{}\nE", lines(9000, &|_| "rm $x".to_owned()))),
        ("a here-document that never ends".to_owned(), format!("cat <<E\n{}", filled("$(rm "))),
        ("a long word".to_owned(), "a".repeat(SCRIPT)),
        ("a long quoted word".to_owned(), format!("rm '{}'", "a".repeat(SCRIPT - 9))),
        ("a word of many pieces".to_owned(), format!("rm {}", "$x'a'".repeat(SCRIPT / 5 - 9))),
        ("many words".to_owned(), format!("rm{}", " a".repeat(SCRIPT / 2 - 9))),
        ("many words of holes".to_owned(), format!("rm{}", " $a".repeat(SCRIPT / 3 - 9))),
        ("one megabyte".to_owned(), "rm x; ".repeat(170_000)),
        ("a long path".to_owned(), format!("rm -rf /{}", "a/".repeat(SCRIPT / 2 - 9))),
        ("a path that goes up".to_owned(), format!("rm -rf /{}", "../".repeat(SCRIPT / 3 - 9))),
        ("a word of stars".to_owned(), format!("rm -rf {}", "*a".repeat(SCRIPT / 2 - 9))),
        ("words of stars".to_owned(), format!("rm -rf {}", "**/*a*b*c ".repeat(SCRIPT / 10 - 9))),
        (
            "files that are made and run".to_owned(),
            lines(1500, &|index| format!("echo 'rm x' > ./a{index}; sh ./a{index}")),
        ),
        (
            "a file that is added to".to_owned(),
            format!("{}\nsh ./a", lines(2000, &|_| "echo 'rm x' >> ./a".to_owned())),
        ),
        ("exports".to_owned(), lines(4000, &|index| format!("export A{index}=b"))),
        ("exports before commands".to_owned(), lines(900, &|index| format!("export A{index}=b; aws s3 ls"))),
        ("a pipeline of many".to_owned(), format!("cat a{}", " | sort".repeat(8000))),
        ("a pipeline of tees".to_owned(), format!("cat a{}", " | tee b".repeat(8000))),
    ]
}

//! Argument lists: long, many, and wrappers in wrappers.

use super::{with, words};

/// All of them.
pub fn arguments() -> Vec<(String, Vec<String>)> {
    let again = |word: &str, count: usize| std::iter::repeat_n(word.to_owned(), count).collect::<Vec<_>>().into_iter();
    let mut all = vec![
        ("an argument of one megabyte".to_owned(), with(&["rm", "-rf"], again(&"a".repeat(1 << 20), 1))),
        (
            "an argument of one megabyte for a shell".to_owned(),
            with(&["sh", "-c"], again(&"rm x; ".repeat(170_000), 1)),
        ),
        (
            "an argument of one megabyte for a shell, one word".to_owned(),
            with(&["sh", "-c"], again(&"a".repeat(1 << 20), 1)),
        ),
        (
            "an argument of one megabyte for python".to_owned(),
            with(&["python3", "-c"], again(&"x(".repeat(500_000), 1)),
        ),
        (
            "an argument of one megabyte for psql".to_owned(),
            with(&["psql", "-c"], again(&"select 1; ".repeat(100_000), 1)),
        ),
        (
            "an argument of one megabyte that names a file".to_owned(),
            with(&["curl", "-d"], again(&format!("@{}", "a/".repeat(500_000)), 1)),
        ),
        ("a program of one megabyte".to_owned(), again(&"a".repeat(1 << 20), 1).collect()),
        ("100,000 arguments".to_owned(), with(&["rm", "-rf"], again("a", 100_000))),
        ("100,000 options".to_owned(), with(&["rm"], again("-r", 100_000))),
        ("100,000 unknown options".to_owned(), with(&["aws", "s3", "rm"], again("--wrong", 100_000))),
        ("an option of many letters".to_owned(), with(&["rm"], again(&format!("-{}", "r".repeat(100_000)), 1))),
        ("a long path that goes up".to_owned(), with(&["rm", "-rf"], again(&"../".repeat(100_000), 1))),
        ("a long address".to_owned(), with(&["curl"], again(&format!("http://{}/", "a.".repeat(100_000)), 1))),
        ("many addresses".to_owned(), with(&["curl", "-X", "DELETE"], again("http://a/b?c=d", 5_000))),
        ("tar with many files".to_owned(), with(&["tar", "xf"], again("a", 20_000))),
        ("git with many settings".to_owned(), with(&["git"], again("-calias.x=!rm", 5_000).chain(["x".to_owned()]))),
        (
            "find with many actions".to_owned(),
            with(&["find", "."], (0..5_000).flat_map(|_| words(&["-exec", "rm", "{}", ";"]))),
        ),
        ("xargs with many words".to_owned(), with(&["xargs", "-I", "{}", "sh", "-c"], again("{} {} {}", 5_000))),
        (
            "env with many variables".to_owned(),
            with(&["env"], (0..20_000).map(|index| format!("A{index}=b")).chain(["ls".to_owned()])),
        ),
        ("env -S of env -S".to_owned(), with(&["env"], again(&format!("-S{}", "env -S ".repeat(2_000)), 1))),
        (
            "parallel with many sources".to_owned(),
            with(&["parallel", "rm", "{}"], (0..3_000).flat_map(|_| words(&[":::", "a", "b"]))),
        ),
    ];
    for wrapper in [
        "sudo",
        "env",
        "nohup",
        "xargs",
        "time",
        "timeout 1",
        "nice -n 1",
        "ssh h",
        "docker run x",
        "kubectl exec p --",
        "sh -c",
        "watch",
        "strace",
        "busybox",
        "doas",
        "chroot /",
        "flock f",
    ] {
        let own: Vec<String> = wrapper.split(' ').map(str::to_owned).collect();
        let wrapped = std::iter::repeat_n(own, 5_000).flatten().chain(words(&["rm", "-rf", "/srv"]));
        all.push((format!("{wrapper} of itself 5,000 times"), wrapped.collect()));
    }
    all
}

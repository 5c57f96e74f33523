//! Files that nobody means to have: none of them is waited for, and each is unknown.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::*;

/// A reader, a file that it reads first, and what makes it do so.
type First = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const FIRST: [First; 12] = [
    ("kube", ".kube/config", &[]),
    ("aws", ".aws/config", &[]),
    ("aws", ".aws/credentials", &[]),
    ("gcp", ".config/gcloud/active_config", &[]),
    ("gcp", ".config/gcloud/configurations/config_default", &[]),
    ("azure", ".azure/azureProfile.json", &[]),
    ("terraform", "work/.terraform/environment", &[]),
    ("terraform", "work/.terraform/terraform.tfstate", &[]),
    ("docker", ".docker/config.json", &[]),
    ("git", "work/.git/HEAD", &[("path", "push")]),
    ("postgres", ".pg_service.conf", &[("PGSERVICE", "x")]),
    ("mysql", ".my.cnf", &[]),
];

#[test]
fn hostile_files_are_unknown_at_once_and_nothing_is_waited_for() {
    let bomb: String = std::iter::once("a0: &a0 x\n".to_owned())
        .chain((1..40).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))))
        .collect();
    let deep = "[".repeat(100_000);
    for (reader, path, said) in FIRST {
        type Make<'a> = &'a dyn Fn(&Path);
        let hostile: [(&str, Make<'_>); 7] = [
            ("a pipe", &fifo),
            ("a directory", &|path| fs::create_dir(path).unwrap()),
            ("a loop of links", &|path| std::os::unix::fs::symlink(path, path).unwrap()),
            ("a device", &|path| std::os::unix::fs::symlink("/dev/zero", path).unwrap()),
            ("100 MB", &|path| fs::File::create(path).unwrap().set_len(100 << 20).unwrap()),
            ("no UTF-8", &|path| fs::write(path, b"\xff\xfe[x]\n").unwrap()),
            ("a pipe behind a link", &|path| {
                fifo(&path.with_extension("pipe"));
                std::os::unix::fs::symlink(path.with_extension("pipe"), path).unwrap();
            }),
        ];
        for (what, make) in hostile {
            let home = Home::new(&[]);
            fs::create_dir_all(home.path(path).parent().unwrap()).unwrap();
            make(&home.path(path));
            let start = Instant::now();
            let lands = home.lands(reader, said);
            assert!(lands.starts_with("unknown: "), "{reader} {path} {what}: {lands}");
            assert!(start.elapsed() < Duration::from_secs(1), "{reader} {path} {what}");
        }
        for text in [&bomb, &deep] {
            let home = Home::new(&[(path, text)]);
            let start = Instant::now();
            home.lands(reader, said);
            assert!(start.elapsed() < Duration::from_secs(2), "{reader} {path}");
        }
        let dangling = Home::new(&[]);
        fs::create_dir_all(dangling.path(path).parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("/nowhere", dangling.path(path)).unwrap();
        let expected = reader == "git";
        assert_eq!(dangling.lands(reader, said).starts_with("unknown: "), expected, "{reader} {path}");
    }
    let bombed = Home::new(&[(".kube/config", &bomb)]);
    assert_eq!(bombed.lands("kube", &[]), "unknown: a kubeconfig that cannot be read");
}

#[test]
fn without_a_home_nothing_of_it_is_known() {
    for (reader, ..) in FIRST.iter().filter(|(reader, ..)| !matches!(*reader, "git" | "terraform")) {
        let mut landing = Home::new(&[]).asks(reader, &[("PGSERVICE", "x")]);
        landing.variables.remove("HOME");
        assert!(matches!(LocalFacts.answer(&Question::Context(landing)), Fact::Unknown(_)), "{reader}");
    }
}

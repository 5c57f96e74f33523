//! What was hashed is what runs.

use std::process::Stdio;

use super::*;

/// Runs the play, changes a file while it waits, and lets it go on.
fn meanwhile(stage: &Stage, play: &str, words: &[&str], change: impl FnOnce()) -> Output {
    let gate = stage.play(play, words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    stage.wait_for("ready");
    change();
    fs::write(stage.path("go"), "").unwrap();
    let mut output = gate.wait_with_output().unwrap();
    output.stdout = output.stdout.strip_prefix(HARNESS).unwrap().to_vec();
    for mark in ["ready", "go"] {
        fs::remove_file(stage.path(mark)).unwrap();
    }
    output
}

fn held(path: &Path, purpose: Purpose) -> (Launcher, HeldFile) {
    let mut launcher = Launcher::default();
    let file = launcher.hold(path, purpose).unwrap();
    (launcher, file)
}

#[test]
fn a_program_that_is_swapped_while_gate_waits_does_not_run() {
    let stage = Stage::new();
    for way in ["exec", "supervise"] {
        stage.copy("/bin/echo", "program");
        let play = format!("hold meet {way}");
        // In place: the same inode gets other bytes.
        let output = meanwhile(&stage, &play, &["./program", "approved"], || {
            fs::write(stage.path("program"), "#!/bin/sh\necho swapped\n").unwrap();
        });
        assert_eq!(text(&output.stdout), "approved\n", "{way}");
        fs::remove_file(stage.path("program")).unwrap();
        stage.copy("/bin/echo", "program");
        // Beside it: another file takes the name.
        let output = meanwhile(&stage, &play, &["./program", "approved"], || {
            stage.write("other", "#!/bin/sh\necho swapped\n");
            fs::rename(stage.path("other"), stage.path("program")).unwrap();
        });
        assert_eq!(text(&output.stdout), "approved\n", "{way}");
    }
}

#[test]
fn a_script_that_is_swapped_while_gate_waits_does_not_run() {
    let stage = Stage::new();
    for way in ["exec", "supervise"] {
        stage.write("script", "#!/bin/sh -e\necho approved $1\n");
        let output = meanwhile(&stage, &format!("hold meet {way}"), &["./script", "one"], || {
            stage.write("script", "#!/bin/sh\necho swapped\n");
        });
        assert_eq!(text(&output.stdout), "approved one\n", "{way} {}", text(&output.stderr));
    }
}

#[test]
fn an_input_that_is_swapped_while_gate_waits_is_not_read() {
    let stage = Stage::new();
    stage.write("input", "approved\n");
    let output = meanwhile(&stage, "input meet supervise", &["cat", "input"], || {
        stage.write("input", "swapped\n");
    });
    assert_eq!(text(&output.stdout), "approved\n", "{}", text(&output.stderr));
}

#[test]
fn the_digest_is_that_of_the_bytes() {
    let stage = Stage::new();
    for (path, writer) in [(PathBuf::from("/bin/sh"), None), (stage.copy("/bin/sh", "sh"), Some(Writer::Everyone))] {
        let (launcher, file) = held(&path, Purpose::Executable);
        let bytes = fs::read(&path).unwrap();
        assert_eq!((file.digest, file.size), (Some(Digest::of(&bytes)), bytes.len() as u64));
        assert_eq!(file.writer, writer);
        assert!(file.held.is_ok());
        let copied = matches!(launcher.kept[0].way, Way::Copy(_));
        assert_eq!(copied, writer.is_some());
    }
}

#[test]
fn a_copy_cannot_be_changed_by_gate_itself() {
    let stage = Stage::new();
    for purpose in [Purpose::Executable, Purpose::Input] {
        let (launcher, file) = held(&stage.copy("/bin/true", "true"), purpose);
        let place = launcher.place(file.held.unwrap()).unwrap();
        let Way::Copy(copy) = &launcher.kept[0].way else { panic!("not a copy") };
        assert!(std::os::unix::fs::FileExt::write_at(copy, b"x", 0).is_err());
        assert!(copy.set_len(0).is_err() && copy.set_len(1 << 30).is_err());
        let again = fs::OpenOptions::new().write(true).open(&place);
        assert!(again.is_err() || std::os::unix::fs::FileExt::write_at(&again.unwrap(), b"x", 0).is_err());
    }
}

#[test]
fn what_cannot_be_held_says_why() {
    let stage = Stage::new();
    let source = stage.write("main.c", "int main(void) { return 0; }");
    let built = stage.path("built");
    let cc = Command::new("cc").arg("-Wl,-rpath,$ORIGIN").arg("-o").arg(&built).arg(source).status().unwrap();
    assert!(cc.success());
    let privileged = stage.copy("/bin/true", "privileged");
    fs::set_permissions(&privileged, std::os::unix::fs::PermissionsExt::from_mode(0o4755)).unwrap();
    let large = stage.copy("/bin/true", "large");
    fs::OpenOptions::new().write(true).open(&large).unwrap().set_len((512 << 20) + 1).unwrap();
    let own = stage.copy("/bin/sh", "own-sh");
    for (path, why) in [
        (built, NotHeld::OwnLibraries),
        (privileged, NotHeld::Privileged),
        (large, NotHeld::TooLarge),
        (stage.write("text", "echo\n"), NotHeld::UnknownFormat),
        (stage.write("place", "#!/bin/sh\ncd \"$(dirname \"$0\")\"\n"), NotHeld::OwnPlace("/bin/sh".into())),
        (stage.write("env", "#!/usr/bin/env -S bash -x\necho\n"), NotHeld::Interpreter("/usr/bin/env".into())),
        (stage.write("perl", "#!/usr/bin/perl\n1\n"), NotHeld::OwnPlace("/usr/bin/perl".into())),
        (stage.write("own", format!("#!{}/sh\necho\n", stage.root.path().display())), {
            fs::rename(&own, stage.path("sh")).unwrap();
            NotHeld::Interpreter(stage.path("sh"))
        }),
    ] {
        let (_, file) = held(&path, Purpose::Executable);
        assert_eq!(file.held, Err(why), "{path:?}");
        assert!(file.digest.is_some() && file.writer.is_some());
    }
}

/// Runs a line for a shell in the stage's directory.
fn line(stage: &Stage, line: &str) {
    let output = Command::new("sh").arg("-c").arg(line).current_dir(stage.root.path()).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
}

#[test]
fn a_program_that_may_run_and_not_be_read_is_not_held() {
    let stage = Stage::new();
    let program = stage.copy("/bin/true", "program");
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o111)).unwrap();
    // Root reads everything unless it gives that up.
    let root = rustix::process::geteuid().is_root();
    let lesser = if root { "setpriv --bounding-set=-dac_override,-dac_read_search " } else { "" };
    line(&stage, &format!("{lesser} env {}", stage.shell("why", &["./program"])));
    assert_eq!(stage.wait_for("why"), "Err(Unreadable) false");
}

#[test]
fn a_machine_that_runs_nothing_from_memory_is_said() {
    let stage = Stage::new();
    stage.copy("/bin/true", "program");
    let play = stage.shell("why", &["./program"]);
    let strict = |level: u8| {
        format!(
            "unshare -Urpf --mount-proc sh -c 'echo {level} >/proc/sys/vm/memfd_noexec && exec env \"$@\"' sh {play}"
        )
    };
    line(&stage, &strict(2));
    assert_eq!(
        stage.wait_for("why"),
        "Err(NoCopy(Os { code: 13, kind: PermissionDenied, message: \"Permission denied\" })) true"
    );
    line(&stage, &strict(1));
    assert_eq!(stage.wait_for("why"), "Ok(Held(0)) true", "asked for by name, it may run");
}

#[test]
fn what_root_alone_can_change_runs_as_it_lies_there() {
    let stage = Stage::new();
    for way in ["exec", "supervise"] {
        let play = format!("hold {way}");
        let output = stage.run(&play, &["bash", "-c", "readlink /proc/$$/exe; echo $0", "name"]);
        let bash = fs::canonicalize("/bin/bash").unwrap();
        assert_eq!(text(&output.stdout), format!("{}\nname\n", bash.display()), "by descriptor");
        // A script of the system's C library.
        let output = stage.run(&play, &["/usr/bin/ldd", "--version"]);
        assert!(text(&output.stdout).starts_with("ldd (") && output.status.success(), "by path: {output:?}");
    }
    let (launcher, script) = held(Path::new("/usr/bin/ldd"), Purpose::Executable);
    assert!(matches!(launcher.kept[0].way, Way::Path(_)));
    assert_eq!(launcher.place(script.held.unwrap()), Some("/usr/bin/ldd".into()));
}

#[test]
fn a_file_held_by_its_path_is_looked_at_once_more() {
    let stage = Stage::new();
    let path = stage.write("script", "#!/bin/sh\n");
    for purpose in [Purpose::Executable, Purpose::Input] {
        let way = Way::Path(hold::Identity::of(&fs::metadata(&path).unwrap()));
        let launcher = Launcher { kept: vec![Kept { path: path.clone(), purpose, way }], input: None };
        let base = launch(&[path.clone().into(), "script".into()]);
        let launch = match purpose {
            Purpose::Executable => Launch { held: Some(Held::new(0)), ..base },
            Purpose::Input => Launch { executable: "/bin/cat".into(), inputs: vec![(1, Held::new(0))], ..base },
        };
        assert!(launcher.ready(&launch).is_ok());
        let kept = stage.path("kept");
        fs::rename(&path, &kept).unwrap();
        stage.write("script", "#!/bin/sh\n");
        assert!(matches!(launcher.ready(&launch), Err(LaunchError::Changed(changed)) if changed == path));
        fs::rename(&kept, &path).unwrap();
    }
}

#[test]
fn a_key_in_memory_hinders_no_held_file() {
    let stage = Stage::new();
    stage.copy("/bin/cat", "program");
    stage.write("script", "#!/bin/sh\ncat\n");
    stage.write("input", "input\n");
    for words in [&["./program"][..], &["./script"]] {
        let input = fs::File::open(stage.path("input")).unwrap();
        let output = stage.play("undumpable stdin hold supervise", words).stdin(input).output().unwrap();
        assert_eq!(output.stdout.strip_prefix(HARNESS).unwrap(), b"input\n", "{output:?}");
    }
}

#[test]
fn only_a_regular_file_is_opened() {
    let stage = Stage::new();
    let fifo = stage.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for path in [Path::new("/"), Path::new("/dev/tty"), Path::new("/dev/null"), &fifo] {
        // A pipe without a writer would wait for ever.
        let error = Launcher::default().hold(path, Purpose::Input).unwrap_err();
        assert!(matches!(error, HoldError::NotRegular(_)), "{error}");
    }
    assert!(Launcher::default().hold(&stage.path("none"), Purpose::Input).is_err());
}

#[test]
fn a_file_held_for_one_thing_serves_no_other() {
    let stage = Stage::new();
    let (mut launcher, program) = held(&stage.copy("/bin/true", "true"), Purpose::Executable);
    let input = launcher.hold(&stage.write("input", "x"), Purpose::Input).unwrap().held.unwrap();
    let program = program.held.unwrap();
    let base = launch(&[stage.path("true").into(), "input".into()]);
    let wrong = [
        Launch { held: Some(input), ..base.clone() },
        Launch { held: Some(Held::new(7)), ..base.clone() },
        // Held, but not the file that was cleared.
        Launch { held: Some(program), executable: "/bin/true".into(), ..base.clone() },
        Launch { inputs: vec![(1, program)], ..base.clone() },
        Launch { inputs: vec![(9, input)], ..base.clone() },
        Launch { inputs: vec![(0, input)], ..base.clone() },
    ];
    for launch in wrong {
        assert!(matches!(launcher.ready(&launch), Err(LaunchError::NotHeld)), "{launch:?}");
    }
    assert!(launcher.ready(&Launch { held: Some(program), inputs: vec![(1, input)], ..base.clone() }).is_ok());
    let zero = Launch { arguments: vec![OsString::from_vec(vec![b'a', 0, b'b'])], ..base.clone() };
    assert!(matches!(launcher.ready(&zero), Err(LaunchError::Unfit)));
    let twofold = Launch { environment: vec![("A=B".into(), "C".into())], ..base };
    assert!(matches!(launcher.ready(&twofold), Err(LaunchError::Unfit)));
}

#[test]
fn a_path_that_leads_to_another_state_of_the_file_is_noticed() {
    let stage = Stage::new();
    let path = stage.write("file", "one");
    let identity = || {
        let metadata = fs::metadata(&path).unwrap();
        hold::Identity::of(&metadata)
    };
    let before = identity();
    assert!(before.still_at(&path));
    eventually("the clock of the file system moves", || {
        fs::write(&path, "two").unwrap();
        (identity() != before).then_some(())
    });
    assert!(!before.still_at(&path));
    fs::remove_file(&path).unwrap();
    assert!(!before.still_at(&path));
}

//! The shape of the house, as tables, and the test that reads `src/` and holds them. A change of a table is a commit of
//! its own, with the reason; `rules.rs` reads them and `broken.rs` breaks each of them once.

use super::rules::{self, Caller, Floor, Home, Match};
use super::source::{Source, tree};

/// A module may name itself and modules with a lower number; modules with the same number are blind to each other.
pub const FLOORS: &[Floor] = &[
    Floor { number: 0, module: "model" },
    Floor { number: 1, module: "encoding" },
    Floor { number: 1, module: "secrets" },
    Floor { number: 2, module: "command" },
    Floor { number: 2, module: "policy" },
    Floor { number: 2, module: "approval" },
    Floor { number: 2, module: "audit" },
    Floor { number: 3, module: "clearance" },
    Floor { number: 4, module: "ports" },
    Floor { number: 5, module: "actions" },
    Floor { number: 6, module: "host" },
    Floor { number: 6, module: "remote" },
    Floor { number: 7, module: "server" },
    Floor { number: 8, module: "cli" },
];

/// Floors up to this one take values and give values: what they need of the world is an argument or a port.
pub const PURE: u8 = 5;

/// The modules that may name each outside package. `*` is for packages that carry no power and no format.
pub const HOMES: &[Home] = &[
    Home { package: "askama", modules: &["server"] },
    Home { package: "aws_lc_rs", modules: &["server"] },
    Home { package: "axum", modules: &["server"] },
    Home { package: "base64", modules: &["model", "encoding"] },
    Home { package: "bytes", modules: &["server"] },
    Home { package: "clap", modules: &["cli"] },
    Home { package: "clap_complete", modules: &["cli"] },
    Home { package: "clap_mangen", modules: &["cli"] },
    Home { package: "deadpool_postgres", modules: &["server"] },
    Home { package: "ed25519_dalek", modules: &["encoding"] },
    Home { package: "getrandom", modules: &["host"] },
    Home { package: "hyper_util", modules: &["server"] },
    Home { package: "indicatif", modules: &["cli"] },
    Home { package: "jiff", modules: &["model"] },
    Home { package: "jsonwebtoken", modules: &["encoding"] },
    Home { package: "keyring", modules: &["host"] },
    Home { package: "keyring_core", modules: &["host"] },
    Home { package: "libc", modules: &["host"] },
    Home { package: "linux_keyutils_keyring_store", modules: &["host"] },
    Home { package: "p256", modules: &["encoding"] },
    Home { package: "postcard", modules: &["policy"] },
    Home { package: "reqwest", modules: &["remote"] },
    Home { package: "rusqlite", modules: &["server"] },
    Home { package: "rustix", modules: &["host"] },
    Home { package: "rustls_native_certs", modules: &["server"] },
    Home { package: "schemars", modules: &["model", "encoding", "policy", "host"] },
    Home { package: "serde", modules: &["*"] },
    Home { package: "serde_json", modules: &["encoding"] },
    Home { package: "serde_yaml", modules: &["encoding"] },
    Home { package: "sha2", modules: &["model", "encoding"] },
    Home { package: "shuck_ast", modules: &["command"] },
    Home { package: "shuck_parser", modules: &["command"] },
    Home { package: "ssh_key", modules: &["encoding"] },
    Home { package: "thiserror", modules: &["*"] },
    Home { package: "tokio", modules: &["remote", "server"] },
    Home { package: "tokio_postgres", modules: &["server"] },
    Home { package: "tokio_postgres_rustls", modules: &["server"] },
    Home { package: "tokio_rustls", modules: &["server"] },
    Home { package: "tower", modules: &["server"] },
    Home { package: "uuid", modules: &["model"] },
    Home { package: "zeroize", modules: &["*"] },
];

/// What may be named in few places only: `pub(crate)` alone forbids nothing inside one crate.
pub const CALLERS: &[Caller] = &[
    Caller { what: "a durable receipt", matches: &[Match::Signs(&[":", ":", "durable"])], places: &["src/host/log"] },
    Caller {
        what: "a clearance that is earned",
        matches: &[Match::Signs(&[":", ":", "earned"])],
        places: &["src/actions/run"],
    },
    Caller {
        what: "a clearance that is redeemed",
        matches: &[Match::Signs(&[".", "redeem"]), Match::Signs(&[":", ":", "redeem"])],
        places: &["src/host/launch"],
    },
    Caller {
        what: "starting a process",
        matches: &[
            Match::Word("execv"),
            Match::Word("execve"),
            Match::Word("execvp"),
            Match::Word("execvpe"),
            Match::Word("execveat"),
            Match::Word("fexecve"),
            Match::Word("execl"),
            Match::Word("execlp"),
            Match::Word("posix_spawn"),
            Match::Word("posix_spawnp"),
            Match::Word("fork"),
            Match::Word("vfork"),
            Match::Word("clone3"),
            Match::Word("CommandExt"),
            Match::Path(&["process", "Command"]),
            Match::Path(&["process", "*"]),
        ],
        places: &["src/host/launch", "src/host/raw"],
    },
    // A keyring may hang for ever, so that it is asked on a thread that can be left behind; the server's connections and the
    // one to it are tasks.
    Caller {
        what: "starting a process or a thread",
        matches: &[Match::Signs(&[".", "spawn"]), Match::Signs(&[":", ":", "spawn"])],
        places: &["src/host/launch", "src/host/raw", "src/host/keyring", "src/remote/waiting", "src/server"],
    },
    Caller {
        what: "code the compiler does not check",
        matches: &[
            Match::Word("unsafe"),
            Match::Word("unsafe_code"),
            Match::Word("asm"),
            Match::Word("global_asm"),
            Match::Word("syscall"),
        ],
        places: &["src/host/raw"],
    },
    Caller {
        what: "the fence of the module with unsafe code",
        matches: &[Match::Signs(&["mod", "raw"])],
        places: &["src/host/mod"],
    },
    Caller {
        what: "printing",
        matches: &[
            Match::Signs(&["print", "!"]),
            Match::Signs(&["println", "!"]),
            Match::Signs(&["eprint", "!"]),
            Match::Signs(&["eprintln", "!"]),
            Match::Path(&["io", "stdout"]),
            Match::Path(&["io", "stderr"]),
            Match::Path(&["io", "Stdout"]),
            Match::Path(&["io", "Stderr"]),
        ],
        places: &["src/cli"],
    },
    Caller {
        what: "ending the process",
        matches: &[Match::Path(&["process", "exit"]), Match::Path(&["process", "abort"])],
        places: &["src/cli"],
    },
    // To answer, the C library loads code of the system's, which crashes a static program.
    Caller {
        what: "asking the C library who or where somebody is",
        matches: &[
            Match::Word("home_dir"),
            Match::Word("getpwuid"),
            Match::Word("getpwuid_r"),
            Match::Word("getpwnam"),
            Match::Word("getpwnam_r"),
            Match::Word("getgrgid_r"),
            Match::Word("getgrnam_r"),
            Match::Word("getaddrinfo"),
        ],
        places: &[],
    },
    Caller {
        what: "a way around these tables",
        matches: &[
            Match::Signs(&["include", "!"]),
            Match::Word("macro_export"),
            Match::Word("macro_use"),
            Match::Signs(&["#", "[", "path"]),
            Match::Signs(&["extern", "crate"]),
            Match::Signs(&["std", "as"]),
            Match::Signs(&["process", "as"]),
        ],
        places: &[],
    },
];

/// What floors up to [`PURE`] do not name.
pub const IMPURE: &[Match] = &[
    Match::Path(&["std", "fs"]),
    Match::Path(&["std", "env"]),
    Match::Path(&["std", "thread"]),
    Match::Path(&["std", "process"]),
    Match::Path(&["std", "net"]),
    Match::Path(&["std", "*"]),
    Match::Path(&["unix", "fs"]),
    Match::Path(&["unix", "net"]),
    Match::Path(&["unix", "process"]),
    Match::Path(&["io", "stdin"]),
    Match::Word("Instant"),
    Match::Word("SystemTime"),
    Match::Signs(&[":", ":", "now"]),
    Match::Signs(&[":", ":", "now_v7"]),
    Match::Signs(&[":", ":", "new_v4"]),
    Match::Signs(&[".", "exists", "("]),
    Match::Signs(&[".", "try_exists", "("]),
    Match::Signs(&[".", "canonicalize", "("]),
    Match::Signs(&[".", "symlink_metadata", "("]),
    Match::Signs(&[".", "read_dir", "("]),
    Match::Signs(&[".", "read_link", "("]),
    Match::Signs(&[".", "is_file", "("]),
    Match::Signs(&[".", "is_dir", "("]),
    Match::Signs(&[".", "is_symlink", "("]),
];

#[test]
fn every_module_names_only_lower_floors_and_keeps_to_its_home() {
    let faults: Vec<String> = tree(&["src"]).iter().flat_map(rules::faults).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_package_has_a_home() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let homeless = rules::homeless(&manifest);
    assert!(homeless.is_empty(), "no home in tests/house/floors.rs for {homeless:?}");
}

#[test]
fn every_place_in_the_tables_can_be_reached() {
    // A place that exists under another name would forbid too much, silently allow nothing, and mislead a reader.
    for place in CALLERS.iter().flat_map(|caller| caller.places) {
        let module = place.trim_start_matches("src/").split('/').next().unwrap();
        assert!(FLOORS.iter().any(|floor| floor.module == module), "{place} is on no floor");
    }
    for module in HOMES.iter().flat_map(|home| home.modules).filter(|module| **module != "*") {
        assert!(FLOORS.iter().any(|floor| floor.module == *module), "{module} is no floor");
    }
}

#[test]
fn every_pure_floor_is_forbidden_what_the_lints_list() {
    let root = include_str!("../../src/lib.rs");
    let forbid = "#[cfg_attr(not(test), forbid(clippy::disallowed_methods, clippy::disallowed_types))]";
    for floor in FLOORS.iter().filter(|floor| floor.number <= PURE) {
        assert!(root.contains(&format!("{forbid}\npub mod {};", floor.module)), "{} in src/lib.rs", floor.module);
    }
}

#[test]
fn the_binary_is_one_statement() {
    let main = Source::new("src/main.rs", include_str!("../../src/main.rs"));
    let statements = main.text.lines().filter(|line| line.starts_with(' ')).count();
    assert_eq!((statements, main.lines_of(&[";"]).len()), (1, 0), "{}", main.text);
}

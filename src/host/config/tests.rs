//! Tests of reading and beginning a configuration.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

const ALICE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC9648ZBRAOlRGrUL+Q4NXBnqX+Fgej1A0bwnBL/XStN";
const TOKEN: &str = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIC9648ZBRAOlRGrUL+Q4NXBnqX+Fgej1A0bwnBL/XStNAAAADWdhdGUuYWNtZS5jb20=";
const BOB: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";

/// A home, and a place that stands for `/etc/gate`.
struct World {
    folder: tempfile::TempDir,
    paths: Paths,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let paths = Paths { system: folder.path().join("etc"), ..Paths::within(&home) };
    std::fs::create_dir(&paths.system).unwrap();
    World { folder, paths }
}

impl World {
    fn user(self, text: &str) -> Self {
        std::fs::write(self.paths.config_file(), text).unwrap();
        self
    }

    fn system(self, text: &str) -> Self {
        std::fs::write(self.paths.system_config_file(), text).unwrap();
        self
    }

    fn read(&self) -> Result<Config, String> {
        Config::read(&self.paths).map_err(|fault| {
            let folder = self.folder.path().to_str().unwrap();
            fault.to_string().replace(folder, "")
        })
    }
}

#[test]
fn without_any_file_there_are_defaults_and_nobody_is_enrolled() {
    for world in [world(), world().user(""), world().user("# nothing yet\n")] {
        let config = world.read().unwrap();
        assert!(config.roster.is_empty() && config.requests.is_none());
        assert_eq!((config.outcome, config.keys), (Outcome::Asked, KeyStore::File));
        assert!(is_host(&config.host));
    }
}

#[test]
fn a_configuration_as_in_the_design_is_read() {
    let text = format!(
        "host: build01\nprincipals:\n  alice@acme.com: {{keys: [{ALICE}, {{key: {TOKEN}, hardware: vouched}}], \
         groups: [approvers, data-owners]}}\n  agent:claude: {{owner: alice@acme.com, accounts: [claude@build01]}}\n\
         self_approval: agents\noutcome: always\nkeys: secret-service\n"
    );
    let config = world().user(&text).read().unwrap();
    assert_eq!(config.host, "build01");
    assert_eq!(config.roster.people_of("data-owners").collect::<Vec<_>>(), ["alice@acme.com"]);
    assert_eq!(config.roster.called("claude", "build01"), "agent:claude");
    assert_eq!((config.outcome, config.keys), (Outcome::Always, KeyStore::SecretService));
    assert_eq!(config.sources.len(), 1);
}

#[test]
fn faults_are_shown_with_file_line_column_and_line() {
    for (text, words) in [
        ("host: a\nprincpals: {}\n".to_owned(), "/home/config.yaml:2:1: unknown key `princpals`"),
        (
            format!("principals:\n  a: {{keys: [{ALICE}]}}\n  b: {{keys: [{ALICE}]}}\n"),
            "/home/config.yaml:3:3: the key SHA256:IXnp1XzgAcW+Kbab8V56zoNFlnE/wxawvxPjeCCjxfo is claimed by `a` and by `b`\n  3 |   b:",
        ),
        (
            "principals:\n  a: {accounts: [x]}\n  b: {accounts: [x@h]}\n".to_owned(),
            "/home/config.yaml:3:3: the account `x@h` is claimed by `a` and by `b`",
        ),
        ("principals:\n  a: {keys: [ssh-rsa AAAA]}\n".to_owned(), "/home/config.yaml:2:"),
        ("principals:\n  a: {}\n  a: {}\n".to_owned(), "the key `a` stands here twice"),
        ("self_approval: always\n".to_owned(), "unknown value `always`"),
        ("host: a b\n".to_owned(), "a host's name is 1 to 253 letters"),
        ("requests: /srv/queue\n".to_owned(), "only /etc/gate/config.yaml names a queue"),
    ] {
        let fault = world().user(&text).read().unwrap_err();
        assert!(fault.contains(words), "{text}{fault}");
    }
}

#[test]
fn what_the_system_says_is_not_replaced_by_another_home() {
    let system = format!("host: build01\nprincipals:\n  alice: {{keys: [{ALICE}], groups: [approvers]}}\nkeys: file\n");
    for (key, text) in [
        ("principals", format!("principals:\n  mallory: {{keys: [{BOB}], groups: [approvers]}}\n")),
        ("self_approval", "self_approval: agents\n".to_owned()),
        ("host", "host: build02\n".to_owned()),
        ("keys", "keys: kernel\n".to_owned()),
    ] {
        let fault = world().system(&system).user(&text).read().unwrap_err();
        let words = format!("`{key}` is said by /etc/config.yaml, which this file cannot replace");
        assert!(fault.contains(&words), "{fault}");
        assert!(fault.starts_with("/home/config.yaml:"), "{fault}");
    }
    let both = world().system(&system).user("outcome: never\n").read().unwrap();
    assert_eq!((both.host.as_str(), both.outcome, both.sources.len()), ("build01", Outcome::Never, 2));
    assert!(both.roster.principal("alice").is_some());
}

#[test]
fn attestation_is_believed_of_the_system_s_file_alone() {
    let text = format!("principals:\n  alice: {{keys: [{{key: {TOKEN}, hardware: attested}}]}}\n");
    assert!(world().system(&text).read().is_ok());
    let fault = world().user(&text).read().unwrap_err();
    let words = "/home/config.yaml:2:3: `hardware: attested` is believed of /etc/gate/config.yaml alone";
    assert!(fault.contains(words), "{fault}");
}

#[test]
fn a_passkey_s_pages_and_an_approval_server_are_read() {
    let text = format!(
        "principals:\n  alice:\n    keys:\n      - key: {TOKEN}\n        hardware: vouched\n        \
         origins: [https://gate.acme.com, 'https://gate.acme.com:8443']\n\
         remote: {{url: https://gate.acme.com, key: {ALICE}}}\n"
    );
    let config = world().user(&text).read().unwrap();
    let pages = config.roster.principal("alice").unwrap().keys[0].pages();
    assert_eq!(
        pages.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["https://gate.acme.com", "https://gate.acme.com:8443"]
    );
    assert_eq!(config.roster.witness().map(ToString::to_string).as_deref(), Some(ALICE));
    assert_eq!(config.remote.map(|remote| remote.url.to_string()).as_deref(), Some("https://gate.acme.com"));
    let relay = world().user("remote: {url: https://gate.acme.com}\n").read().unwrap();
    assert_eq!((relay.roster.witness(), relay.remote.is_some()), (None, true));
}

#[test]
fn what_says_too_much_about_a_key_or_a_server_is_shown_at_its_place() {
    let keys = |key: &str| format!("principals:\n  alice: {{keys: [{key}]}}\n");
    for (text, words) in [
        (keys(&format!("{{key: {ALICE}, hardware: vouched}}")), "/home/config.yaml:2:3: the key"),
        (keys(&format!("{{key: {ALICE}, origins: [https://a.com]}}")), "is no passkey"),
        (keys(&format!("{{key: {TOKEN}, origins: [https://acme.com]}}")), "is neither there nor below"),
        (keys(&format!("{{key: {TOKEN}, origins: [http://gate.acme.com]}}")), "is not an origin of the form"),
        (keys(&format!("{{key: {TOKEN}, origins: [https://gate.acme.com/]}}")), "is not an origin of the form"),
        (format!("{}remote: {{url: https://a.com, key: {ALICE}}}\n", keys(ALICE)), "/home/config.yaml:3:"),
        (format!("remote: {{url: https://a.com, key: {TOKEN}}}\n"), "claims to be in a token"),
        ("remote: {url: http://a.com}\n".to_owned(), "is not an origin of the form"),
        ("remote: {url: https://a.com, kye: x}\n".to_owned(), "kye"),
    ] {
        let fault = world().user(&text).read().unwrap_err();
        assert!(fault.contains(words), "{text}{fault}");
    }
    let system = format!("principals:\n  alice: {{keys: [{BOB}], groups: [approvers]}}\n");
    let fault = world().system(&system).user("remote: {url: https://a.com}\n").read().unwrap_err();
    assert!(fault.contains("`remote` is said by /etc/config.yaml, which this file cannot replace"), "{fault}");
}

#[test]
fn a_system_file_that_others_can_change_is_refused() {
    let world = world().system("host: build01\nrequests: /srv/queue\n");
    assert_eq!(world.read().unwrap().requests, Some("/srv/queue".into()));
    let path = world.paths.system_config_file();
    let words = "`/etc/config.yaml` must belong to root and be writable by root alone";
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o646)).unwrap();
    assert_eq!(world.read().unwrap_err(), words);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::chown(&path, Some(1000), None).expect("the tests run as root");
    assert_eq!(world.read().unwrap_err(), words);
    let world = self::world().user("host: a\n");
    std::fs::set_permissions(world.paths.config_file(), std::fs::Permissions::from_mode(0o602)).unwrap();
    assert!(world.read().unwrap_err().contains("is writable by everybody"));
}

#[test]
fn what_is_no_text_of_bearable_size_is_refused() {
    let directory = world();
    std::fs::create_dir(directory.paths.config_file()).unwrap();
    assert_eq!(directory.read().unwrap_err(), "`/home/config.yaml` is a directory, not a file");
    let large = world().user(&"# 10 MB\n".repeat(1_250_000));
    assert_eq!(large.read().unwrap_err(), "`/home/config.yaml` has 10000000 bytes, more than 4194304");
    let bomb = world().user("host: &a [*a, *a]\n");
    assert!(bomb.read().unwrap_err().contains("anchors (`&`) and aliases (`*`) are not allowed"));
}

fn new(name: &str, key: &str, groups: &[&str], accounts: &[&str]) -> NewPrincipal {
    NewPrincipal {
        name: name.into(),
        key: key.parse().unwrap(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        accounts: accounts.iter().map(|account| account.parse().unwrap()).collect(),
    }
}

#[test]
fn a_first_file_is_written_and_people_are_added_to_it() {
    let world = world();
    let path = world.paths.config_file();
    let init =
        |new: Option<&NewPrincipal>| init(&path, Whose::Users, "build01", new).map_err(|fault| fault.to_string());
    let alice = new("alice@acme.com", ALICE, &["approvers"], &["alice"]);
    assert_eq!(init(Some(&alice)), Ok(Begun::Created));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(init(Some(&alice)), Ok(Begun::Unchanged));
    assert_eq!(init(None), Ok(Begun::Unchanged));
    let bob = new("bob's \"odd\" name".replace(' ', "-").as_str(), BOB, &["approvers", "on"], &["bob@build01"]);
    assert_eq!(init(Some(&bob)), Ok(Begun::Added));
    let config = world.read().unwrap();
    assert_eq!(config.host, "build01");
    assert_eq!(config.roster.people_of("approvers").count(), 2);
    assert_eq!(config.roster.called("bob", "build01"), bob.name);
    let other = init(Some(&new("alice@acme.com", BOB, &[], &[])));
    assert!(other.unwrap_err().contains("is enrolled in"), "a key is never overwritten");
    let shared = init(Some(&new("carol", ALICE, &[], &[])));
    assert!(shared.unwrap_err().contains("is claimed by `alice@acme.com` and by `carol`"));
}

#[test]
fn what_people_wrote_stays_as_they_wrote_it() {
    let texts = [
        "# ours\noutcome: never   # quiet\n\nprincipals:   # people\n    # the boss\n    alice:\n        groups: [a]\n",
        "outcome: never",
        "principals:\n  alice: {groups: [a]}\nhost: h\n",
    ];
    for text in texts {
        let world = world().user(text);
        let path = world.paths.config_file();
        assert_eq!(init(&path, Whose::Users, "h", Some(&new("bob", BOB, &["a"], &[]))).unwrap(), Begun::Added);
        let after = std::fs::read_to_string(&path).unwrap();
        let mut rest = after.lines();
        for line in text.lines() {
            assert!(rest.any(|now| now == line), "{line}: gone from\n{after}");
        }
        assert!(world.read().unwrap().roster.is_member("bob", &["a".into()]));
    }
    let flow = world().user("principals: {alice: {groups: [a]}}\n");
    let path = flow.paths.config_file();
    let fault = init(&path, Whose::Users, "h", Some(&new("bob", BOB, &["a"], &[]))).unwrap_err().to_string();
    assert!(fault.contains("by hand:\n  bob:\n    keys:\n      - ssh-ed25519"), "{fault}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "principals: {alice: {groups: [a]}}\n");
    let broken = world().user("principals: [\n");
    let path = broken.paths.config_file();
    assert!(matches!(init(&path, Whose::Users, "h", None), Err(InitError::Config(_))));
}

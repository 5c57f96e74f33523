//! Contexts out of temporary homes, good and hostile.

use std::fs;
use std::path::{Path, PathBuf};

mod hostile;

use super::*;
use crate::model::Digest;

/// A home and a working directory of its own.
struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(home.path("work")).unwrap();
        for (path, text) in files {
            home.write(path, text);
        }
        home
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    /// A question of this reader; words that begin with a capital are variables, `^` stands for the home.
    fn asks(&self, reader: &str, said: &[(&str, &str)]) -> Landing {
        let kind = match reader {
            "postgres" | "mysql" | "redis" | "mongo" => "database",
            "ssh" | "scp" => "host",
            reader => reader,
        };
        let mut landing = Landing {
            kind: kind.to_owned(),
            reader: reader.to_owned(),
            directory: Some(self.path("work")),
            ..Landing::default()
        };
        landing.variables.insert("HOME".to_owned(), self.path("").to_str().unwrap().trim_end_matches('/').to_owned());
        for (name, value) in said {
            let value = value.replace('^', self.path("").to_str().unwrap().trim_end_matches('/'));
            match name.starts_with(char::is_uppercase) {
                true => {
                    landing.variables.insert((*name).to_owned(), value);
                }
                false => landing.told.entry((*name).to_owned()).or_default().push(value),
            }
        }
        landing
    }

    fn lands(&self, reader: &str, said: &[(&str, &str)]) -> String {
        match LocalFacts.answer(&Question::Context(self.asks(reader, said))) {
            Fact::Contexts(names) => {
                let names: Vec<String> = names.iter().map(ToString::to_string).collect();
                names.join(" ").replace(self.path("").to_str().unwrap().trim_matches('/'), "@")
            }
            Fact::Unknown(why) => format!("unknown: {why}"),
            other @ (Fact::Text(_) | Fact::Names(_) | Fact::Data(_) | Fact::Absent) => panic!("{other:?}"),
        }
    }
}

fn fifo(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
}

#[test]
fn a_script_is_read_and_a_pipe_is_not_waited_for() {
    let home = Home::new(&[("x.sh", "rm x")]);
    assert_eq!(LocalFacts.answer(&Question::Script(home.path("x.sh"))), Fact::Text("rm x".into()));
    fifo(&home.path("pipe"));
    for path in [home.path("pipe"), home.path("work"), PathBuf::from("/dev/zero")] {
        assert!(matches!(LocalFacts.answer(&Question::Script(path)), Fact::Unknown(_)));
    }
    assert_eq!(LocalFacts.answer(&Question::Script(home.path("none"))), Fact::Absent);
}

const KUBE: &str = "apiVersion: v1
kind: Config
current-context: prod
contexts:
- {name: prod, context: {cluster: eks-1, namespace: shop, user: u}}
- {name: test, context: {cluster: kind}}
clusters:
- name: eks-1
  cluster: {server: 'https://AB12.eks.amazonaws.com:443', certificate-authority-data: x}
- {name: kind, cluster: {server: 'https://127.0.0.1:6443'}}
users: [{name: u, user: {token: t}}]
";

#[test]
fn kube_contexts_are_found_as_kubectl_finds_them() {
    let home = Home::new(&[
        (".kube/config", KUBE),
        ("a", "current-context: test\ncontexts: null\n"),
        ("b", KUBE),
        ("empty", ""),
        ("json", "{\"current-context\": \"test\",\n\t\"contexts\": []}"),
    ]);
    let prod = "kube:prod kube:cluster/eks-1 kube:namespace/shop kube:server/AB12.eks.amazonaws.com host:AB12.eks.amazonaws.com";
    let test = "kube:test kube:cluster/kind kube:namespace/default kube:server/127.0.0.1 host:127.0.0.1";
    for (said, expected) in [
        (&[][..], prod),
        (&[("name", "test")], test),
        (&[("KUBECONFIG", "^/b")], prod),
        // The first file that says it wins, file by file and name by name; one that is missing is passed over.
        (&[("KUBECONFIG", "^/none:^/a:^/b")], test),
        (&[("KUBECONFIG", "^/a:^/b"), ("file", "^/b")], prod),
        (&[("KUBECONFIG", "^/none")], ""),
        (&[("KUBECONFIG", "^/empty")], ""),
        (&[("file", "../b"), ("namespace", "x")], &prod.replace("namespace/shop", "namespace/x")),
        (&[("KUBECONFIG", "^/none"), ("server", "https://h:1")], "kube:namespace/default kube:server/h host:h"),
        (&[("name", "gone")], "kube:gone kube:namespace/default"),
        (&[("HELM_KUBECONTEXT", "test")], test),
        (&[("file", "^/json")], "kube:test kube:namespace/default"),
    ] {
        assert_eq!(home.lands("kube", said), expected, "{said:?}");
    }
}

const AWS: &str = "[default]\nregion = eu-west-1\n\n[profile prod]\nrole_arn = arn:aws:iam::111122223333:role/Admin
source_profile = default\n# no\nregion=us-east-1\ns3 =\n  max_queue_size = 1\n[profile sso]\nsso_account_id = 444455556666\n[prod2]\nregion=no\n";

#[test]
fn aws_profiles_name_their_account_and_region() {
    let home = Home::new(&[
        (".aws/config", AWS),
        (".aws/credentials", "[keys]\naws_account_id = 777788889999\n"),
        ("other", ""),
    ]);
    for (said, expected) in [
        (&[][..], "aws:default aws:region/eu-west-1"),
        (&[("name", "prod")], "aws:prod aws:region/us-east-1 aws:account/111122223333"),
        (&[("AWS_PROFILE", "sso")], "aws:sso aws:account/444455556666"),
        (
            &[("AWS_PROFILE", "sso"), ("name", "prod"), ("region", "x")],
            "aws:prod aws:region/x aws:account/111122223333",
        ),
        (
            &[("AWS_PROFILE", "sso"), ("AWS_DEFAULT_PROFILE", "keys")],
            "aws:sso aws:keys aws:account/444455556666 aws:account/777788889999",
        ),
        (&[("AWS_CONFIG_FILE", "~/other"), ("name", "prod")], "aws:prod"),
        (&[("AWS_ACCESS_KEY_ID", "set")], "aws:default aws:region/eu-west-1 aws:?"),
        (&[("AWS_ACCESS_KEY_ID", "set"), ("name", "sso")], "aws:sso aws:account/444455556666"),
        (&[("name", "prod2")], "aws:prod2"),
    ] {
        assert_eq!(home.lands("aws", said), expected, "{said:?}");
    }
}

#[test]
fn gcloud_and_az_take_the_active_configuration() {
    let home = Home::new(&[
        (".config/gcloud/active_config", "work\n"),
        (".config/gcloud/configurations/config_work", "[core]\nproject = acme-prod\naccount = a@acme.com\n"),
        (".config/gcloud/configurations/config_home", "[core]\nproject = mine\n"),
        (
            ".azure/azureProfile.json",
            "\u{feff}{\"subscriptions\": [{\"id\": \"1-1\", \"name\": \"Acme Prod\", \"isDefault\": true, \"tenantId\": \"t\"}, {\"id\": \"2-2\", \"name\": \"Dev\"}]}",
        ),
    ]);
    for (reader, said, expected) in [
        ("gcp", &[][..], "gcp:acme-prod gcp:configuration/work gcp:account/a@acme.com"),
        ("gcp", &[("configuration", "home")], "gcp:mine gcp:configuration/home"),
        (
            "gcp",
            &[("CLOUDSDK_ACTIVE_CONFIG_NAME", "home"), ("CLOUDSDK_CORE_PROJECT", "p")],
            "gcp:p gcp:configuration/home",
        ),
        ("gcp", &[("name", "q"), ("CLOUDSDK_CORE_PROJECT", "p"), ("CLOUDSDK_CONFIG", "^/none")], "gcp:q"),
        ("gcp", &[("configuration", "../../x")], "unknown: a configuration whose name is a path"),
        ("azure", &[], "azure:Acme Prod azure:1-1 azure:tenant/t"),
        ("azure", &[("name", "dev")], "azure:dev"),
        ("azure", &[("name", "Dev")], "azure:Dev azure:2-2"),
        ("azure", &[("ids", "/subscriptions/1-1/resourceGroups/g")], "azure:1-1 azure:Acme Prod azure:tenant/t"),
        ("azure", &[("AZURE_CONFIG_DIR", "^/none")], ""),
    ] {
        assert_eq!(home.lands(reader, said), expected, "{said:?}");
    }
}

#[test]
fn terraform_lands_in_its_workspace_and_backend() {
    let home = Home::new(&[
        ("work/live/.terraform/environment", "prod"),
        (
            "work/live/.terraform/terraform.tfstate",
            "{\n\t\"backend\": {\"type\": \"s3\", \"config\": {\"bucket\": \"acme-state\", \"key\": \"net/x.tfstate\", \"acl\": null}}}",
        ),
        (
            "data/terraform.tfstate",
            "{\"backend\": {\"type\": \"cloud\", \"config\": {\"organization\": \"acme\", \"workspaces\": {\"name\": \"net\", \"tags\": null}}}}",
        ),
        ("work/bad/.terraform/terraform.tfstate", "{"),
    ]);
    for (said, expected) in [
        (&[][..], "terraform:default"),
        (&[("chdir", "live")], "terraform:prod terraform:backend/s3/acme-state/net/x.tfstate"),
        (&[("chdir", "live"), ("TF_WORKSPACE", "w")], "terraform:w terraform:backend/s3/acme-state/net/x.tfstate"),
        (&[("TF_DATA_DIR", "^/data")], "terraform:default terraform:backend/cloud/acme/net terraform:net"),
        (&[("chdir", "bad")], "unknown: a backend that cannot be read"),
    ] {
        assert_eq!(home.lands("terraform", said), expected, "{said:?}");
    }
}

#[test]
fn docker_lands_where_its_context_or_host_leads() {
    let hash = Digest::of(b"prod").to_string().replace("sha256:", "");
    let home = Home::new(&[
        (".docker/config.json", "{\n\t\"auths\": {},\n\t\"currentContext\": \"prod\"\n}"),
        (
            &format!(".docker/contexts/meta/{hash}/meta.json"),
            "{\"Name\":\"prod\",\"Endpoints\":{\"docker\":{\"Host\":\"tcp://user@dock1.acme.com:2376\"}}}",
        ),
    ]);
    let prod = "docker:prod docker:host/dock1.acme.com host:dock1.acme.com";
    for (said, expected) in [
        (&[][..], prod),
        (&[("name", "default")], "docker:default"),
        (&[("name", "prod"), ("DOCKER_HOST", "tcp://x")], prod),
        (&[("host", "tcp://h:1")], "docker:host/h host:h"),
        (&[("DOCKER_HOST", "unix:///run/d.sock")], "docker:host/localhost"),
        (&[("DOCKER_HOST", "tcp://h"), ("DOCKER_CONTEXT", "prod")], &format!("{prod} docker:host/h host:h")),
        (&[("DOCKER_CONTEXT", "default")], "docker:default"),
        (&[("config", "^/none")], "docker:default"),
    ] {
        assert_eq!(home.lands("docker", said), expected, "{said:?}");
    }
}

#[test]
fn databases_are_named_by_options_uris_services_and_files() {
    let home = Home::new(&[
        (".pg_service.conf", "# s\n[live]\nhost=pg.acme.com\ndbname=shop\n"),
        (".my.cnf", "[client]\nhost = \"my.acme.com\"\npassword=x\n[mysqld]\nhost=no\n"),
        ("loop.cnf", ""),
    ]);
    home.write("loop.cnf", format!("!include {}\n", home.path("loop.cnf").display()));
    for (reader, said, expected) in [
        ("postgres", &[][..], "database:localhost host:localhost"),
        ("postgres", &[("name", "h"), ("operands", "shop")], "database:h host:h database:name/shop"),
        (
            "postgres",
            &[("name", "h"), ("database", "host=k dbname='a b' password=p")],
            "database:k host:k database:name/a b",
        ),
        (
            "postgres",
            &[("operands", "postgresql://u:p@h1:5432,h2/shop?sslmode=x")],
            "database:h1 host:h1 database:h2 host:h2 database:name/shop",
        ),
        ("postgres", &[("operands", "postgres:///d?host=/run")], "database:localhost host:localhost database:name/d"),
        ("postgres", &[("PGHOST", "e"), ("PGDATABASE", "d")], "database:e host:e database:name/d"),
        (
            "postgres",
            &[("PGHOST", "e"), ("PGSERVICE", "live")],
            "database:pg.acme.com host:pg.acme.com database:name/shop database:service/live",
        ),
        (
            "postgres",
            &[("operands", "service=live dbname=x")],
            "database:pg.acme.com host:pg.acme.com database:name/x database:service/live",
        ),
        (
            "postgres",
            &[("PGSERVICE", "live"), ("PGSERVICEFILE", "^/none")],
            "database:localhost host:localhost database:service/live",
        ),
        ("postgres", &[("operands", "host='x")], "unknown: a connection string that cannot be read"),
        ("mysql", &[], "database:my.acme.com host:my.acme.com"),
        ("mysql", &[("name", "h"), ("operands", "shop")], "database:h host:h database:name/shop"),
        ("mysql", &[("no-defaults", ""), ("MYSQL_HOST", "v")], "database:v host:v"),
        ("mysql", &[("defaults", "^/loop.cnf")], "unknown: more option files than gate reads"),
        ("redis", &[("name", "r"), ("database", "3")], "database:r host:r database:name/3"),
        (
            "redis",
            &[("uri", "rediss://:pw@cache.acme.com:6380/1")],
            "database:cache.acme.com host:cache.acme.com database:name/1",
        ),
        (
            "mongo",
            &[("operands", "mongodb+srv://u:p@m.acme.com/shop")],
            "database:m.acme.com host:m.acme.com database:name/shop",
        ),
        ("mongo", &[("operands", "m1:27017/shop")], "database:m1 host:m1 database:name/shop"),
        ("mongo", &[("operands", "shop")], "database:localhost host:localhost database:name/shop"),
        ("mongo", &[("name", "rs0/m1:1,m2:1")], "database:m1 host:m1 database:m2 host:m2"),
    ] {
        assert_eq!(home.lands(reader, said), expected, "{reader} {said:?}");
    }
}

#[test]
fn ssh_names_are_followed_through_the_configuration() {
    let home = Home::new(&[(
        "config",
        "Host *.x !b.x\n  HostName %h.acme.com\nHost web\n\tHostName=web1.prod.acme.com\n  ProxyJump u@bastion:22\nMatch host cond exec \"true\"\n HostName maybe\nHost web\n HostName second\n",
    )]);
    home.write("loop", format!("Include {}\n", home.path("loop").display()));
    home.write("outer", format!("Include {}/inc*\nHost a\n HostName late\n", home.path("").display()));
    home.write("inc1", "Host a\n  HostName early\n");
    for (reader, said, expected) in [
        (
            "ssh",
            &[("file", "^/config"), ("operands", "me@web")][..],
            "host:web host:web1.prod.acme.com host:jump/bastion",
        ),
        ("ssh", &[("file", "^/config"), ("operands", "ssh://me@a.x:22")], "host:a.x host:a.x.acme.com"),
        ("ssh", &[("file", "^/config"), ("operands", "b.x")], "host:b.x"),
        ("ssh", &[("file", "^/config"), ("operands", "cond")], "host:cond host:maybe"),
        (
            "ssh",
            &[("file", "none"), ("operands", "a"), ("option", "HostName=b"), ("jump", "u@j1,j2")],
            "host:a host:b host:jump/j1 host:jump/j2",
        ),
        ("ssh", &[("file", "^/outer"), ("operands", "a")], "host:a host:early"),
        ("ssh", &[("file", "^/loop"), ("operands", "a")], "unknown: more ssh configuration files than gate reads"),
        (
            "scp",
            &[("file", "^/config"), ("operands", "x"), ("operands", "u@web:/srv"), ("operands", "./a:b")],
            "host:web host:web1.prod.acme.com host:jump/bastion",
        ),
    ] {
        assert_eq!(home.lands(reader, said), expected, "{said:?}");
    }
}

fn repository() -> Home {
    let home = Home::new(&[
        ("work/.git/HEAD", "ref: refs/heads/feature/x\n"),
        (
            "work/.git/config",
            "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://u:t@git.acme.com/shop/web.git\n[remote \"fork\"]\n\turl = acme:me/web\n\tpushurl = ssh://git@fork.acme.com/me/web\n[branch \"feature/x\"]\n\tremote = origin\n\tmerge = refs/heads/main ; c\n",
        ),
        ("work/.git/packed-refs", "# pack-refs\n1111 refs/tags/v1\n"),
        ("work/.git/refs/heads/feature/x", "1"),
        (".gitconfig", "[push]\n\tdefault = current\n[include]\n\tpath = more\n"),
        ("more", "[url \"https://git.acme.com/\"]\n\tinsteadOf = acme:\n"),
    ]);
    fs::create_dir_all(home.path("work/sub/dir")).unwrap();
    home
}

#[test]
fn a_push_names_every_branch_it_would_update() {
    let home = repository();
    let origin = "git:remote/git.acme.com/shop/web host:git.acme.com";
    let push = |said: &[(&str, &str)]| {
        let mut all = vec![("path", "push"), ("GIT_CONFIG_SYSTEM", "/dev/null/none")];
        all.extend(said);
        home.lands("git", &all).replacen("git:current/feature/x ", "", 1)
    };
    for (said, expected) in [
        (&[][..], "git:feature/x"),
        (&[("operands", "origin"), ("operands", "HEAD:main")], "git:main"),
        (&[("operands", "origin"), ("operands", "+dev:refs/heads/main")], "git:main"),
        (&[("operands", "origin"), ("operands", ":old"), ("operands", "a:b")], "git:old git:b"),
        (&[("operands", "origin"), ("operands", "v1")], "git:tag/v1"),
        (&[("operands", "origin"), ("operands", "HEAD:refs/for/main")], "git:refs/for/main"),
        (&[("operands", "origin"), ("operands", "HEAD")], "git:feature/x"),
        (&[("operands", "origin"), ("operands", "main"), ("delete", "")], "git:main"),
        (&[("all", "")], "git:?"),
        (&[("operands", "origin"), ("operands", ":")], "git:?"),
        (&[("tags", "")], "git:tag/*"),
        (&[("config", "push.default=upstream")], "git:main"),
        (&[("config", "push.default=simple")], "git:main"),
        (&[("config", "push.default=matching")], "git:?"),
        (&[("config", "push.default=nothing")], ""),
        (&[("config", "remote.origin.push=refs/heads/*:refs/heads/*")], "git:?"),
        (&[("directory", "sub"), ("directory", "dir")], "git:feature/x"),
    ] {
        let expected = format!("{expected} {origin}");
        assert_eq!(push(said), expected.trim_start(), "{said:?}");
    }
    let fork = push(&[("operands", "fork")]);
    assert!(fork.starts_with("git:feature/x git:remote/fork.acme.com/me/web host:fork.acme.com"), "{fork}");
    assert!(push(&[("operands", "acme:you/web")]).contains("git:remote/git.acme.com/you/web"));
    assert!(push(&[("operands", "../bare.git"), ("operands", "x")]).contains("git:x git:remote/localhost/../bare"));
    assert_eq!(home.lands("git", &[("path", "commit")]), "git:current/feature/x");
    assert_eq!(push(&[("GIT_CONFIG_COUNT", "1")]), "unknown: settings of git in variables");
    assert_eq!(home.lands("git", &[("path", "push"), ("git-dir", "^/none")]), "unknown: a repository without a head");
    assert_eq!(home.lands("git", &[("path", "push"), ("directory", "/")]), "");
}

#[test]
fn a_working_tree_beside_its_repository_is_followed() {
    let home = repository();
    home.write("tree/.git", format!("gitdir: {}\n", home.path("work/.git/worktrees/t").display()));
    home.write("work/.git/worktrees/t/HEAD", "ref: refs/heads/hotfix\n");
    home.write("work/.git/worktrees/t/commondir", "../..\n");
    let tree = home.lands("git", &[("path", "push"), ("directory", "^/tree"), ("operands", "origin")]);
    assert!(tree.starts_with("git:current/hotfix git:hotfix git:remote/git.acme.com/shop/web"), "{tree}");
}

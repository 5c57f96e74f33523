//! Where commands land, asked of real files through `gate explain`: environments, the contexts that were found, and what
//! could not be found out.

use serde_json::Value;

use crate::support::{Ran, Sandbox};

const POLICY: &str = "gate: 1
name: acme
environments:
  - name: production
    contexts: [\"kube:prod*\", \"kube:namespace/pay\", \"aws:prod*\", \"aws:account/111122223333\", \"git:main\", \"git:tag/v*\",
               \"host:*.prod.acme.com\", \"gcp:acme-prod\", \"azure:Acme Prod\", \"terraform:prod\", \"terraform:backend/s3/acme-live/**\",
               \"docker:live\", \"database:service/live\"]
  - {name: staging, contexts: [\"kube:test\", \"aws:test\"]}
";

const KUBE: &str = "current-context: prod-eu\ncontexts:\n- {name: prod-eu, context: {cluster: eu}}\n- {name: test, context: {cluster: kind}}\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for (path, text) in [
        ("gate/policies/acme.yaml", POLICY),
        ("home/.kube/config", KUBE),
        ("home/test", "current-context: test\ncontexts: [{name: test, context: {namespace: shop}}]\n"),
        (
            "home/.aws/config",
            "[profile ops]\nrole_arn = arn:aws:iam::111122223333:role/Ops\n[profile test]\nregion = eu-west-1\n",
        ),
        ("home/.config/gcloud/configurations/config_default", "[core]\nproject = acme-prod\n"),
        (
            "home/.azure/azureProfile.json",
            "{\"subscriptions\": [{\"id\": \"1\", \"name\": \"Acme Prod\", \"isDefault\": true}]}",
        ),
        ("home/.docker/config.json", "{\"currentContext\": \"live\"}"),
        ("home/.pg_service.conf", "[live]\nhost=db\n"),
        ("home/ssh", "Host web\n  HostName web1.prod.acme.com\n"),
        (
            "work/net/.terraform/terraform.tfstate",
            "{\"backend\": {\"type\": \"s3\", \"config\": {\"bucket\": \"acme-live\", \"key\": \"net\"}}}",
        ),
        ("work/.git/HEAD", "ref: refs/heads/fix\n"),
        ("work/.git/refs/tags/v1", "1\n"),
        (
            "work/.git/config",
            "[remote \"origin\"]\n\turl = git@github.com:acme/web\n[branch \"fix\"]\n\tremote = origin\n\tmerge = refs/heads/fix\n",
        ),
    ] {
        sandbox.write(path, text);
    }
    sandbox
}

fn explained(sandbox: &Sandbox, script: &str) -> Value {
    let ran = sandbox.gate(["explain", "--json", "-c", script]).run();
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{script}: {error}: {ran:?}"))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn what_the_programs_files_say_is_where_a_command_lands() {
    let sandbox = sandbox();
    let (production, staging, nowhere) = (&["production"][..], &["staging"][..], &[][..]);
    for (script, expected) in [
        ("kubectl delete ns x", production),
        ("helm uninstall x", production),
        ("kubectl --context test delete ns x", staging),
        ("kubectl --kubeconfig ~/test delete ns x", staging),
        ("kubectl --kubeconfig=$HOME/test -n pay delete pod x", &["production", "staging"]),
        ("kubectl --context test -n \"$NS\" delete pod x", &["production", "staging", "unknown"]),
        ("kubectl --kubeconfig \"$F\" delete ns x", &["production", "staging", "unknown"]),
        ("aws s3 rm s3://b/x", nowhere),
        ("aws --profile ops s3 rm s3://b/x", production),
        ("aws s3 rm s3://b/x --profile test", staging),
        ("gcloud compute disks delete x", production),
        ("gcloud --project other compute disks delete x", nowhere),
        ("az group delete -n x", production),
        ("terraform destroy", nowhere),
        ("terraform -chdir=net destroy", production),
        ("cd net && terraform destroy", production),
        ("TF_WORKSPACE=prod terraform destroy", production),
        ("docker rm -f x", production),
        ("docker --context default rm -f x", nowhere),
        ("git push origin HEAD:main", production),
        ("git push --force origin +fix:main", production),
        ("git push origin v1", production),
        ("git push", nowhere),
        ("git -C / push", nowhere),
        ("psql service=live -c 'drop table x'", production),
        ("psql -h db2.prod.acme.com -c 'drop table x'", production),
        ("psql postgres://u:p@db3.prod.acme.com/shop -c 'drop table x'", production),
        ("redis-cli -h r1.prod.acme.com flushall", production),
        ("ssh -F ~/ssh web rm -rf /srv/x", production),
        ("ssh -F ~/ssh other rm -rf /srv/x", nowhere),
        ("scp -F ~/ssh x web:/srv/", production),
        ("rsync -a x me@w2.prod.acme.com:/srv/", production),
        ("sftp db9.prod.acme.com:/srv", production),
    ] {
        let explained = explained(&sandbox, script);
        assert_eq!(texts(&explained["environments"]), expected, "{script}: {explained}");
    }
}

#[test]
fn a_variable_that_a_script_exports_names_a_context_for_what_follows() {
    let sandbox = sandbox();
    let rm = "aws s3 rm s3://b/x";
    let (production, staging, nowhere) = (&["production"][..], &["staging"][..], &[][..]);
    let either = &["production", "staging"][..];
    for (script, expected) in [
        ("AWS_PROFILE=prod RM", production),
        ("export AWS_PROFILE=prod; RM", production),
        ("AWS_PROFILE=prod; export AWS_PROFILE; RM", production),
        ("AWS_PROFILE=prod; RM", nowhere),
        ("export AWS_PROFILE; AWS_PROFILE=prod; RM", nowhere),
        ("export AWS_PROFILE=test; AWS_PROFILE=prod; RM", production),
        ("set -a; AWS_PROFILE=prod; RM", production),
        ("declare -x AWS_PROFILE=prod; RM", production),
        ("export AWS_PROFILE=prod; bash -c 'RM'", production),
        ("AWS_PROFILE=prod bash -c 'RM'", production),
        ("env AWS_PROFILE=prod sh -c 'timeout 5 RM'", production),
        ("env AWS_PROFILE=test sh -c 'export AWS_PROFILE=prod; RM'", production),
        ("export AWS_PROFILE=prod; env -u AWS_PROFILE RM", nowhere),
        ("export AWS_PROFILE=prod; env -i RM", &["production", "staging", "unknown"]),
        ("export AWS_PROFILE=prod; unset AWS_PROFILE; RM", nowhere),
        ("export AWS_PROFILE=prod; export -n AWS_PROFILE; RM", nowhere),
        ("export AWS_PROFILE=test; if x; then export AWS_PROFILE=prod; fi; RM", either),
        ("f() { export AWS_PROFILE=prod; }; export AWS_PROFILE=test; f; RM", either),
        ("eval 'export AWS_PROFILE=prod'; RM", production),
        ("for p in test prod; do AWS_PROFILE=$p RM; done", either),
        ("AWS_PROFILE=\"$(id)\" RM", &["production", "staging", "unknown"]),
        ("aws-vault exec prod -- RM", production),
        ("export AWS_PROFILE=prod; ssh -F none other 'RM'", nowhere),
        ("KUBECONFIG=$HOME/test kubectl delete ns x", staging),
        ("export KUBECONFIG=~/test; kubectl delete ns x", staging),
        ("export KUBECONFIG=/nowhere; kubectl delete ns x", nowhere),
        ("sudo kubectl delete ns x", &["production", "staging", "unknown"]),
        ("sudo kubectl --context test delete pod x", &["production", "staging", "unknown"]),
    ] {
        let script = script.replace("RM", rm);
        let explained = explained(&sandbox, &script);
        assert_eq!(texts(&explained["environments"]), expected, "{script}: {explained}");
    }
}

#[test]
fn what_cannot_be_read_may_be_any_environment_and_is_not_waited_for() {
    let sandbox = sandbox();
    let pipe = sandbox.work().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    let explained = explained(&sandbox, "KUBECONFIG=pipe kubectl delete ns x");
    assert_eq!(texts(&explained["environments"]), ["production", "staging", "unknown"]);
    assert_eq!(texts(&explained["contexts"]), ["host:?", "kube:?"]);
    assert_eq!(explained["answers"][0]["answer"], "unknown: a configuration file that is no regular file");
    let ran = sandbox.gate(["explain", "-c", "KUBECONFIG=pipe kubectl delete ns x"]).run();
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("lands in host:?, kube:?"), "{ran:?}");
    assert!(words.contains("unknown: a configuration file that is no regular file"), "{ran:?}");
}

#[test]
fn a_matrix_looks_at_the_environment_and_explain_shows_the_contexts() {
    let sandbox = sandbox();
    let matrix = "matrix:\n  destroy: {environments: {production: deny, staging: allow, otherwise: ask}}\n";
    sandbox.write("gate/policies/acme.yaml", format!("{POLICY}{matrix}"));
    for (script, decision) in [
        ("kubectl delete ns x", "deny"),
        ("kubectl --context test delete ns x", "allow"),
        ("KUBECONFIG=/nowhere kubectl delete ns x", "ask"),
        ("kubectl --context \"$C\" delete ns x", "deny"),
    ] {
        assert_eq!(explained(&sandbox, script)["decision"], decision, "{script}");
    }
    let shown = explained(&sandbox, "kubectl delete ns x");
    assert_eq!(texts(&shown["contexts"]), ["kube:cluster/eu", "kube:namespace/default", "kube:prod-eu"]);
    let ran = sandbox.gate(["--", "kubectl", "delete", "ns", "x"]).run();
    assert_ne!(ran.status, Ran::exited(0).status);
}

#[test]
fn an_unknown_environment_is_no_name_for_one() {
    let sandbox = Sandbox::new();
    let policy = "gate: 1\nname: acme\nenvironments:\n  - {name: unknown, contexts: [\"kube:x\"]}\n";
    sandbox.write("gate/policies/acme.yaml", policy);
    let ran = sandbox.gate(["explain", "--", "true"]).run();
    assert!(ran.stderr.contains("`unknown` is a column of the matrix and no environment"), "{ran:?}");
}

#[test]
fn a_reader_that_does_not_exist_is_an_error_of_the_policy() {
    let sandbox = Sandbox::new();
    let policy = "gate: 1\nname: acme\ntools:\n  - {program: acmectl, context: {kind: kube, reader: kuba}}\n";
    sandbox.write("gate/policies/acme.yaml", policy);
    let ran = sandbox.gate(["explain", "--", "true"]).run();
    assert!(ran.stderr.contains("no reader of contexts is called `kuba`"), "{ran:?}");
}

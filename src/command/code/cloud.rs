//! Client libraries of clouds, clusters and stores: their methods are told apart by verb, as the commands of their tools are.

use super::scan::Scope;
use super::value::Argument;

/// Libraries whose methods change what others use.
const LIBRARIES: [&str; 36] = [
    "boto3",
    "botocore",
    "aiobotocore",
    "kubernetes",
    "google.cloud",
    "googleapiclient",
    "azure",
    "digitalocean",
    "hcloud",
    "openstack",
    "docker",
    "github",
    "gitlab",
    "hvac",
    "consul",
    "redis",
    "pymongo",
    "motor",
    "elasticsearch",
    "opensearchpy",
    "ldap3",
    "cloudflare",
    "stripe",
    "pulumi",
    "oci",
    "linode_api4",
    "aws-sdk",
    "@aws-sdk",
    "@kubernetes",
    "@google-cloud",
    "@azure",
    "@octokit",
    "ioredis",
    "mongodb",
    "cassandra",
    "kafka",
];

/// Verbs that change, send or give away.
const VERBS: [&str; 62] = [
    "delete",
    "terminate",
    "destroy",
    "remove",
    "put",
    "create",
    "attach",
    "detach",
    "stop",
    "start_instances",
    "reboot",
    "modify",
    "update",
    "patch",
    "replace",
    "invoke",
    "send",
    "upload",
    "publish",
    "drop",
    "flush",
    "purge",
    "revoke",
    "grant",
    "disable",
    "enable",
    "deregister",
    "register",
    "restore",
    "reset",
    "kill",
    "shutdown",
    "evict",
    "drain",
    "exec",
    "run_instances",
    "run_task",
    "scale",
    "add_user",
    "add_role",
    "assume_role",
    "get_secret",
    "list_secret",
    "access_secret",
    "read_secret",
    "get_password",
    "read_namespaced_secret",
    "list_namespaced_secret",
    "list_secret_for_all",
    "get_session_token",
    "get_credentials",
    "get_federation_token",
    "generate_presigned",
    "decrypt",
    "copy_object",
    "authorize",
    "set_iam",
    "rotate",
    "cancel",
    "schedule_key",
    "unlink",
    "eval",
];

/// Whether one of these libraries is used.
pub(super) fn is_used(scope: &Scope) -> bool {
    let of = |module: &str| {
        LIBRARIES.iter().any(|library| {
            module == *library || module.strip_prefix(library).is_some_and(|rest| rest.starts_with(['.', '/']))
        })
    };
    scope.imports.iter().any(|module| of(module)) || scope.names.values().any(|name| of(name))
}

/// What a method of them does that should be asked about.
pub(super) fn risky(name: &str, arguments: Option<&[Argument]>) -> Option<&'static str> {
    arguments?;
    let method = name.rsplit('.').next()?;
    if !name.contains('.') && !method.ends_with("Command") {
        return None;
    }
    let snake = snake(method.trim_start_matches("batch").trim_start_matches("Batch"));
    let snake = snake.trim_start_matches('_');
    // What only makes a client, or reads through one.
    if ["create_client", "create_default", "create_connection", "create_paginator", "remove_prefix", "update_wrapper"]
        .iter()
        .any(|quiet| snake.starts_with(quiet))
    {
        return None;
    }
    // `send(new GetObjectCommand())` is told apart by the command.
    if snake == "send" && name.contains("()") {
        return None;
    }
    VERBS.iter().copied().find(|verb| {
        snake.strip_prefix(verb).is_some_and(|rest| rest.is_empty() || rest.starts_with('_') || verb.contains('_'))
    })
}

/// `deleteBucket`, `DeleteBucketCommand` → `delete_bucket…`
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

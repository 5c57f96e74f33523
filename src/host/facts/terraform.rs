//! Where Terraform and OpenTofu land: the workspace, and the backend that the working directory was set up for.

use super::{Found, file};
use crate::encoding::json::{self, Value};
use crate::model::{ContextName, Landing};

/// The settings that name a backend's state, in the order they are put together.
const PARTS: [&str; 13] = [
    "hostname",
    "organization",
    "address",
    "storage_account_name",
    "container_name",
    "bucket",
    "prefix",
    "key",
    "path",
    "schema_name",
    "secret_suffix",
    "repo",
    "subpath",
];

pub(super) fn found(landing: &Landing) -> Found {
    let directory = file::from_directory(landing, landing.setting("chdir").unwrap_or("."))?;
    let data = directory.join(landing.variable("TF_DATA_DIR").unwrap_or(".terraform"));
    let workspace = match landing.variable("TF_WORKSPACE") {
        Some(name) => Some(name.to_owned()),
        None => file::config(&data.join("environment"))?.map(|name| name.trim().to_owned()),
    };
    let workspace = workspace.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned());
    let mut names = vec![ContextName::of("terraform", workspace)];
    if let Some(text) = file::config(&data.join("terraform.tfstate"))? {
        let state: Value = json::foreign(text.as_bytes()).ok_or("a backend that cannot be read")?;
        names.extend(backend(&state));
    }
    Ok(names)
}

fn backend(state: &Value) -> Vec<ContextName> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let Some(kind) = state.pointer("/backend/type").and_then(text) else { return Vec::new() };
    let mut parts = vec!["backend".to_owned(), kind];
    let config = state.pointer("/backend/config").unwrap_or(&Value::Null);
    parts.extend(PARTS.iter().filter_map(|part| config.get(part)).filter_map(text));
    // Terraform Cloud keeps the workspace's name in a block of its own.
    let workspaces = config.get("workspaces").map(|value| value.get(0).unwrap_or(value));
    parts.extend(["name", "prefix"].iter().filter_map(|part| workspaces?.get(part)).filter_map(text));
    let mut names = vec![ContextName::of("terraform", parts.join("/"))];
    let workspace = workspaces.and_then(|value| value.get("name")).and_then(text);
    names.extend(workspace.map(|name| ContextName::of("terraform", name)));
    names
}

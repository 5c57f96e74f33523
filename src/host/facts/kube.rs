//! Where kubectl, helm and their like land: context, cluster, namespace and server of the kubeconfig files.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Found, file, uri};
use crate::encoding::yaml;
use crate::model::{ContextName, Landing};

/// Most files of a list.
const MAX_FILES: usize = 32;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Config {
    current_context: Option<String>,
    contexts: Option<Vec<Named<Context>>>,
    clusters: Option<Vec<Named<Cluster>>>,
}

/// An entry of a list; the two parts stand under the kind's own name.
#[derive(Debug, Deserialize)]
struct Named<T> {
    #[serde(default)]
    name: Option<String>,
    #[serde(alias = "context", alias = "cluster")]
    what: Option<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Context {
    cluster: Option<String>,
    namespace: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cluster {
    server: Option<String>,
}

pub(super) fn found(landing: &Landing) -> Found {
    let mut configs = Vec::new();
    for path in files(landing)? {
        if let Some(text) = file::config(&path)? {
            if text.trim().is_empty() {
                continue;
            }
            configs.push(yaml::read::<Config>("kubeconfig", &text).map_err(|_| "a kubeconfig that cannot be read")?);
        }
    }
    // What the first file says counts, name by name.
    let current = configs.iter().find_map(|config| config.current_context.as_deref().filter(|name| !name.is_empty()));
    let told = landing.setting("name").or_else(|| landing.variable("HELM_KUBECONTEXT"));
    let name = told.filter(|name| !name.is_empty()).or(current);
    let contexts = configs.iter().filter_map(|config| config.contexts.as_ref()).flatten();
    let context = name.and_then(|name| contexts.into_iter().find(|context| context.name.as_deref() == Some(name)));
    let context = context.and_then(|context| context.what.as_ref());
    let cluster = landing.setting("cluster").or_else(|| context?.cluster.as_deref());
    let clusters = configs.iter().filter_map(|config| config.clusters.as_ref()).flatten();
    let found = cluster.and_then(|name| clusters.into_iter().find(|cluster| cluster.name.as_deref() == Some(name)));
    let server = found.and_then(|cluster| cluster.what.as_ref()?.server.as_deref());
    let server = landing.setting("server").or(server);
    let namespace = landing.setting("namespace").or_else(|| landing.variable("HELM_NAMESPACE"));
    let namespace = namespace.or_else(|| context?.namespace.as_deref());

    let mut names = Vec::new();
    names.extend(name.map(|name| ContextName::of("kube", name)));
    names.extend(cluster.map(|name| ContextName::of("kube", format!("cluster/{name}"))));
    if let Some(namespace) = namespace.or_else(|| (name.is_some() || server.is_some()).then_some("default")) {
        names.push(ContextName::of("kube", format!("namespace/{namespace}")));
    }
    if let Some(host) = server.and_then(uri::host) {
        names.push(ContextName::of("kube", format!("server/{host}")));
        names.push(ContextName::of("host", host));
    }
    Ok(names)
}

/// The files, the first of which counts most.
fn files(landing: &Landing) -> Result<Vec<PathBuf>, String> {
    if let Some(path) = landing.setting("file").filter(|path| !path.is_empty()) {
        return Ok(vec![file::from_directory(landing, path)?]);
    }
    let Some(list) = landing.variable("KUBECONFIG") else {
        return Ok(vec![file::home(landing)?.join(".kube/config")]);
    };
    let paths: Vec<&str> = list.split(':').filter(|path| !path.is_empty()).collect();
    if paths.len() > MAX_FILES {
        return Err("more kubeconfig files than gate reads".to_owned());
    }
    paths.into_iter().map(|path| file::from_directory(landing, path)).collect()
}

//! Where gcloud lands: project, configuration and account.

use super::{Found, file, ini};
use crate::model::{ContextName, Landing};

pub(super) fn found(landing: &Landing) -> Found {
    let folder = match landing.variable("CLOUDSDK_CONFIG") {
        Some(folder) => file::from_directory(landing, folder)?,
        None => file::home(landing)?.join(".config/gcloud"),
    };
    let told = landing.setting("configuration").or_else(|| landing.variable("CLOUDSDK_ACTIVE_CONFIG_NAME"));
    let active = match told {
        Some(name) => name.to_owned(),
        None => file::config(&folder.join("active_config"))?.map_or_else(String::new, |name| name.trim().to_owned()),
    };
    let active = if active.is_empty() { "default".to_owned() } else { active };
    if active.contains('/') {
        return Err("a configuration whose name is a path".to_owned());
    }
    let text = file::config(&folder.join("configurations").join(format!("config_{active}")))?;
    let sections = text.as_deref().map(ini::sections).unwrap_or_default();
    let project = landing.setting("name").or_else(|| landing.variable("CLOUDSDK_CORE_PROJECT"));
    let project = project.or_else(|| ini::value(&sections, &["core"], "project"));
    let account = landing.setting("account").or_else(|| ini::value(&sections, &["core"], "account"));
    let mut names: Vec<ContextName> = project.map(|project| ContextName::of("gcp", project)).into_iter().collect();
    if text.is_some() || told.is_some() {
        names.push(ContextName::of("gcp", format!("configuration/{active}")));
    }
    names.extend(account.map(|account| ContextName::of("gcp", format!("account/{account}"))));
    Ok(names)
}

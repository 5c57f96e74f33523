//! Where az lands: the subscription, by name and by id, and its tenant.

use serde::Deserialize;

use super::{Found, file};
use crate::encoding::json;
use crate::model::{ContextName, Landing};

#[derive(Debug, Deserialize)]
struct Profile {
    #[serde(default)]
    subscriptions: Vec<Subscription>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    tenant_id: Option<String>,
    #[serde(default)]
    is_default: bool,
}

pub(super) fn found(landing: &Landing) -> Found {
    let folder = match landing.variable("AZURE_CONFIG_DIR") {
        Some(folder) => file::from_directory(landing, folder)?,
        None => file::home(landing)?.join(".azure"),
    };
    let subscriptions = match file::config(&folder.join("azureProfile.json"))? {
        None => Vec::new(),
        Some(text) => {
            let read: Option<Profile> = json::foreign(text.trim_start_matches('\u{feff}').as_bytes());
            read.ok_or("an Azure profile that cannot be read")?.subscriptions
        }
    };
    // An id names its subscription itself: `/subscriptions/ID/resourceGroups/…`.
    let by_id = landing.all("ids").iter().flat_map(|ids| ids.split_whitespace()).filter_map(|id| {
        let mut parts = id.trim_start_matches('/').split('/');
        parts.next().filter(|first| first.eq_ignore_ascii_case("subscriptions")).and_then(|_| parts.next())
    });
    let mut wanted: Vec<&str> = by_id.chain(landing.setting("name")).collect();
    wanted.dedup();
    let mut names: Vec<ContextName> = wanted.iter().map(|name| ContextName::of("azure", *name)).collect();
    for subscription in &subscriptions {
        let same = |name: &&str| name.eq_ignore_ascii_case(&subscription.id) || **name == subscription.name;
        if wanted.iter().any(same) || (wanted.is_empty() && subscription.is_default) {
            names.push(ContextName::of("azure", subscription.name.as_str()));
            names.push(ContextName::of("azure", subscription.id.as_str()));
            names.extend(subscription.tenant_id.iter().map(|id| ContextName::of("azure", format!("tenant/{id}"))));
        }
    }
    Ok(names)
}

//! Where the AWS tools land: profile, region, and the account that a profile's role or single sign-on names.

use super::ini::{self, Section};
use super::{Found, file};
use crate::model::{ContextName, Landing};

pub(super) fn found(landing: &Landing) -> Found {
    let name = |name: &str| ContextName::of("aws", name);
    let chosen = landing.setting("name").filter(|profile| !profile.is_empty());
    // Of two variables the command line client takes one and the libraries the other.
    let named = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].map(|variable| landing.variable(variable));
    let mut profiles: Vec<&str> = match chosen {
        Some(profile) => vec![profile],
        None => named.into_iter().flatten().collect(),
    };
    if profiles.is_empty() {
        profiles.push("default");
    }
    let sections = sections(landing)?;
    let mut names: Vec<ContextName> = profiles.iter().map(|profile| name(profile)).collect();
    let mut regions: Vec<&str> = match landing.setting("region") {
        Some(region) => vec![region],
        None => ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().filter_map(|own| landing.variable(own)).collect(),
    };
    if regions.is_empty() {
        regions.extend(profiles.iter().filter_map(|profile| setting(&sections, profile, "region")));
    }
    names.extend(regions.into_iter().map(|region| name(&format!("region/{region}"))));
    // Keys in the environment count before those of a profile, unless an option names it, and do not say whose they are.
    if chosen.is_none() && landing.variable("AWS_ACCESS_KEY_ID").is_some() {
        names.push(ContextName { kind: "aws".to_owned(), name: None });
        return Ok(names);
    }
    let role = landing.variable("AWS_ROLE_ARN").and_then(account_of);
    let own = profiles.iter().filter_map(|profile| account(&sections, profile));
    names.extend(own.chain(role).map(|account| name(&format!("account/{account}"))));
    Ok(names)
}

/// What both files say, the profiles under their bare names.
fn sections(landing: &Landing) -> Result<Vec<Section>, String> {
    let mut all = Vec::new();
    for (variable, usual, prefixed) in
        [("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", false), ("AWS_CONFIG_FILE", ".aws/config", true)]
    {
        let path = match landing.variable(variable) {
            Some(path) => file::expanded(landing, path)?,
            None => file::home(landing)?.join(usual),
        };
        let Some(text) = file::config(&path)? else { continue };
        for mut section in ini::sections(&text) {
            if prefixed && section.name != "default" {
                match section.name.strip_prefix("profile ") {
                    Some(profile) => section.name = profile.trim().trim_matches(['"', '\'']).to_owned(),
                    None => continue,
                }
            }
            all.push(section);
        }
    }
    Ok(all)
}

fn setting<'s>(sections: &'s [Section], profile: &str, name: &str) -> Option<&'s str> {
    ini::value(sections, &[profile], name)
}

/// The account that a profile acts in.
fn account<'s>(sections: &'s [Section], profile: &str) -> Option<&'s str> {
    let of = |name| setting(sections, profile, name);
    of("role_arn")
        .and_then(account_of)
        .or_else(|| of("sso_account_id"))
        .or_else(|| of("aws_account_id"))
        .or_else(|| of("login_session").and_then(account_of))
        .or_else(|| of("mfa_serial").and_then(account_of))
}

/// The account in `arn:aws:iam::123456789012:role/x`.
fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

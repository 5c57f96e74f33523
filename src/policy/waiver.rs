//! What is not asked for a while; refuses to cover what is not known, and what a more trusted layer denies.

use super::judge::Circumstances;
use super::layers::Policy;
use super::load::layer::{Layer, Waiver};
use super::load::pattern;
use crate::model::{Effect, Finding, Timestamp};

/// The day of a time, as waivers write it.
fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

impl Policy {
    /// Why a finding does not count; what would have covered it but has run out is told.
    pub(super) fn waived(
        &self,
        finding: &Finding,
        layer: Layer,
        at: &Circumstances<'_>,
        notices: &mut Vec<String>,
    ) -> Option<String> {
        let waivers = self.above.iter().flat_map(|above| &above.checked.waivers);
        let today = day(at.today);
        let mut reason = None;
        for waiver in waivers.filter(|waiver| waiver.rule == finding.rule && self.may_cover(waiver, finding, layer)) {
            if !applies(waiver, at) {
                continue;
            }
            if waiver.until < today {
                let notice = format!("the waiver of {} ran out on {}", waiver.rule, waiver.until);
                if !notices.contains(&notice) {
                    notices.push(notice);
                }
            } else if reason.is_none() {
                reason = Some(waiver.reason.clone());
            }
        }
        reason
    }

    fn may_cover(&self, waiver: &Waiver, finding: &Finding, layer: Layer) -> bool {
        let has_system = self.above.iter().any(|above| above.layer == Layer::System);
        match (waiver.layer, layer) {
            (Layer::System, _) | (Layer::User, Layer::User | Layer::Project) => true,
            (Layer::User, Layer::BuiltIn) => !has_system && finding.effect != Effect::Deny,
            (Layer::User, Layer::System) | (Layer::BuiltIn | Layer::Project, _) => false,
        }
    }
}

fn applies(waiver: &Waiver, at: &Circumstances<'_>) -> bool {
    let any = |patterns: &[String], texts: &[&str]| {
        patterns.is_empty() || patterns.iter().any(|pattern| texts.iter().any(|text| pattern::matches(pattern, text)))
    };
    let requester: Vec<&str> = at.requester.iter().map(String::as_str).collect();
    let directory = at.directory.to_str().map(|path| vec![path]).unwrap_or_default();
    any(&waiver.requester, &requester) && any(&waiver.directory, &directory) && any(&waiver.host, &[at.host])
}

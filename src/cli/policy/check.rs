//! `gate policy check`: whether all layers can be read, and the examples in their rules hold.

use crate::actions::examples::examined;
use crate::host::data::catalog::checked;
use crate::model::Shown;
use crate::policy::Policy as Rules;

use super::super::exit;
use super::super::failure::Complaint;
use super::super::output;
use super::super::surroundings::home;
use super::{Format, print};

/// Checks them.
pub fn run(rules: &Rules, format: &Format) -> Result<(), Complaint> {
    for catalog in rules.catalogs(home().as_deref()) {
        checked(&catalog).map_err(|why| Complaint::new(exit::CONFIGURATION, format!("the catalog {why}")))?;
    }
    let result = examined(rules, &|_| true);
    if format.json {
        print(&output::json(&result)?)?;
    } else {
        let mut text = String::new();
        for broken in &result.broken {
            let wanted = if broken.fires { "does not fire on" } else { "fires on" };
            text.push_str(&format!("{} {wanted}: {}\n", broken.rule, Shown::text(&broken.line)));
        }
        let held = result.lines - result.broken.len();
        text.push_str(&format!("{} rules, {held} of {} examples hold\n", result.rules, result.lines));
        print(&text)?;
    }
    match result.broken.len() {
        0 => Ok(()),
        1 => Err(Complaint::new(exit::CONFIGURATION, "1 example does not hold")),
        count => Err(Complaint::new(exit::CONFIGURATION, format!("{count} examples do not hold"))),
    }
}

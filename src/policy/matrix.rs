//! What is done about a class of act, by what is touched and where it lands; a cell that is missing asks.

use std::collections::{BTreeMap, BTreeSet};

use super::load::layer::Row;
use crate::model::{ActionClass, DataLabel, Effect};

/// What a finding's command touches and where it lands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    pub labels: BTreeSet<DataLabel>,
    pub tags: BTreeSet<String>,
    pub environments: BTreeSet<String>,
}

impl Touched {
    /// The columns of the labels' axis.
    pub fn label_columns(&self) -> Vec<&str> {
        match self.labels.is_empty() {
            true => vec!["unlabelled"],
            false => self.labels.iter().map(|label| label.name()).collect(),
        }
    }

    /// The columns of the environments' axis.
    pub fn environment_columns(&self) -> Vec<&str> {
        match self.environments.is_empty() {
            true => vec!["unknown"],
            false => self.environments.iter().map(String::as_str).collect(),
        }
    }

    fn tag_columns(&self) -> Vec<&str> {
        match self.tags.is_empty() {
            true => vec!["untagged"],
            false => self.tags.iter().map(String::as_str).collect(),
        }
    }
}

/// What a row says; the strictest cell counts.
pub fn cell(row: Option<&Row>, touched: &Touched) -> Effect {
    match row {
        None => Effect::Ask,
        Some(Row::Whole(effect)) => *effect,
        Some(Row::Axes { labels, tags, environments }) => {
            let axes = [
                strictest(labels.as_ref(), &touched.label_columns()),
                strictest(tags.as_ref(), &touched.tag_columns()),
                strictest(environments.as_ref(), &touched.environment_columns()),
            ];
            axes.into_iter().flatten().max().unwrap_or(Effect::Ask)
        }
    }
}

/// The strictest of these columns; `None` where the row lacks the axis.
fn strictest(axis: Option<&BTreeMap<String, Effect>>, columns: &[&str]) -> Option<Effect> {
    let axis = axis?;
    let cell = |column: &&str| axis.get(*column).or_else(|| axis.get("otherwise")).copied().unwrap_or(Effect::Ask);
    columns.iter().map(cell).max()
}

/// The row of a class: the most trusted layer's that has one, else the built-in one.
pub fn row<'a>(rows: impl IntoIterator<Item = &'a BTreeMap<ActionClass, Row>>, class: ActionClass) -> Option<&'a Row> {
    rows.into_iter().find_map(|rows| rows.get(&class))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(labels: &[(&str, Effect)], environments: &[(&str, Effect)]) -> Row {
        let axis = |cells: &[(&str, Effect)]| {
            let cells: BTreeMap<_, _> = cells.iter().map(|(name, effect)| ((*name).to_owned(), *effect)).collect();
            (!cells.is_empty()).then_some(cells)
        };
        Row::Axes { labels: axis(labels), tags: None, environments: axis(environments) }
    }

    #[test]
    fn the_strictest_cell_of_all_axes_counts() {
        use Effect::{Allow, Ask, Deny};
        let mut touched = Touched::default();
        let row = axes(&[("public", Allow), ("restricted", Deny), ("otherwise", Ask)], &[]);
        assert_eq!(cell(Some(&row), &touched), Ask, "unlabelled is `otherwise`");
        touched.labels.insert(DataLabel::Public);
        assert_eq!(cell(Some(&row), &touched), Allow);
        touched.labels.insert(DataLabel::Restricted);
        assert_eq!(cell(Some(&row), &touched), Deny);
        let row = axes(&[("otherwise", Allow)], &[("staging", Allow)]);
        assert_eq!(cell(Some(&row), &touched), Ask, "an environment without a cell and without `otherwise` asks");
        touched.environments.insert("staging".to_owned());
        assert_eq!(cell(Some(&row), &touched), Allow);
        touched.environments.insert("production".to_owned());
        assert_eq!(cell(Some(&row), &touched), Ask);
        assert_eq!(cell(None, &touched), Ask, "no row at all asks");
        assert_eq!(cell(Some(&Row::Whole(Allow)), &touched), Allow);
    }
}

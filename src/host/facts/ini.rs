//! Sections of `key = value` lines, as AWS, gcloud, PostgreSQL and MySQL write them; what is no such line is passed over,
//! as those programs do or fail over.

/// A section and its settings, in the order they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    pub name: String,
    pub settings: Vec<(String, String)>,
}

impl Section {
    /// The last value of a setting.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let all = self.settings.iter().rev();
        all.into_iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// The sections of a text; lines before the first one are in a section without a name.
pub(super) fn sections(text: &str) -> Vec<Section> {
    let mut sections = vec![Section { name: String::new(), settings: Vec::new() }];
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line_end = line.trim_end();
        let line = line_end.trim_start();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            sections.push(Section { name: name.trim().to_owned(), settings: Vec::new() });
            continue;
        }
        // An indented line goes on with the value above it.
        if line_end.len() != line.len() && !line.contains('=') {
            continue;
        }
        if let (Some((name, value)), Some(section)) = (line.split_once('='), sections.last_mut()) {
            let value = value.split(" #").next().unwrap_or_default().split(" ;").next().unwrap_or_default();
            section.settings.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    sections
}

/// The last value of a setting in all sections of these names.
pub(super) fn value<'s>(sections: &'s [Section], names: &[&str], setting: &str) -> Option<&'s str> {
    let named = sections.iter().rev().filter(|section| names.contains(&section.name.as_str()));
    named.into_iter().find_map(|section| section.value(setting))
}

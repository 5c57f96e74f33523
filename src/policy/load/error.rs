//! What is wrong with a policy, and where; refuses to say it without the place.

use crate::encoding::yaml::{Placed, YamlError, nearest};

/// A policy that cannot be used, with its file, line, column, the line itself and a hint.
pub type PolicyError = YamlError;

/// A file while it is being checked: where errors get their place from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The file, as it was named.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl Origin<'_> {
    /// An error at this value.
    pub fn at<T>(&self, placed: &Placed<T>, message: impl AsRef<str>) -> PolicyError {
        placed.error(self.file, self.text, message.as_ref(), None)
    }

    /// An error at this value, with a hint.
    pub fn hinted<T>(&self, placed: &Placed<T>, message: impl AsRef<str>, hint: &str) -> PolicyError {
        placed.error(self.file, self.text, message.as_ref(), Some(hint))
    }

    /// An error at this value, whose hint is the nearest of these names, if one is near.
    pub fn unknown<'n, T>(
        &self,
        placed: &Placed<T>,
        message: impl AsRef<str>,
        wrong: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) -> PolicyError {
        let hint = nearest(wrong, names).map(|name| format!("did you mean `{name}`?"));
        placed.error(self.file, self.text, message.as_ref(), hint.as_deref())
    }

    /// An error of the whole file.
    pub fn whole(&self, message: impl AsRef<str>) -> PolicyError {
        PolicyError::at(self.file, self.text, 0, 0, message.as_ref(), None)
    }
}

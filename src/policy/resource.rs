//! The one spelling of a resource's name that catalogs and commands are compared in; refuses to keep what may be a secret:
//! user, password and query of a URL are no part of it.

use std::borrow::Cow;

/// Schemes that have another name.
const SCHEMES: [(&str, &str); 4] = [
    ("postgresql://", "postgres://"),
    ("mariadb://", "mysql://"),
    ("mongodb+srv://", "mongodb://"),
    ("sqlserver://", "mssql://"),
];

/// The canonical form of a resource: `/srv/x`, `s3://bucket/key`, `https://host/path`, or any other name as it is.
#[must_use]
pub fn canonical(name: &str) -> String {
    let name = name.trim();
    for (arn, scheme) in [("arn:aws:s3:::", "s3://"), ("arn:aws-us-gov:s3:::", "s3://"), ("arn:aws-cn:s3:::", "s3://")]
    {
        if let Some(rest) = name.strip_prefix(arn) {
            return url(scheme, rest);
        }
    }
    match name.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => {
            let rest = rest.strip_prefix("localhost").filter(|rest| rest.starts_with('/')).unwrap_or(rest);
            path(rest)
        }
        Some((scheme, rest)) if is_scheme(scheme) => {
            url(&self::scheme(&format!("{}://", scheme.to_ascii_lowercase())), rest)
        }
        Some(_) | None if name.starts_with('/') => path(name),
        Some(_) | None => name.trim_end_matches('/').to_owned(),
    }
}

/// A resource or a pattern of resources, with the one spelling of its scheme.
#[must_use]
pub fn scheme(text: &str) -> Cow<'_, str> {
    let other = SCHEMES.iter().find_map(|(other, scheme)| Some((text.strip_prefix(other)?, scheme)));
    other.map_or(Cow::Borrowed(text), |(rest, scheme)| Cow::Owned(format!("{scheme}{rest}")))
}

/// Everything that a canonical resource is in, itself first: `s3://b/k/x`, `s3://b/k`, `s3://b`.
pub fn containers(resource: &str) -> impl Iterator<Item = &str> {
    let root = match resource.find("://") {
        Some(at) => at + 3,
        None => 0,
    };
    let mut next = Some(resource);
    std::iter::from_fn(move || {
        let now = next?;
        let cut = now.rfind('/').filter(|cut| *cut >= root);
        next = match cut {
            Some(0) if now.len() > 1 => Some("/"),
            Some(0) | None => None,
            Some(cut) => now.get(..cut).filter(|shorter| shorter.len() > root),
        };
        Some(now)
    })
}

fn is_scheme(scheme: &str) -> bool {
    let mut letters = scheme.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn url(scheme: &str, rest: &str) -> String {
    let web = !matches!(scheme, "s3://" | "gs://");
    // In the name of an object a question mark is a letter like any other.
    let rest = if web { rest.split(['?', '#']).next().unwrap_or_default() } else { rest };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = if web { host.to_ascii_lowercase() } else { host.to_owned() };
    let path = path.trim_end_matches('/');
    if path.is_empty() { format!("{scheme}{host}") } else { format!("{scheme}{host}/{path}") }
}

fn path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_resource_has_one_spelling() {
        for (written, expected) in [
            ("s3://acme/a/b/", "s3://acme/a/b"),
            ("S3://acme/A", "s3://acme/A"),
            ("arn:aws:s3:::acme/a?b", "s3://acme/a?b"),
            ("arn:aws:s3:::acme", "s3://acme"),
            ("https://User:pw@Host.example/x?sig=secret#f", "https://host.example/x"),
            ("postgres://app:pw@DB.acme.com:5432/shop/customers", "postgres://db.acme.com:5432/shop/customers"),
            ("postgresql://db/shop/customers", "postgres://db/shop/customers"),
            ("/srv//exports/./a/../b/", "/srv/exports/b"),
            ("file:///srv/x", "/srv/x"),
            ("file://localhost/srv/x", "/srv/x"),
            ("/", "/"),
            ("/..", "/"),
            ("db1.acme.com", "db1.acme.com"),
            ("a b://c", "a b://c"),
            (" s3://b ", "s3://b"),
        ] {
            assert_eq!(canonical(written), expected, "{written}");
            assert_eq!(canonical(expected), expected, "{expected} is canonical already");
        }
    }

    #[test]
    fn what_a_resource_is_in_is_named_outwards() {
        let all = |resource| containers(resource).collect::<Vec<_>>();
        assert_eq!(all("s3://b/k/x"), ["s3://b/k/x", "s3://b/k", "s3://b"]);
        assert_eq!(all("/srv/x"), ["/srv/x", "/srv", "/"]);
        assert_eq!(all("/"), ["/"]);
        assert_eq!(all("db1"), ["db1"]);
        assert_eq!(all("a/b"), ["a/b", "a"]);
        assert_eq!(all("s3://"), ["s3://"]);
    }
}

//! Selecting parameters by their paths.

use std::fmt;

/// Selects parameters by path: a path in which `*` stands for any characters, dots included.
///
/// ```
/// use cotangent::Pattern;
/// assert!(Pattern::from("*.bias").matches("encoder.fc1.bias"));
/// assert!(Pattern::from("encoder.*").matches("encoder.fc1.bias"));
/// assert!(!Pattern::from("encoder").matches("encoder.fc1.bias"));
/// assert!(Pattern::from("*bn*.*").matches("head.bn2.scale"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Whether the pattern selects a parameter of this path.
    pub fn matches(&self, path: &str) -> bool {
        let Some((start, rest)) = self.0.split_once('*') else { return self.0 == path };
        path.strip_prefix(start).is_some_and(|path| tail_matches(rest, path))
    }
}

/// Whether `path` ends as `pattern` says, after anything.
fn tail_matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => path.ends_with(pattern),
        // The earliest place leaves the most for what follows.
        Some((part, rest)) => {
            path.find(part).is_some_and(|at| tail_matches(rest, &path[at + part.len()..]))
        }
    }
}

impl From<&str> for Pattern {
    fn from(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }
}

impl From<String> for Pattern {
    fn from(pattern: String) -> Self {
        Self(pattern)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_nothing() {
        let matches = |pattern: &str, path: &str| Pattern::from(pattern).matches(path);
        assert!(matches("*", "a.b") && matches("**", "") && matches("a*b", "ab"));
        assert!(matches("a*b*c", "a.b.b.c") && !matches("a*b*c", "a.c.b"));
        assert!(!matches("ab*ba", "aba"), "the ends must not overlap");
    }
}

//! The largest differences, by layer.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

/// No element may differ by more than this share of the largest of its array.
const TOLERANCE: f64 = 1e-9;

/// Of each kind, the number of cases, and the largest differences of answers and of gradients.
#[derive(Default)]
pub struct Table(BTreeMap<String, (usize, [f64; 2])>);

impl Table {
    /// Takes up the differences of a case of a kind.
    pub fn add(&mut self, kind: &str, case: &Json, differences: [f64; 2]) {
        let about = format!("{kind} with {}", case["options"]);
        assert!(differences.iter().all(|d| *d < TOLERANCE), "{about}: {differences:?}");
        let (cases, largest) = self.0.entry(kind.to_owned()).or_default();
        *cases += 1;
        *largest = [largest[0].max(differences[0]), largest[1].max(differences[1])];
    }
}

/// As Markdown.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | cases | value | gradient |\n|---|--:|--:|--:|")?;
        self.0.iter().try_for_each(|(kind, (cases, [value, gradient]))| {
            writeln!(f, "| `{kind}` | {cases} | {value:.1e} | {gradient:.1e} |")
        })
    }
}

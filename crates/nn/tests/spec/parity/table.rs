//! Arrays of files of cases, and the largest differences to them, by layer or function.

use std::collections::BTreeMap;
use std::fmt;

use ndarray::{ArrayD, IxDyn};
use serde_json::Value as Json;

/// No element may differ by more than this share of the largest of its array.
const TOLERANCE: f64 = 1e-9;

/// The elements of a list; none of what is no list.
pub fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

/// Of its shape and its numbers.
pub fn array(json: &Json) -> ArrayD<f64> {
    let shape: Vec<usize> =
        list(&json["shape"]).iter().map(|extent| extent.as_u64().unwrap() as usize).collect();
    let data = list(&json["data"]).iter().map(|x| x.as_f64().unwrap()).collect();
    ArrayD::from_shape_vec(IxDyn(&shape), data).expect("the data fill the shape")
}

/// The larger of two differences; NaN is larger than any.
pub fn larger(a: f64, b: f64) -> f64 {
    if b > a || b.is_nan() { b } else { a }
}

/// Of each kind, the number of cases, and the largest differences of answers and of gradients.
#[derive(Default)]
pub struct Table(pub BTreeMap<String, (usize, [f64; 2])>);

impl Table {
    /// Takes up the differences of a case of a kind, told about where they are too large.
    pub fn add(&mut self, kind: &str, about: &Json, differences: [f64; 2]) {
        let fit = differences.iter().all(|difference| *difference < TOLERANCE);
        assert!(fit, "{kind} with {about}: {differences:?}");
        let (cases, largest) = self.0.entry(kind.to_owned()).or_default();
        *cases += 1;
        *largest = [0, 1].map(|of| larger(largest[of], differences[of]));
    }
}

/// As Markdown.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | cases | value | gradient |\n|---|--:|--:|--:|")?;
        self.0.iter().try_for_each(|(kind, (cases, [value, gradient]))| {
            writeln!(f, "| `{kind}` | {cases} | {} | {} |", short(*value), short(*gradient))
        })
    }
}

fn short(difference: f64) -> String {
    if difference == 0.0 { "0".to_owned() } else { format!("{difference:.1e}") }
}

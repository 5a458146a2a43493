//! A table of what a model consists of.

use std::fmt;

use super::{Params, Role};
use crate::{Scalar, Shape};

/// The parameters of a model by layer, to be printed: path, shape and count, with totals.
///
/// ```
/// let mut params = graph::Params::seeded(0);
/// params.root().child("fc").parameter("bias", ndarray::Array::zeros(3).into_dyn());
/// let table = params.summary().to_string();
/// assert!(table.contains("fc.bias") && table.contains("3 trainable"));
/// ```
#[derive(Clone, Debug)]
pub struct Summary {
    rows: Vec<(String, Shape, Role)>,
}

impl<T: Scalar> Params<T> {
    /// A printable table of the parameters and buffers.
    pub fn summary(&self) -> Summary {
        let row =
            |param: &super::Param| (param.path().to_owned(), param.shape().clone(), param.role());
        Summary { rows: self.entries().iter().map(row).collect() }
    }
}

impl Summary {
    /// How many numbers have this role.
    pub fn count(&self, role: Role) -> usize {
        self.rows.iter().filter(|row| row.2 == role).map(|row| row.1.size()).sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.0.chars().count()).max().unwrap_or(0).max(9);
        writeln!(f, "{:<width$}  {:<18}  {:>12}", "parameter", "shape", "count")?;
        let rule = "─".repeat(width + 34);
        writeln!(f, "{rule}")?;
        for (path, shape, role) in &self.rows {
            let note = if *role == Role::Buffer { "  buffer" } else { "" };
            let shape_text = shape.to_string();
            writeln!(f, "{path:<width$}  {shape_text:<18}  {:>12}{note}", grouped(shape.size()))?;
        }
        writeln!(f, "{rule}")?;
        let (trainable, buffers) = (self.count(Role::Trainable), self.count(Role::Buffer));
        write!(
            f,
            "{} in total: {} trainable, {} in buffers",
            grouped(trainable + buffers),
            grouped(trainable),
            grouped(buffers)
        )
    }
}

/// A whole number with its digits in groups of three.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array;

    #[test]
    fn counts_are_by_role_and_grouped() {
        let mut params = Params::seeded(0);
        let mut root = params.root();
        root.parameter("weight", Array::zeros((64, 128)).into_dyn());
        root.buffer("running_mean", Array::zeros(128).into_dyn());
        let text = params.summary().to_string();
        assert!(text.contains("weight        [64, 128]                  8,192\n"), "{text}");
        assert!(text.ends_with("8,320 in total: 8,192 trainable, 128 in buffers"), "{text}");
    }
}

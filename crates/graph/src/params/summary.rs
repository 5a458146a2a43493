//! A table of what a model consists of.

use std::fmt;

use super::{Params, Role};
use crate::{Scalar, Shape};

/// The parameters of a model by layer, to be printed: path, shape and count, with totals.
///
/// ```
/// let mut params = cotangent::Params::seeded(0);
/// params.root().child("fc").parameter("bias", cotangent::ndarray::Array::zeros(3).into_dyn());
/// let table = params.summary().to_string();
/// assert!(table.contains("fc.bias") && table.contains("3 trainable"));
/// ```
#[derive(Clone, Debug)]
pub struct Summary {
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    path: String,
    shape: Shape,
    role: Role,
    frozen: bool,
}

impl<T: Scalar> Params<T> {
    /// A printable table of the parameters and buffers, and what of them is frozen.
    pub fn summary(&self) -> Summary {
        let row = |param: &super::Param| Row {
            path: param.path().to_owned(),
            shape: param.shape().clone(),
            role: param.role(),
            frozen: self.is_frozen(param.id()),
        };
        Summary { rows: self.entries().iter().map(row).collect() }
    }
}

impl Summary {
    /// How many numbers have this role.
    pub fn count(&self, role: Role) -> usize {
        self.numbers(|row| row.role == role)
    }

    /// How many trainable numbers are frozen.
    pub fn frozen(&self) -> usize {
        self.numbers(|row| row.role == Role::Trainable && row.frozen)
    }

    fn numbers(&self, of: impl Fn(&&Row) -> bool) -> usize {
        self.rows.iter().filter(of).map(|row| row.shape.size()).sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.path.chars().count()).max().unwrap_or(0).max(9);
        writeln!(f, "{:<width$}  {:<18}  {:>12}", "parameter", "shape", "count")?;
        let rule = "─".repeat(width + 34);
        writeln!(f, "{rule}")?;
        for Row { path, shape, role, frozen } in &self.rows {
            let note = match (role, frozen) {
                (Role::Trainable, false) => "",
                (Role::Trainable, true) => "  frozen",
                (Role::Buffer, false) => "  buffer",
                (Role::Buffer, true) => "  frozen buffer",
            };
            let shape_text = shape.to_string();
            writeln!(f, "{path:<width$}  {shape_text:<18}  {:>12}{note}", grouped(shape.size()))?;
        }
        writeln!(f, "{rule}")?;
        let (trainable, buffers) = (self.count(Role::Trainable), self.count(Role::Buffer));
        let frozen = match self.frozen() {
            0 => String::new(),
            frozen => format!(" ({} of them frozen)", grouped(frozen)),
        };
        write!(
            f,
            "{} in total: {} trainable{frozen}, {} in buffers",
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
        params.freeze("*").unwrap();
        let text = params.summary().to_string();
        assert!(
            text.contains("8,192  frozen\n") && text.contains("128  frozen buffer\n"),
            "{text}"
        );
        assert!(text.contains("8,192 trainable (8,192 of them frozen), 128 in buffers"), "{text}");
    }
}

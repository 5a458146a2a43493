//! What a node of the graph stands for: a kind of number and a shape. Precision is not part of it.

use std::fmt;

use crate::Shape;

/// What the elements of an array are.
///
/// ```
/// use cotangent::{Graph, Kind};
/// let g = Graph::new();
/// let x = g.full([2], 1.0);
/// assert_eq!((x.kind(), x.gt(0.0).kind(), x.argmax(0).kind()), (Kind::Real, Kind::Boolean, Kind::Index));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Real numbers, `f32` or `f64` when the graph runs. The only kind that has derivatives.
    Real,
    /// Whole numbers: class labels, positions along an axis.
    Index,
    /// Truth values, from comparisons. A run stores them as the reals 0 and 1.
    Boolean,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Real => "real",
            Kind::Index => "index",
            Kind::Boolean => "boolean",
        })
    }
}

/// The kind and the shape of an array.
///
/// ```
/// use cotangent::{Graph, Type};
/// let g = Graph::new();
/// assert_eq!(g.full([2, 3], 1.0).sum_over(0).ty(), Type::real([3]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// What the elements are.
    pub kind: Kind,
    /// How they are laid out.
    pub shape: Shape,
}

impl Type {
    /// Reals of this shape.
    pub fn real(shape: impl Into<Shape>) -> Self {
        Self { kind: Kind::Real, shape: shape.into() }
    }

    /// Indices of this shape.
    pub fn index(shape: impl Into<Shape>) -> Self {
        Self { kind: Kind::Index, shape: shape.into() }
    }

    /// Truth values of this shape.
    pub fn boolean(shape: impl Into<Shape>) -> Self {
        Self { kind: Kind::Boolean, shape: shape.into() }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Real => write!(f, "{}", self.shape),
            kind => write!(f, "{kind} {}", self.shape),
        }
    }
}

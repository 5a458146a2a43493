//! Gradients of parameters, keyed by id.

use std::panic::Location;

use ndarray::{ArrayViewD, IxDyn};

use super::{Param, ParamId, Params};
use crate::Scalar;

/// The gradients of some parameters: which, and where each lies in one contiguous slice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GradientLayout {
    entries: Vec<Param>,
    /// Where each entry starts, and where the last ends.
    starts: Vec<usize>,
}

impl GradientLayout {
    /// The layout of the gradients of these parameters, in this order.
    pub fn new<'p>(params: impl IntoIterator<Item = &'p Param>) -> Self {
        let mut layout = Self { entries: Vec::new(), starts: vec![0] };
        for param in params {
            layout.starts.push(layout.size() + param.shape().size());
            layout.entries.push(param.clone());
        }
        layout
    }

    /// How many numbers there are in total.
    pub fn size(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Which parameters, in order.
    pub fn entries(&self) -> &[Param] {
        &self.entries
    }

    fn range(&self, position: usize) -> std::ops::Range<usize> {
        self.starts[position]..self.starts[position + 1]
    }
}

/// Gradients keyed by parameter id: what a training step answers and an optimizer takes.
///
/// ```
/// use graph::{GradientLayout, Gradients, Params};
/// let mut params = Params::seeded(0);
/// let bias = params.root().parameter("bias", ndarray::Array::zeros(2).into_dyn());
/// let layout = GradientLayout::new(params.trainable_entries());
/// let gradients = Gradients::new(&layout, &[3.0_f32, 4.0]);
/// assert_eq!(gradients.get(bias.id()).unwrap()[1], 4.0);
/// assert_eq!(gradients.norm(), 5.0);
/// assert!(gradients.check(&params).is_ok());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Gradients<'a, T> {
    layout: &'a GradientLayout,
    values: &'a [T],
    /// Somebody has looked at all of them.
    known_finite: bool,
}

/// Gradients that do not belong to the parameters they are given for.
#[derive(Clone, PartialEq, thiserror::Error)]
pub enum GradientsError {
    /// A gradient for a parameter that the store does not have.
    #[error(
        "a gradient is given for {path:?}, built at {location}, which is no trainable parameter of \
         this store"
    )]
    Unknown {
        /// The parameter's path in its own store.
        path: String,
        /// The line that built it.
        location: &'static Location<'static>,
    },
    /// A trainable parameter without a gradient.
    #[error("no gradient is given for the trainable parameter {path:?}")]
    Missing {
        /// The parameter's path.
        path: String,
    },
    /// Two gradients for one parameter, or the parameters in another order than their values.
    #[error(
        "the gradient of {path:?} is out of order: gradients lie in the order of the parameters"
    )]
    Order {
        /// The parameter's path.
        path: String,
    },
}

crate::debug_as_display!(GradientsError);

impl<'a, T: Scalar> Gradients<'a, T> {
    /// Gradients in a slice of this layout.
    ///
    /// # Panics
    /// If the slice does not have the layout's size.
    #[track_caller]
    pub fn new(layout: &'a GradientLayout, values: &'a [T]) -> Self {
        assert_eq!(layout.size(), values.len(), "the gradients must fill their layout");
        Self { layout, values, known_finite: false }
    }

    /// The same, known to be finite, as those are that a training step answers: an optimizer does
    /// not look again.
    pub fn known_finite(self) -> Self {
        Self { known_finite: true, ..self }
    }

    /// Whether they are [known to be finite](Self::known_finite).
    pub fn is_known_finite(&self) -> bool {
        self.known_finite
    }

    /// The gradient of a parameter, if there is one.
    pub fn get(&self, id: ParamId) -> Option<ArrayViewD<'a, T>> {
        // A full layout has a parameter near the position of its index.
        let position = self.layout.entries.iter().position(|entry| entry.id() == id)?;
        Some(self.at(position))
    }

    /// Every id with its gradient.
    pub fn iter(&self) -> impl Iterator<Item = (ParamId, ArrayViewD<'a, T>)> + '_ {
        self.layout.entries.iter().enumerate().map(|(i, entry)| (entry.id(), self.at(i)))
    }

    /// All numbers, in the order of the layout.
    pub fn values(&self) -> &'a [T] {
        self.values
    }

    /// Which parameters, and where.
    pub fn layout(&self) -> &'a GradientLayout {
        self.layout
    }

    /// The Euclidean norm of all numbers together.
    pub fn norm(&self) -> f64 {
        self.values.iter().map(|&x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt()
    }

    /// Whether these are exactly the gradients of the store's trainable parameters, in their order,
    /// so that [`values`](Self::values) runs beside [`Params::trainable`].
    ///
    /// # Errors
    /// The first difference.
    pub fn check(&self, params: &Params<T>) -> Result<(), GradientsError> {
        let mut given = self.layout.entries.iter();
        for param in params.trainable_entries() {
            if given.next().is_none_or(|entry| entry.id() != param.id()) {
                return Err(self.misplaced(params, param));
            }
        }
        match given.next() {
            None => Ok(()),
            Some(entry) => Err(match params.entry(entry.id()) {
                Some(param) if param.role() == super::Role::Trainable => {
                    GradientsError::Order { path: param.path().to_owned() }
                }
                _ => unknown(entry),
            }),
        }
    }

    /// Why the gradient of `param` is not where it should be.
    fn misplaced(&self, params: &Params<T>, param: &Param) -> GradientsError {
        let foreign = |entry: &&Param| params.entry(entry.id()).is_none();
        if let Some(entry) = self.layout.entries.iter().find(foreign) {
            return unknown(entry);
        }
        match self.get(param.id()) {
            None => GradientsError::Missing { path: param.path().to_owned() },
            Some(_) => GradientsError::Order { path: param.path().to_owned() },
        }
    }

    fn at(&self, position: usize) -> ArrayViewD<'a, T> {
        let shape = IxDyn(self.layout.entries[position].shape());
        let view = ArrayViewD::from_shape(shape, &self.values[self.layout.range(position)]);
        view.expect("the layout has the sizes of its shapes")
    }
}

fn unknown(param: &Param) -> GradientsError {
    GradientsError::Unknown { path: param.path().to_owned(), location: param.location() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array;

    fn store() -> (Params, Param, Param) {
        let mut params = Params::seeded(0);
        let mut root = params.root();
        let a = root.parameter("a", Array::zeros(2).into_dyn());
        let b = root.parameter("b", Array::zeros(3).into_dyn());
        (params, a, b)
    }

    fn check(params: &Params, of: &[&Param]) -> Result<(), GradientsError> {
        let layout = GradientLayout::new(of.iter().copied());
        let values = vec![0.0; layout.size()];
        Gradients::new(&layout, &values).check(params)
    }

    #[test]
    fn gradients_are_those_of_the_trainable_parameters() {
        let (params, a, b) = store();
        assert_eq!(check(&params, &[&a, &b]), Ok(()));
        assert_eq!(check(&params, &[&a]), Err(GradientsError::Missing { path: "b".into() }));
        assert_eq!(check(&params, &[&b, &a]), Err(GradientsError::Order { path: "a".into() }));
        assert_eq!(check(&params, &[&a, &b, &b]), Err(GradientsError::Order { path: "b".into() }));
        let (_, foreign, _) = store();
        let location = foreign.location();
        let unknown = GradientsError::Unknown { path: "a".into(), location };
        assert_eq!(check(&params, &[&foreign, &b]), Err(unknown));
    }
}

//! Gradients of parameters, keyed by id.

use std::panic::Location;

use ndarray::{ArrayViewD, IxDyn};

use super::{Param, ParamId, Params, Role};
use crate::Scalar;

/// The gradients of some parameters: which, and where each lies in one contiguous slice.
///
/// [`Gradients`] are given to it; see there.
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

    /// Where the gradient of the entry at this position lies.
    ///
    /// # Panics
    /// If there is no such entry.
    pub fn range(&self, position: usize) -> std::ops::Range<usize> {
        self.starts[position]..self.starts[position + 1]
    }
}

/// Gradients keyed by parameter id: what a training step answers and an optimizer takes.
///
/// ```
/// use cotangent::{GradientLayout, Gradients, Params};
/// let mut params = Params::seeded(0);
/// let bias = params.root().parameter("bias", cotangent::ndarray::Array::zeros(2).into_dyn());
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
///
/// [`Gradients::check`] answers it.
///
/// ```
/// use cotangent::{GradientLayout, Gradients, GradientsError, Params};
///
/// let mut other = Params::seeded(0);
/// other.root().parameter("w", cotangent::ndarray::arr1(&[1.0]).into_dyn());
/// let layout = GradientLayout::new(other.trainable_entries());
/// let error = Gradients::new(&layout, &[1.0_f32]).check(&Params::seeded(0)).unwrap_err();
/// assert!(matches!(error, GradientsError::Unknown { path, .. } if path == "w"));
/// ```
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

    /// Whether these are gradients of trainable parameters of the store, in the order of the
    /// parameters. There may be fewer than there are parameters: those that were frozen, or that
    /// nobody asked for, have none.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self, params: &Params<T>) -> Result<(), GradientsError> {
        let mut next = 0;
        for entry in &self.layout.entries {
            let (path, location) = (|| entry.path().to_owned(), entry.location());
            let index = entry.id().index();
            if params.entry(entry.id()).is_none_or(|param| param.role() != Role::Trainable) {
                return Err(GradientsError::Unknown { path: path(), location });
            }
            if index < next {
                return Err(GradientsError::Order { path: path() });
            }
            next = index + 1;
        }
        Ok(())
    }

    fn at(&self, position: usize) -> ArrayViewD<'a, T> {
        let shape = IxDyn(self.layout.entries[position].shape());
        let view = ArrayViewD::from_shape(shape, &self.values[self.layout.range(position)]);
        view.expect("the layout has the sizes of its shapes")
    }
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
        assert_eq!(check(&params, &[]), Ok(()));
        assert_eq!(check(&params, &[&b]), Ok(()), "of a part alone");
        assert_eq!(check(&params, &[&b, &a]), Err(GradientsError::Order { path: "a".into() }));
        assert_eq!(check(&params, &[&a, &b, &b]), Err(GradientsError::Order { path: "b".into() }));
        let (_, foreign, _) = store();
        let location = foreign.location();
        let unknown = GradientsError::Unknown { path: "a".into(), location };
        assert_eq!(check(&params, &[&foreign, &b]), Err(unknown));
    }
}

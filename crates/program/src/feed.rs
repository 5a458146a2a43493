//! Values on their way into a program.

use ndarray::{ArrayViewD, Dimension};

use crate::Program;
use crate::Scalar;
use graph::{RunError, View};

/// The inputs of a compiled function, by position: a tuple of references to arrays.
///
/// Reals have the precision of the program; indices are `i64`.
pub trait Feeds<'a, T, const N: usize> {
    /// The inputs as views.
    fn feeds(self) -> [View<'a, T>; N];
}

impl<'a, T: 'a> Feeds<'a, T, 0> for () {
    fn feeds(self) -> [View<'a, T>; 0] {
        []
    }
}

impl<'a, T: 'a, const N: usize> Feeds<'a, T, N> for [View<'a, T>; N] {
    fn feeds(self) -> [View<'a, T>; N] {
        self
    }
}

macro_rules! feeds {
    ($count:literal: $($name:ident)*) => {
        impl<'a, T: 'a, $($name: Into<View<'a, T>>),*> Feeds<'a, T, $count> for ($($name,)*) {
            #[allow(non_snake_case)]
            fn feeds(self) -> [View<'a, T>; $count] {
                let ($($name,)*) = self;
                [$($name.into()),*]
            }
        }
    };
}

feeds!(1: A);
feeds!(2: A B);
feeds!(3: A B C);
feeds!(4: A B C D);

impl<T: Scalar> Program<T> {
    /// Copies the inputs to their places, if they fit and, where that is asked, are finite.
    pub(crate) fn feed(&mut self, inputs: &[View<'_, T>], finite: bool) -> Result<(), RunError> {
        if inputs.len() != self.inputs.len() {
            let (expected, given) = (self.inputs.len(), inputs.len());
            return Err(RunError::Count { expected, given });
        }
        for (input, view) in self.inputs.iter().zip(inputs) {
            if !view.fits(&input.ty) {
                return Err(RunError::Mismatch {
                    name: input.name.to_string(),
                    expected: input.ty.to_string(),
                    given: view.ty().to_string(),
                });
            }
            let Some(range) = input.range.clone() else { continue };
            match view {
                View::Index(view) => copy(view, &mut self.indices[range]),
                View::Real(view) => {
                    let target = &mut self.reals[self.base + range.start..self.base + range.end];
                    copy(view, target);
                    if finite && !all_finite(target) {
                        return Err(not_finite(&input.name, view));
                    }
                }
            }
        }
        Ok(())
    }
}

fn copy<E: Copy>(from: &ArrayViewD<'_, E>, to: &mut [E]) {
    match from.as_slice() {
        Some(from) => to.copy_from_slice(from),
        None => to.iter_mut().zip(from).for_each(|(to, &from)| *to = from),
    }
}

/// Whether there is no infinity and no NaN: exactly then all products 0·x are 0, and a sum of
/// them in lanes shows it without a branch for each number.
fn all_finite<T: Scalar>(values: &[T]) -> bool {
    let mut lanes = [T::zero(); 16];
    let chunks = values.chunks_exact(lanes.len());
    let rest = chunks.remainder();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane += T::zero() * x);
    }
    rest.iter().all(|x| x.is_finite()) && lanes.iter().all(|&lane| lane == T::zero())
}

fn not_finite<T: Scalar>(name: &str, view: &ArrayViewD<'_, T>) -> RunError {
    let (place, &value) =
        view.indexed_iter().find(|(_, x)| !x.is_finite()).expect("one is not finite");
    RunError::NotFinite {
        name: name.to_owned(),
        position: place.slice().to_vec(),
        value: value.to_f64(),
    }
}

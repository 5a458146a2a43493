//! Values on their way into a program.

use std::mem;

use kernels::all_finite;
use ndarray::{ArrayViewD, Dimension};
use smallvec::SmallVec;

use crate::given::Feed;
use crate::in_place::Lent;
use crate::instruction::{MAX_INPUTS, Memory};
use crate::{Precision, Program};
use graph::RunError;

/// An array that can be given for an input of a program: a reference to an array or to a view, or a view.
///
/// The example of [`Feeds`] gives one of reals and one of indices.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be given for an input of a program in `{T}`",
    label = "neither a reference to an array of `{T}` nor to one of whole numbers",
    note = "reals have the precision of the parameters: `&Array<{T}, _>` or `ArrayView<{T}, _>`; \
            `x.mapv(f64::from)` and `x.mapv(|x| x as f32)` convert",
    note = "labels are class indices, in an array of any integer type"
)]
pub trait IntoFeed<'a, T> {
    /// The values, where they lie.
    fn into_feed(self) -> Feed<'a, T>;
}

#[diagnostic::do_not_recommend]
impl<'a, T: 'a, A: Into<Feed<'a, T>>> IntoFeed<'a, T> for A {
    fn into_feed(self) -> Feed<'a, T> {
        self.into()
    }
}

/// The inputs of a compiled function, by position: a tuple of references to up to 8 arrays, or an
/// array of [`Feed`]s.
///
/// Reals have the precision of the program; indices are of any integer type.
///
/// ```
/// use cotangent::Params;
/// use cotangent::Function;
/// use cotangent::ndarray::array;
///
/// let mut picked = Function::new(|_, [x, index]| x.take(0, index));
/// let x = array![0.5_f32, 0.25];
/// let y = picked.run(&Params::seeded(0), (&x, &array![1_u8, 0]))?;
/// assert_eq!(y, array![0.25, 0.5].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
///
/// As many as the closure takes:
///
/// ```compile_fail
/// # use cotangent::Params;
/// # use cotangent::Function;
/// # let x = cotangent::ndarray::array![0.5_f32, 0.25];
/// let mut sum = Function::new(|_, [x, y]| x + y);
/// sum.run(&Params::seeded(0), (&x,));
/// ```
///
/// and reals in the precision of the parameters:
///
/// ```compile_fail
/// # use cotangent::Params;
/// # use cotangent::Function;
/// let mut square = Function::new(|_, [x]| x.square());
/// square.run(&Params::seeded(0), (&cotangent::ndarray::array![0.5_f64],));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not give {N} inputs in `{T}`",
    label = "not a tuple of {N}",
    note = "the closure says how many inputs there are, here {N}: `|g, [x, y]|` takes 2, which are \
            given as `(&x, &y)`, and a single one as `(&x,)`",
    note = "more than 8 inputs are given as an array of `Feed`"
)]
pub trait Feeds<'a, T, const N: usize> {
    /// The inputs, where they lie.
    fn feeds(self) -> [Feed<'a, T>; N];
}

impl<'a, T: 'a> Feeds<'a, T, 0> for () {
    fn feeds(self) -> [Feed<'a, T>; 0] {
        []
    }
}

impl<'a, T: 'a, const N: usize> Feeds<'a, T, N> for [Feed<'a, T>; N] {
    fn feeds(self) -> [Feed<'a, T>; N] {
        self
    }
}

macro_rules! feeds {
    ($count:literal: $($name:ident)*) => {
        impl<'a, T: 'a, $($name: IntoFeed<'a, T>),*> Feeds<'a, T, $count> for ($($name,)*) {
            #[allow(non_snake_case)]
            fn feeds(self) -> [Feed<'a, T>; $count] {
                let ($($name,)*) = self;
                [$($name.into_feed()),*]
            }
        }
    };
}

feeds!(1: A);
feeds!(2: A B);
feeds!(3: A B C);
feeds!(4: A B C D);
feeds!(5: A B C D E);
feeds!(6: A B C D E F);
feeds!(7: A B C D E F G);
feeds!(8: A B C D E F G H);

impl<T: Precision> Program<T> {
    /// Runs on inputs, if they fit and, where that is asked, are finite. Reals are lent, where they lie in row-major order, or
    /// else a copy of them.
    pub(crate) fn fed<R>(
        &mut self,
        inputs: &[Feed<'_, T>],
        finite: bool,
        run: impl FnOnce(&mut Self, &mut [Lent<'_, T>]) -> Result<R, RunError>,
    ) -> Result<R, RunError> {
        self.check_inputs(inputs)?;
        let mut copies = mem::take(&mut self.workspace.inputs);
        self.copy_turned(inputs, &mut copies);
        // Filled in place: it is too large to be moved.
        let mut lent: SmallVec<[Lent<'_, T>; MAX_INPUTS]> = SmallVec::new();
        self.lend(inputs, &copies, |slice| lent.push(Lent::Read(slice)));
        let fine = if finite { self.check_finite(inputs, &lent) } else { Ok(()) };
        let result = fine.and_then(|()| run(self, &mut lent));
        drop(lent);
        self.workspace.inputs = copies;
        result
    }

    /// Copies the reals that lie in another order than they are read.
    fn copy_turned(&self, inputs: &[Feed<'_, T>], copies: &mut Vec<T>) {
        copies.clear();
        for (input, given) in self.inputs.iter().zip(inputs) {
            if let (Some(_), Feed::Real(view)) = (&input.memory, given)
                && view.as_slice().is_none()
            {
                copies.extend(view);
            }
        }
    }

    /// Lends what is needed of each input, in order: its reals, or their copy. Indices are copied to where they are read.
    fn lend<'a>(
        &mut self,
        inputs: &'a [Feed<'_, T>],
        mut copies: &'a [T],
        mut lend: impl FnMut(&'a [T]),
    ) {
        for (input, given) in self.inputs.iter().zip(inputs) {
            lend(match (&input.memory, given) {
                (Some(memory), Feed::Index(indices)) => {
                    indices.copy_to(&mut self.workspace.indices[memory.range().clone()]);
                    &[]
                }
                (Some(Memory::Lent(..)), Feed::Real(view)) => {
                    view.as_slice().unwrap_or_else(|| {
                        let (copy, rest) = copies.split_at(view.len());
                        copies = rest;
                        copy
                    })
                }
                (Some(_), Feed::Real(_)) => unreachable!("reals are lent"),
                (None, _) => &[],
            });
        }
    }

    fn check_finite(&self, inputs: &[Feed<'_, T>], lent: &[Lent<'_, T>]) -> Result<(), RunError> {
        for ((input, given), lent) in self.inputs.iter().zip(inputs).zip(lent) {
            if let (Feed::Real(view), Lent::Read(slice)) = (given, lent)
                && !all_finite(self.isa, &self.pool, slice)
            {
                return Err(not_finite(&input.name, view));
            }
        }
        Ok(())
    }

    fn check_inputs(&self, inputs: &[Feed<'_, T>]) -> Result<(), RunError> {
        if inputs.len() != self.inputs.len() {
            let names = self.inputs.iter().map(|input| format!("{:?}", input.name)).collect();
            return Err(RunError::Count { names, given: inputs.len() });
        }
        for (input, given) in self.inputs.iter().zip(inputs) {
            if !given.fits(&input.ty) {
                return Err(RunError::Mismatch {
                    name: input.name.to_string(),
                    expected: input.ty.to_string(),
                    given: given.ty().to_string(),
                });
            }
        }
        Ok(())
    }
}

fn not_finite<T: Precision>(name: &str, view: &ArrayViewD<'_, T>) -> RunError {
    let (place, &value) =
        view.indexed_iter().find(|(_, x)| !x.is_finite()).expect("one is not finite");
    RunError::NotFinite {
        name: name.to_owned(),
        position: place.slice().to_vec(),
        value: value.to_f64(),
    }
}

//! All windows of an array side by side, and their sum.

use smallvec::smallvec;

use super::super::registry::{Example, shaped};
use super::Window;
use crate::error::{exactly, expect_kind};
use crate::{Args, Cotangents, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var};

/// The windows over the last two axes, [.., H, W] → [.., kernel height, kernel width, rows, columns];
/// 0 in the padding. Cotangent: each element of v added where it came from, [`Fold2d`].
#[derive(Clone, Debug, PartialEq)]
pub struct Unfold2d {
    /// How the window moves.
    pub window: Window,
}

/// The adjoint of [`Unfold2d`]: adds the elements of all windows at the positions they look at,
/// [.., kernel height, kernel width, rows, columns] → [.., H, W]. Cotangent: the windows of v.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold2d {
    /// How the window moves.
    pub window: Window,
    /// Height and width of the result.
    pub extents: [usize; 2],
}

impl Window {
    /// Calls `each` with what every element of every window of a plane looks at, in row-major order
    /// of [kernel height, kernel width, rows, columns]: its position in the plane, or none.
    fn for_each_source(&self, [height, width]: [usize; 2], mut each: impl FnMut(Option<usize>)) {
        let [rows, columns] = self.counts([height, width]).expect("the shape rule checked it");
        for (ki, kj) in (0..self.kernel[0]).flat_map(|i| (0..self.kernel[1]).map(move |j| (i, j))) {
            for i in 0..rows {
                let row = self.source(0, height, i, ki);
                for j in 0..columns {
                    let column = self.source(1, width, j, kj);
                    each(row.zip(column).map(|(row, column)| row * width + column));
                }
            }
        }
    }

    /// The shape of the windows of an array with these axes in front.
    fn unfolded(&self, batch: &[usize], extents: [usize; 2]) -> Result<Shape, String> {
        Ok([batch, &self.kernel, &self.counts(extents)?].concat().into())
    }
}

impl Operation for Unfold2d {
    fn name(&self) -> &'static str {
        "unfold2d"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        let (batch, extents) = super::plane(x)?;
        Ok(Type::real(self.window.unfolded(&batch, extents)?))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (_, extents) = super::plane(&inputs[0].ty()).expect("the shape rule checked it");
        smallvec![Some(v.graph().apply(Fold2d { window: self.window.clone(), extents }, &[v]))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let x = args.real(0);
        let (_, extents) = super::plane(&Type::real(x.shape())).expect("the shape rule checked it");
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("standard layout");
        let mut slots = out.real().iter_mut();
        for plane in x.chunks_exact(extents.iter().product::<usize>().max(1)) {
            self.window.for_each_source(extents, |source| {
                *slots.next().expect("one for each") = source.map_or(T::zero(), |at| plane[at]);
            });
        }
        // What is left belongs to planes without elements, whose windows see padding alone.
        slots.for_each(|y| *y = T::zero());
        Ok(())
    }
}

impl Operation for Fold2d {
    fn name(&self) -> &'static str {
        "fold2d"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        expect_kind("the argument", x.kind, Kind::Real)?;
        let batch = &x.shape[..x.shape.rank().saturating_sub(4)];
        let expected = self.window.unfolded(batch, self.extents)?;
        if x.shape == expected {
            Ok(Type::real([batch, &self.extents].concat()))
        } else {
            Err(format!("the windows have shape {expected}, and the argument {}", x.shape))
        }
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v.unfold2d(self.window.clone()))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let x = args.real(0);
        let mut values = x.iter();
        let out = out.real();
        out.fill(T::zero());
        let out = out.as_slice_mut().expect("an output is in row-major order");
        for plane in out.chunks_exact_mut(self.extents.iter().product::<usize>().max(1)) {
            self.window.for_each_source(self.extents, |source| {
                let &value = values.next().expect("one for each");
                if let Some(at) = source {
                    plane[at] += value;
                }
            });
        }
        Ok(())
    }
}

impl<'g> Var<'g> {
    /// All windows over the last two axes: [.., H, W] becomes
    /// [.., kernel height, kernel width, rows, columns], with 0 in the padding (PyTorch's `unfold`,
    /// with an axis for each of what it puts into one).
    ///
    /// # Panics
    /// If there are fewer than two axes, or the window is larger than the padded array.
    #[track_caller]
    pub fn unfold2d(self, window: Window) -> Var<'g> {
        self.graph().apply(Unfold2d { window }, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let wide = || Window::new([2, 3]).stride([2, 1]).padding(1).dilation([1, 2]);
    vec![
        shaped("unfold2d", [2, 4, 5], move |x| x.square().unfold2d(wide())),
        shaped("unfold2d", [3, 3], |x| x.square().unfold2d(Window::new(2).stride(1))),
        shaped("fold2d", [2, 2, 3, 1, 4], |x| {
            let window = Window::new([2, 3]).stride([2, 1]).padding([0, 1]);
            x.graph().apply(Fold2d { window, extents: [3, 4] }, &[x]).square()
        }),
    ]
}

//! A border around an array.

use smallvec::{SmallVec, smallvec};

use super::super::registry::{Example, shaped};
use crate::error::exactly;
use crate::{Args, Cotangents, Operation, Out, RunResult, Scalar, Shape, Span, Type, Var};
use crate::{Kind, error::expect_kind};

/// The argument with a border of one number. Cotangent: v without the border.
#[derive(Clone, Debug, PartialEq)]
pub struct Pad {
    /// The number of positions before and after, for each axis.
    pub border: SmallVec<[(usize, usize); 4]>,
    /// The number in the border.
    pub value: f64,
}

impl Pad {
    /// Where the argument lies in the result.
    fn inside(&self, shape: &[usize]) -> SmallVec<[Span; 4]> {
        let span = |(&(before, _), &extent): (&(usize, usize), &usize)| {
            Span::from(before as isize..(before + extent) as isize)
        };
        self.border.iter().zip(shape).map(span).collect()
    }
}

impl Operation for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        expect_kind("the argument", x.kind, Kind::Real)?;
        if self.border.len() != x.shape.rank() {
            return Err(format!(
                "{} borders are given for the {} axes of {}",
                self.border.len(),
                x.shape.rank(),
                x.shape
            ));
        }
        let padded = |(&extent, &(before, after)): (&usize, &(usize, usize))| {
            before.saturating_add(extent).saturating_add(after)
        };
        Ok(Type::real(x.shape.iter().zip(&self.border).map(padded).collect::<Shape>()))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v.slice(&self.inside(&inputs[0].shape())))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let x = args.real(0);
        let out = out.real();
        out.fill(T::from_f64(self.value));
        let inside = self.inside(x.shape());
        out.slice_each_axis_mut(|axis| inside[axis.axis.index()].resolved(axis.len)).assign(&x);
        Ok(())
    }
}

impl<'g> Var<'g> {
    /// The array with a border of one number: (positions before, positions after) for each axis.
    ///
    /// # Panics
    /// Unless one pair is given for each axis.
    #[track_caller]
    pub fn pad(self, border: impl AsRef<[(usize, usize)]>, value: f64) -> Var<'g> {
        let border = border.as_ref().into();
        self.graph().apply(Pad { border, value }, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![shaped("pad", [2, 3], |x| x.pad([(1, 0), (2, 1)], 0.5).square())]
}

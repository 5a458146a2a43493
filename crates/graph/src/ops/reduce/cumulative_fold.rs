//! Cumulative products and cumulative logarithms of sums of exponentials.
//!
//! Their reverse rules write them as n·log₂ n operations, each on two results before, and differentiate these: neither divides
//! by an element, which may be 0, nor leaves the range of numbers where the result does not.

use smallvec::smallvec;

use super::super::calculus::log_add_exp;
use crate::error::{exactly, expect_kind};
use crate::ops::registry::{Example, shaped};
use crate::shape::resolve_axis;
use crate::{
    Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Type, Var, composed,
};

/// The type of a cumulative function of two numbers: its name, what the plain evaluation does, and what is recorded.
macro_rules! cumulative {
    ($(#[$doc:meta])* $Type:ident, $name:literal, |$a:ident, $b:ident| $value:expr, $record:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Type {
            /// The axis; negative from the last.
            pub axis: isize,
        }

        impl Operation for $Type {
            fn name(&self) -> &'static str {
                $name
            }
            fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
                infer(inputs, self.axis)
            }
            fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
                smallvec![composed(&[inputs[0]], v, |x| doubled(x[0], self.axis, &$record))[0]]
            }
            fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
                accumulate(args, self.axis, out, &|$a, $b| $value);
                Ok(())
            }
            fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
                Some(batch.apply(Self { axis: batch.axis(0, self.axis) }))
            }
        }
    };
}

cumulative! {
    /// yᵢ = Π x up to i along one axis. Cotangent: Σⱼ vⱼ·Π of the other factors of yⱼ, without a division.
    ///
    /// Recorded by [`Var::cumprod`](crate::Var::cumprod).
    CumProd, "cumprod", |a, b| a * b, |a: Var<'g>, b: Var<'g>| a * b
}

cumulative! {
    /// yᵢ = ln Σ eˣ up to i along one axis. Cotangent: Σⱼ vⱼ·e^(xᵢ − yⱼ) over all j from i on.
    ///
    /// Recorded by [`Var::logcumsumexp`](crate::Var::logcumsumexp).
    LogCumSumExp, "logcumsumexp", |a, b| log_add_exp(a, b), |a: Var<'g>, b: Var<'g>| a.logaddexp(b)
}

/// The shape stays.
pub(super) fn infer(inputs: &[Type], axis: isize) -> Result<Type, String> {
    let [x] = exactly(inputs)?;
    expect_kind("the argument", x.kind, Kind::Real)?;
    resolve_axis(axis, x.shape.rank())?;
    Ok(x.clone())
}

/// Each element with all before it, by doubling how many (W. D. Hillis and G. L. Steele, "Data Parallel Algorithms", 1986).
fn doubled<'g>(x: Var<'g>, axis: isize, f: &dyn Fn(Var<'g>, Var<'g>) -> Var<'g>) -> Var<'g> {
    let at = resolve_axis(axis, x.rank()).expect("the shape rule checked the axis");
    let extent = x.shape()[at] as isize;
    let (mut y, mut apart) = (x, 1);
    while apart < extent {
        let both = f(y.slice_axis(axis, ..extent - apart), y.slice_axis(axis, apart..));
        y = x.graph().concat(&[y.slice_axis(axis, ..apart), both], axis);
        apart *= 2;
    }
    y
}

/// One loop for all functions.
fn accumulate<T: Scalar>(
    args: &Args<'_, T>,
    axis: isize,
    out: &mut Out<'_, T>,
    f: &dyn Fn(T, T) -> T,
) {
    let (x, out) = (args.real(0), out.real());
    let axis = resolve_axis(axis, x.ndim()).expect("the shape rule checked the axis");
    out.assign(&x);
    for mut lane in out.lanes_mut(ndarray::Axis(axis)) {
        let mut last = None;
        for y in &mut lane {
            *y = last.map_or(*y, |last| f(last, *y));
            last = Some(*y);
        }
    }
}

impl<'g> Var<'g> {
    /// The cumulative product along an axis: each element with all before it. Derivatives are exact where elements are 0, too.
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![2.0, 0.0, 3.0]);
    /// assert_eq!(x.cumprod(0).eval()?, array![2.0, 0.0, 0.0].into_dyn());
    /// assert_eq!(x.cumprod(0).sum().grad(x).eval()?, array![1.0, 8.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or there is no such axis.
    #[track_caller]
    pub fn cumprod(self, axis: isize) -> Var<'g> {
        self.graph().apply(CumProd { axis }, &[self])
    }

    /// The cumulative ln Σ eˣ along an axis: of each element with all before it; neither overflows nor underflows.
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![-900.0, 900.0, 0.0]);
    /// assert_eq!(x.logcumsumexp(0).eval()?, array![-900.0, 900.0, 900.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or there is no such axis.
    #[track_caller]
    pub fn logcumsumexp(self, axis: isize) -> Var<'g> {
        self.graph().apply(LogCumSumExp { axis }, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("cumprod", [2, 5], |x| x.cumprod(1)),
        shaped("cumprod", [3, 2], |x| x.sin().cumprod(0)),
        shaped("logcumsumexp", [2, 5], |x| x.logcumsumexp(-1)),
    ]
}

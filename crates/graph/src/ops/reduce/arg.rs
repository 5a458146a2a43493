//! The position of an extremum.

use super::{count, fold, reduced_shape};
use crate::error::{exactly, expect_kind};
use crate::ops::registry::{Example, shaped};
use crate::{
    Args, Axes, Batch, Cotangents, FoldWord, Kind, Lowering, Operation, Out, RunResult, Scalar,
    Type, Var,
};

/// The position of the extremum along one axis, the first of several; of a NaN, if there is one.
macro_rules! arg_extremum {
    ($name:ident, $label:literal, $beats:tt, $word:ident, $meaning:literal) => {
        #[doc = concat!("The position of the ", $meaning, " along one axis. No derivative.")]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// The axis.
            pub axis: Axes,
        }

        impl $name {
            #[track_caller]
            fn of(axis: isize, x: Var<'_>) -> Var<'_> {
                let axis = Axes::from(axis);
                match refusal(&x.ty(), &axis) {
                    None => x.graph().apply($name { axis }, &[x]),
                    Some((rule, ty)) => x.graph().refused($label, rule, ty, &[x]),
                }
            }
        }

        impl Operation for $name {
            fn name(&self) -> &'static str {
                $label
            }
            fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
                infer(inputs, &self.axis)
            }
            fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
                crate::no_derivative()
            }
            fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
                position(args, &self.axis, out, &|a, b| a $beats b)
            }
            fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
                Some(batch.apply($name { axis: batch.axes(0, &self.axis) }))
            }
            fn lower(&self) -> Lowering {
                Lowering::Position(FoldWord::$word, self.axis.clone())
            }
        }
    };
}

arg_extremum!(ArgMax, "argmax", >, Max, "largest");
arg_extremum!(ArgMin, "argmin", <, Min, "smallest");

fn infer(inputs: &[Type], axis: &Axes) -> Result<Type, String> {
    let [x] = exactly(inputs)?;
    expect_kind("the argument", x.kind, Kind::Real)?;
    let shape = reduced_shape(x, axis)?;
    match refusal(x, axis) {
        None => Ok(Type::index(shape)),
        Some((rule, _)) => Err(rule),
    }
}

/// The rule that an empty axis breaks, and the type of what would come out.
fn refusal(x: &Type, axis: &Axes) -> Option<(String, Type)> {
    let axes = axis.resolve(x.shape.rank()).ok().filter(|_| x.kind == Kind::Real)?;
    let ty = Type::index(x.shape.reduced(&axes, axis.keeps()));
    let rule = "the extremum of no numbers has no position";
    (count(&x.shape, &axes) == 0).then(|| (rule.to_owned(), ty))
}

fn position<T: Scalar>(
    args: &Args<'_, T>,
    axis: &Axes,
    out: &mut Out<'_, T>,
    beats: &dyn Fn(T, T) -> bool,
) -> RunResult {
    fold(&args.real(0), axis, &mut out.index().iter_mut(), &|lane| {
        let better = |best: usize, i: usize| {
            let nan = lane[i].is_nan() && !lane[best].is_nan();
            if nan || beats(lane[i], lane[best]) { i } else { best }
        };
        (0..lane.len()).reduce(better).expect("the shape rule refused empty lanes") as i64
    });
    Ok(())
}

impl<'g> Var<'g> {
    /// The position of the largest along an axis, as an index; the first of several.
    ///
    /// The axis is dropped from the shape.
    /// Of no elements it is an error of the run ([`Graph::refused`](crate::Graph::refused)).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let scores = g.constant(array![[0.1, 0.7, 0.2], [0.6, 0.3, 0.1]]);
    /// assert_eq!(scores.argmax(1).eval()?, array![1.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or there is no such axis.
    #[track_caller]
    pub fn argmax(self, axis: isize) -> Var<'g> {
        ArgMax::of(axis, self)
    }

    /// The position of the smallest along an axis, as an index; the first of several.
    ///
    /// The axis is dropped from the shape.
    /// Of no elements it is an error of the run ([`Graph::refused`](crate::Graph::refused)).
    /// See [`argmax`](Var::argmax).
    ///
    /// # Panics
    /// If the elements are not real, or there is no such axis.
    #[track_caller]
    pub fn argmin(self, axis: isize) -> Var<'g> {
        ArgMin::of(axis, self)
    }
}

pub(super) fn examples() -> Vec<Example> {
    // Piecewise constant, so that the derivative is that of the other factor.
    vec![
        shaped("argmax", [2, 3], |x| x.argmax(1).to_real() * x.sum_over(1).square()),
        shaped("argmax", [2, 3], |x| x.argmax(0).to_real() * x.sum_over(0).square()),
        shaped("argmax", [2, 3, 4], |x| x.gather(1, x.argmax(1).unsqueeze(1)).square()),
        shaped("argmin", [2, 3], |x| x.argmin(0).to_real() * x.sum_over(0).square()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn the_first_of_several_is_answered() {
        let g = Graph::new();
        let x = g.constant(array![[1.0, 3.0, 3.0], [0.0, 0.0, -1.0]]);
        assert_eq!(x.argmax(1).eval().unwrap(), array![1.0, 0.0].into_dyn());
        assert_eq!(x.argmin(-1).eval().unwrap(), array![0.0, 2.0].into_dyn());
        assert_eq!(x.argmax(0).eval().unwrap(), array![0.0, 0.0, 0.0].into_dyn());
    }
}

//! Choosing between two values.

mod finite;

use smallvec::smallvec;

use super::registry::{Example, binary, unary};
use super::zip::Operand;
use crate::Lowering;
use crate::elementwise::{Element, each, each_of_two};
use crate::error::{exactly, expect_broadcast, expect_kind};
use crate::{Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Type, Var};

/// a where the condition holds, else b. Cotangents: v for the chosen one, and exactly 0 for the
/// other, whatever its value or derivative.
///
/// Recorded by [`Var::select`](crate::Var::select).
#[derive(Clone, Debug, PartialEq)]
pub struct Select;

impl Operation for Select {
    fn name(&self) -> &'static str {
        "select"
    }

    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [condition, a, b] = exactly(inputs)?;
        expect_kind("the condition", condition.kind, Kind::Boolean)?;
        expect_kind("the second value", b.kind, a.kind)?;
        let shape = expect_broadcast(&expect_broadcast(&condition.shape, &a.shape)?, &b.shape)?;
        Ok(Type { kind: a.kind, shape })
    }

    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (condition, a, b) = (inputs[0], inputs[1], inputs[2]);
        smallvec![
            None,
            Some(condition.select(v, 0.0).sum_to(a.shape())),
            Some(condition.select(0.0, v).sum_to(b.shape())),
        ]
    }

    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let condition = args.real(0);
        match out {
            Out::Real(out) => choose(out, &condition, &args.real(1), &args.real(2)),
            Out::Index(out) => choose(out, &condition, &args.index(1), &args.index(2)),
        }
        Ok(())
    }

    fn lower(&self) -> Lowering {
        Lowering::Select
    }

    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply_aligned(self.clone()))
    }
}

fn choose<T: Scalar, E: Element>(
    out: &mut ndarray::ArrayViewMutD<'_, E>,
    condition: &ndarray::ArrayViewD<'_, T>,
    a: &ndarray::ArrayViewD<'_, E>,
    b: &ndarray::ArrayViewD<'_, E>,
) {
    each(out, a, &|ys, a| ys.copy_from_slice(a));
    each_of_two(out, condition, b, &|ys, condition, b| {
        for ((y, &condition), &b) in ys.iter_mut().zip(condition).zip(b) {
            *y = if condition == T::zero() { b } else { *y };
        }
    });
}

impl<'g> Var<'g> {
    /// `a` where this truth value holds, else `b`, elementwise (numpy's `where`).
    ///
    /// The cotangent of the branch not taken is exactly 0, even if its value or derivative is
    /// infinite or NaN.
    ///
    /// ```
    /// use cotangent::Graph;
    /// let g = Graph::new();
    /// let x = g.constant(cotangent::ndarray::array![0.0, 4.0]);
    /// let y = x.gt(0.0).select(x.ln(), 0.0).sum();
    /// assert_eq!(y.grad(x).eval()?, cotangent::ndarray::array![0.0, 0.25].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// Shapes broadcast.
    ///
    /// # Panics
    /// If this is not a truth value, `a` and `b` are of different kinds, or the shapes do not
    /// broadcast.
    #[track_caller]
    pub fn select(self, a: impl Operand<'g>, b: impl Operand<'g>) -> Var<'g> {
        let graph = self.graph();
        select(self, a.into_var(graph), b.into_var(graph))
    }
}

impl<'g> Var<'g> {
    /// This array with a number where a truth value holds (PyTorch's `masked_fill`). The cotangent there is 0.
    ///
    /// The shapes broadcast.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, -2.0]);
    /// assert_eq!(x.masked_fill(x.lt(0.0), 0.5).eval()?, array![1.0, 0.5].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this array is not real, `mask` is no truth value, or the shapes do not broadcast.
    #[track_caller]
    pub fn masked_fill(self, mask: Var<'g>, value: f64) -> Var<'g> {
        select(mask, self.graph().full([], value), self)
    }
}

/// Not generic, and so compiled here.
#[track_caller]
fn select<'g>(truth: Var<'g>, a: Var<'g>, b: Var<'g>) -> Var<'g> {
    truth.graph().apply(Select, &[truth, a, b])
}

pub(super) fn examples() -> Vec<Example> {
    let (low, high) = (-2.0..-0.5, -0.4..2.0);
    let chosen = binary("select", low, high, |a, b| {
        (a + b).gt(-0.7).select(a.square() * b, a * b.square()) + a.lt(b).select(a, b)
    });
    let filled = unary("select", 0.5..2.0, |x| x.square().masked_fill(x.lt(0.0), 0.5));
    [vec![chosen, filled], finite::examples()].concat()
}

#[cfg(test)]
mod tests {
    use crate::{Graph, Var};
    use ndarray::array;

    #[test]
    fn the_branch_not_taken_has_gradient_exactly_zero() {
        let functions: [for<'g> fn(Var<'g>) -> Var<'g>; 7] = [
            |x| x.ln(),
            |x| x.sqrt(),
            |x| x.recip(),
            |x| x.powf(-1.5),
            |x| 1.0 / x.square(),
            |x| x * x.ln(),
            |x| x.ln().square(),
        ];
        for function in functions {
            let g = Graph::new();
            let x = g.constant(array![-1.0, 0.0, 4.0]);
            let y = x.gt(0.0).select(function(x), 0.0).sum();
            let first = y.grad(x);
            let second = first.sum().grad(x);
            for gradient in [first, second] {
                let gradient = gradient.eval().unwrap();
                assert_eq!((gradient[0], gradient[1]), (0.0, 0.0));
                assert!(gradient[2].is_finite() && gradient[2] != 0.0);
            }
        }
    }
}

//! Truth values and indices as numbers, and the negation of a truth value.

use smallvec::smallvec;

use super::registry::{Example, binary};
use crate::Lowering;
use crate::elementwise::each;
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Type, Var};

/// A truth value or an index as a real number: 0 for false, 1 for true. No derivative.
///
/// Recorded by [`Var::to_real`](crate::Var::to_real).
#[derive(Clone, Debug, PartialEq)]
pub struct ToReal;

impl Operation for ToReal {
    fn name(&self) -> &'static str {
        "to_real"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        Ok(Type::real(&x.shape))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        match inputs[0].kind() {
            Kind::Real => smallvec![Some(v)],
            Kind::Index | Kind::Boolean => crate::no_derivative(),
        }
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        match args.view(0) {
            crate::View::Real(x) => out.real().assign(x),
            crate::View::Index(x) => {
                each(out.real(), x, &|ys, xs| {
                    ys.iter_mut().zip(xs).for_each(|(y, &index)| *y = T::from_f64(index as f64));
                });
            }
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Reinterpret
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

/// Whether it is false, elementwise.
impl<'g> std::ops::Not for Var<'g> {
    type Output = Var<'g>;
    #[track_caller]
    fn not(self) -> Var<'g> {
        self.to_real().eq(0.0)
    }
}

impl<'g> Var<'g> {
    /// The truth value or index as a real number, elementwise: 0 for false, 1 for true.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![-1.0, 5.0]);
    /// assert_eq!(x.gt(0.0).to_real().eval()?, array![0.0, 1.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    #[track_caller]
    pub fn to_real(self) -> Var<'g> {
        self.graph().apply(ToReal, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let (low, high) = (-2.0..-0.5, -0.4..2.0);
    vec![binary("to_real", low, high, |a, b| (!a.lt(b)).to_real() * a + a.lt(b).to_real() * b * a)]
}

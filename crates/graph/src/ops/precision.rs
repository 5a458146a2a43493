//! What a graph may know of the precision in which it runs.

use super::registry::{Example, Sample};
use crate::error::exactly;
use crate::{Args, Cotangents, Graph, Operation, Out, RunResult, Scalar, Type, Var};

/// The distance from 1 to the next larger number of the precision, a scalar. No derivative.
///
/// Recorded by [`Graph::machine_epsilon`](crate::Graph::machine_epsilon).
#[derive(Clone, Debug, PartialEq)]
pub struct MachineEpsilon;

impl Operation for MachineEpsilon {
    fn name(&self) -> &'static str {
        "machine_epsilon"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [] = exactly(inputs)?;
        Ok(Type::real([]))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, _: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        out.real().fill(T::MACHINE_EPSILON);
        Ok(())
    }
    // Lowered to no constant: folding computes those in double precision, whatever the program's.
}

impl Graph {
    /// The distance from 1 to the next larger number of the precision in which the graph runs, a scalar: 2⁻²³ in single and
    /// 2⁻⁵² in double precision (PyTorch's `torch.finfo(x.dtype).eps`).
    ///
    /// It is the one value of a graph that depends on the precision, for an ε below which nothing can be told apart:
    ///
    /// ```
    /// use cotangent::Graph;
    /// let g = Graph::new();
    /// assert_eq!(g.machine_epsilon().eval()?[[]], f64::EPSILON);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    #[track_caller]
    pub fn machine_epsilon(&self) -> Var<'_> {
        self.apply(MachineEpsilon, &[])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![Example::new("machine_epsilon", [Sample::real([2, 3], -2.0..2.0)], |g, x| {
        x[0].square() + g.machine_epsilon()
    })]
}

#[cfg(test)]
mod tests {
    use crate::{Evaluator, Graph, Params};

    #[test]
    fn it_is_that_of_the_precision_of_the_run() {
        let g = Graph::new();
        let epsilon = g.machine_epsilon();
        let single = Evaluator::new(&g).params(&Params::<f32>::with_seed(0)).run(&[epsilon]);
        assert_eq!(single.unwrap().remove(0).into_real()[[]], f32::EPSILON);
        let double = Evaluator::new(&g).params(&Params::<f64>::with_seed(0)).run(&[epsilon]);
        assert_eq!(double.unwrap().remove(0).into_real()[[]], f64::EPSILON);
    }
}

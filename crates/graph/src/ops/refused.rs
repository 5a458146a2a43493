//! A value that does not exist, because of an extent that comes from data.

use crate::error::list;
use crate::short::Short;
use crate::{Args, Batch, Cotangents, Fault, Graph, Operation, Out, RunResult, Scalar, Type, Var};

/// A value of this type that no run can compute, as its inputs break a rule. Cotangents: as little
/// to be computed.
///
/// Recorded by [`Graph::refused`](crate::Graph::refused).
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// What was asked for: an operation, or a layer with its path.
    pub operation: String,
    /// The rule that was broken, with the values that broke it.
    pub rule: String,
    /// The types of what it was asked of.
    pub inputs: String,
    /// The type that the value would have.
    pub ty: Type,
}

impl Operation for Refused {
    fn name(&self) -> &'static str {
        "refused"
    }
    fn infer(&self, _: &[Type]) -> Result<Type, String> {
        Ok(self.ty.clone())
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let of = |x: &Var<'g>| v.graph().apply(Refused { ty: x.ty(), ..self.clone() }, &[v]);
        inputs.iter().map(|x| x.is_real().then(|| of(x))).short()
    }
    fn eval<T: Scalar>(&self, _: &Args<'_, T>, _: &mut Out<'_, T>) -> RunResult {
        let Self { operation, rule, inputs, ty: _ } = self.clone();
        Err(Fault::Refused { operation, rule, inputs })
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let Type { kind, shape } = &self.ty;
        let ty = Type { kind: *kind, shape: shape.inserted(0, batch.samples()) };
        Some(batch.apply(Self { ty, ..self.clone() }))
    }
}

impl Graph {
    /// A value of type `ty` that does not exist, as the inputs break a rule of the operation.
    /// Recording goes on with its type; a run that needs it, or a gradient through it, is a
    /// [`RunError::Refused`](crate::RunError::Refused) with the rule and the line that asked for it.
    ///
    /// It is for rules about extents that come from data, such as the size of a batch: where a
    /// compiled step records, they are an error of the step and not a panic. A shape that can never fit is
    /// a mistake in the program, for which [`apply`](Graph::apply) panics.
    ///
    /// ```
    /// use cotangent::{Graph, Type, Var};
    ///
    /// /// The difference of the first two rows.
    /// fn slope(x: Var<'_>) -> Var<'_> {
    ///     let rows = x.shape()[0];
    ///     if rows < 2 {
    ///         let rule = format!("a slope takes 2 rows, and there are {rows}");
    ///         return x.graph().refused("slope", rule, Type::real([x.shape()[1]]), &[x]);
    ///     }
    ///     x.slice_axis(0, 1..2).sum_over(0) - x.slice_axis(0, 0..1).sum_over(0)
    /// }
    ///
    /// let g = Graph::new();
    /// let error = slope(g.full([1, 3], 0.5)).sum().eval().unwrap_err();
    /// assert!(error.to_string().starts_with("slope: a slope takes 2 rows, and there are 1"));
    /// ```
    #[track_caller]
    pub fn refused<'g>(
        &'g self,
        operation: &str,
        rule: impl Into<String>,
        ty: Type,
        inputs: &[Var<'g>],
    ) -> Var<'g> {
        self.apply_refused(operation, rule.into(), ty, inputs)
    }

    #[track_caller]
    fn apply_refused<'g>(
        &'g self,
        operation: &str,
        rule: String,
        ty: Type,
        inputs: &[Var<'g>],
    ) -> Var<'g> {
        let types: Vec<Type> = inputs.iter().map(|input| input.ty()).collect();
        let operation = operation.to_owned();
        self.apply(Refused { operation, rule, inputs: list(&types), ty }, inputs)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Evaluator, Graph, RunError, Type, Var};
    use ndarray::{Array2, array};

    fn no_reciprocals(x: Var<'_>) -> Var<'_> {
        x.graph().refused("reciprocals", "the batch must not be empty", x.ty(), &[x])
    }

    #[test]
    fn its_rule_its_inputs_and_its_line_are_told() {
        let g = Graph::new();
        let x = g.full([1, 2], 0.5);
        let line = line!() + 1;
        let y = g.refused("pairs", "takes 2 rows, and there are 1", x.ty(), &[x]);
        let error = y.sum().eval().unwrap_err();
        let RunError::Refused(refused) = &error else { panic!("{error}") };
        assert_eq!((refused.location.file(), refused.location.line()), (file!(), line));
        let told = "pairs: takes 2 rows, and there are 1\n  inputs: [1, 2]\n  at ";
        assert!(error.to_string().starts_with(told), "{error}");
    }

    #[test]
    fn gradients_through_it_to_any_order_are_refused() {
        let g = Graph::new();
        let x = g.constant(array![1.0, 2.0]);
        let dx = no_reciprocals(x.square()).sum().grad(x);
        for var in [dx, (dx * x).sum().grad(x)] {
            assert!(matches!(var.eval(), Err(RunError::Refused(_))), "{:?}", var.eval());
        }
    }

    #[test]
    fn what_does_not_need_it_runs() {
        let g = Graph::new();
        let x = g.constant(array![1.0, 2.0]);
        no_reciprocals(x);
        assert_eq!((2.0 * x).eval().unwrap(), array![2.0, 4.0].into_dyn());
    }

    #[test]
    fn reductions_of_too_few_numbers_are_errors_of_the_run() {
        let g = Graph::new();
        let x = g.input("x", [0, 3]);
        let reductions = [
            (x.mean(), Type::real([]), "mean: the mean of no numbers does not exist"),
            (x.mean_over(0), Type::real([3]), "mean: the mean of no numbers does not exist"),
            (x.max_over(0), Type::real([3]), "max: the extremum of no numbers does not exist"),
            (x.argmax(0), Type::index([3]), "argmax: the extremum of no numbers has no position"),
            (x.variance_over(0, 1), Type::real([3]), "variance: with ddof 1 it takes more than 1"),
        ];
        let bound = Evaluator::<f64>::new(&g).bind(x, Array2::<f64>::zeros((0, 3)));
        for (reduced, ty, rule) in reductions {
            assert_eq!(reduced.ty(), ty);
            let told = bound.run(&[reduced]).unwrap_err().to_string();
            assert!(told.starts_with(rule) && told.contains("inputs: [0, 3]"), "{told}");
        }
    }
}

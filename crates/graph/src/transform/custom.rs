//! A reverse rule of the user's own around any subgraph.

use std::fmt;
use std::sync::Arc;

use super::{Sampled, cotangents};
use crate::ops::{Example, Sample};
use crate::short::Short;
use crate::{Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Type, Var, misfit};

/// The rule: the inputs it gives cotangents to, the output, and the output's cotangent.
type Rule = dyn for<'g> Fn(&[Var<'g>], Var<'g>, Var<'g>) -> Cotangents<'g> + Send + Sync;

/// The value of its first input, under a rule that gives cotangents to the others.
///
/// The first input gets none: what computed it is not differentiated. The compiler sees through it.
#[derive(Clone)]
pub(crate) struct CustomVjp {
    name: &'static str,
    rule: Arc<Rule>,
}

impl CustomVjp {
    pub fn new(
        name: &'static str,
        rule: impl for<'g> Fn(&[Var<'g>], Var<'g>, Var<'g>) -> Cotangents<'g> + Send + Sync + 'static,
    ) -> Self {
        Self { name, rule: Arc::new(rule) }
    }

    /// Puts `output`, computed from `inputs`, under this rule.
    #[track_caller]
    pub fn around<'g>(self, output: Var<'g>, inputs: &[Var<'g>]) -> Var<'g> {
        let all: Vec<Var<'g>> = [output].iter().chain(inputs).copied().collect();
        output.graph().apply(self, &all)
    }
}

impl fmt::Debug for CustomVjp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for CustomVjp {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rule, &other.rule)
    }
}

impl Operation for CustomVjp {
    fn name(&self) -> &'static str {
        self.name
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let output = inputs.first().ok_or("takes the output it stands for")?;
        crate::error::expect_kind("the output", output.kind, Kind::Real)?;
        Ok(output.clone())
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let cotangents = (self.rule)(&inputs[1..], output, v);
        assert!(
            cotangents.len() == inputs.len() - 1,
            "the rule of {} answered {} cotangents for {} inputs: it answers one for each, in their order\n  at {}",
            self.name,
            cotangents.len(),
            inputs.len() - 1,
            output.location(),
        );
        [None].into_iter().chain(cotangents).short()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        out.real().assign(&args.real(0));
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        Some(inputs[0])
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let (samples, rule) = (batch.samples(), Arc::clone(&self.rule));
        let sampled: Vec<bool> = (1..batch.count()).map(|i| batch.is_sampled(i)).collect();
        let each = Self::new(self.name, move |inputs, output, v| {
            let given = inputs.iter().zip(&sampled).map(|(&var, &each)| Sampled { var, each });
            let given: Vec<Sampled<'_>> = given.collect();
            cotangents(samples, &given, output, v, |inputs, output, v| rule(inputs, output, v))
        });
        let inputs: Vec<Var<'g>> = (1..batch.count()).map(|i| batch.given(i)).collect();
        Some(each.around(batch.each(0), &inputs))
    }
}

impl<'g> Var<'g> {
    /// The same value under a reverse rule of one's own: given `inputs`, the output and the output's
    /// cotangent v, `rule` records the cotangent of each input, in its shape.
    ///
    /// Whatever computed this value is not differentiated itself: cotangents reach `inputs`, and
    /// nothing else. The rule is written with graph operations, so that it is differentiated again
    /// for higher orders. The checker (the crate `check`) tells whether it is
    /// right.
    ///
    /// ```
    /// use cotangent::Graph;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(800.0);
    /// // ln(1 + eˣ) overflows at 800, but its derivative σ(x) need not.
    /// let y = x.exp().log1p().with_vjp(&[x], |inputs, _, v| vec![v * inputs[0].sigmoid()]);
    /// assert_eq!(y.grad(x).eval()?[[]], 1.0);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this value or an input is not real. When differentiated: if the rule answers another
    /// number of cotangents than there are inputs, or a cotangent of another shape.
    #[track_caller]
    pub fn with_vjp(
        self,
        inputs: &[Var<'g>],
        rule: impl for<'v> Fn(&[Var<'v>], Var<'v>, Var<'v>) -> Vec<Var<'v>> + Send + Sync + 'static,
    ) -> Var<'g> {
        if inputs.iter().any(|input| !input.is_real()) {
            misfit("with_vjp", "an input must be real to have a cotangent", inputs);
        }
        let custom = CustomVjp::new("custom_vjp", move |inputs, output, v| {
            rule(inputs, output, v).into_iter().map(Some).short()
        });
        custom.around(self, inputs)
    }
}

pub(super) fn examples() -> Vec<Example> {
    let samples = [Sample::real([2, 3], -2.0..2.0), Sample::real([3], -2.0..2.0)];
    vec![Example::new("custom_vjp", samples, |_, x| {
        let product = (x[0] * x[1]).sum_over(0).with_vjp(&[x[0], x[1]], |x, _, v| {
            vec![(v * x[1]).broadcast_to(x[0].shape()), v * x[0].sum_over(0)]
        });
        product.square()
    })]
}

#[cfg(test)]
mod tests {
    use crate::{Gradient, GradientError, Graph};

    #[test]
    fn the_rule_stands_for_the_subgraph_at_every_order() {
        let g = Graph::new();
        let x = g.constant(0.5);
        // A rule that is wrong on purpose: the derivative of the square is taken as x².
        let y = x.square().with_vjp(&[x], |x, output, v| vec![v * output + 0.0 * x[0]]);
        assert_eq!(y.eval().unwrap()[[]], 0.25);
        assert_eq!(y.grad(x).eval().unwrap()[[]], 0.25);
        // (x²)′ under the rule again.
        assert_eq!(y.grad(x).grad(x).eval().unwrap()[[]], 0.25);
    }

    #[test]
    fn what_is_not_an_input_of_the_rule_gets_no_cotangent() {
        let g = Graph::new();
        let (x, w) = (g.constant(2.0), g.constant(3.0));
        let y = (x * w).with_vjp(&[x], |_, _, v| vec![v]);
        assert_eq!(y.grad(x).eval().unwrap()[[]], 1.0);
        let error = Gradient::of(y).with_respect_to(&[w]).unwrap_err();
        assert!(matches!(error, GradientError::NoPath { .. }));
    }

    #[test]
    #[should_panic(expected = "the rule of custom_vjp answered 2 cotangents for 1 inputs")]
    fn a_rule_answers_one_cotangent_for_each_input() {
        let g = Graph::new();
        let x = g.constant(2.0);
        x.square().with_vjp(&[x], |_, _, v| vec![v, v]).grad(x);
    }
}

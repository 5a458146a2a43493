//! Update rules in a graph of one's own: descents that can be differentiated.

use graph::{Graph, Var};

use super::at::Numbers;
use super::{At, Moment, Rule, Updated};
use crate::{Optim, Precision};

/// The steps of an update rule, recorded one after the other into a graph: what is computed from the weights after them can be
/// differentiated with respect to where they began, or to the learning rate.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::optim::Sgd;
///
/// // After two steps on ½w², w is (1 − α)²·w₀.
/// let g = Graph::new();
/// let (start, rate) = (g.constant(3.0), g.constant(0.1));
/// let mut descent = Sgd::<f64>::new(0.1).unrolled(&g, &[start]).learning_rate(rate);
/// for _ in 0..2 {
///     let [w] = descent.weights()[..] else { unreachable!() };
///     descent.step(&[(w * w / 2.0).grad(w)]);
/// }
/// let w = descent.weights()[0];
/// assert!((w.grad(start).eval()?[[]] - 0.81).abs() < 1e-12);
/// assert!((w.grad(rate).eval()?[[]] + 2.0 * 0.9 * 3.0).abs() < 1e-12);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Debug)]
pub struct Unrolled<'g, R> {
    rule: R,
    learning_rate: Option<Var<'g>>,
    weights: Vec<Var<'g>>,
    /// For each variable, its slots and the numbers that the rule remembers.
    state: Vec<(Vec<Var<'g>>, Vec<f64>)>,
    steps: u64,
    machine_epsilon: f64,
}

impl<R: Rule, T: Precision> Optim<R, T> {
    /// Steps of the rule in a graph, from variables that are there. They are those of the hyperparameters as given, without
    /// schedules, and with weight decay for all.
    ///
    /// # Panics
    /// If the rule has no formula for the shape of a variable.
    #[track_caller]
    pub fn unrolled<'g>(&self, graph: &'g Graph, weights: &[Var<'g>]) -> Unrolled<'g, R> {
        let rule = *self.rule();
        for weights in weights {
            if let Err(requirement) = rule.accepts(&weights.shape()) {
                panic!("{} of a variable of shape {}: {requirement}", R::NAME, weights.shape());
            }
        }
        let numbers: Vec<f64> = rule.numbers().iter().map(|number| number.1).collect();
        let state = |&weights: &Var<'g>| {
            let slots = rule.slots().into_iter().map(|slot| slot.recorded(graph, weights));
            (slots.collect(), numbers.clone())
        };
        Unrolled {
            rule,
            learning_rate: None,
            weights: weights.to_vec(),
            state: weights.iter().map(state).collect(),
            steps: 0,
            machine_epsilon: T::MACHINE_EPSILON.to_f64(),
        }
    }
}

impl<'g, R: Rule> Unrolled<'g, R> {
    /// Takes a variable for the learning rate, a scalar.
    pub fn learning_rate(self, rate: Var<'g>) -> Self {
        Self { learning_rate: Some(rate), ..self }
    }

    /// The variables after the steps so far.
    pub fn weights(&self) -> &[Var<'g>] {
        &self.weights
    }

    /// Records a step by the gradients of the [weights](Self::weights), and answers the new ones.
    ///
    /// # Panics
    /// If there is not a gradient for each, of its shape.
    #[track_caller]
    pub fn step(&mut self, gradients: &[Var<'g>]) -> &[Var<'g>] {
        assert_eq!(gradients.len(), self.weights.len(), "one gradient for each variable");
        self.steps += 1;
        let of_each = self.weights.iter_mut().zip(gradients).zip(&mut self.state);
        for ((weights, &gradient), (state, numbers)) in of_each {
            assert_eq!(
                weights.shape(),
                gradient.shape(),
                "a gradient has the shape of its variable"
            );
            self.rule.advance(self.steps, numbers);
            let moment =
                Moment { step: self.steps, numbers, machine_epsilon: self.machine_epsilon };
            let (rule, learning_rate) = (&self.rule, self.learning_rate);
            let numbers = Numbers::Fixed { rule, moment, learning_rate };
            let updated = rule.update(&At { weights: *weights, gradient, state, numbers });
            let Updated { weights: new, state: slots } = updated;
            (*weights, *state) = (new, slots);
        }
        &self.weights
    }
}

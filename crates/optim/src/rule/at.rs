//! What a rule has at hand when it records an update.

use std::cell::RefCell;

use graph::{Graph, Var};

use super::Rule;
use crate::work::LEARNING_RATE;

/// What the numbers of a step are computed from, beside the hyperparameters.
///
/// It stands among the arguments of [`At::number`], in the example of [`Rule`].
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The number of the step, t = 1, 2, …, for this parameter: steps in which it was frozen, or had
    /// no gradient, do not count.
    pub step: u64,
    /// The rule's numbers, as [`advance`](Rule::advance) left them.
    pub numbers: &'a [f64],
    /// The distance from 1 to the next number in the precision of the weights.
    pub machine_epsilon: f64,
}

impl Moment<'_> {
    /// 1 − βᵗ: the weight that a running average of decay β, started at 0, has gathered.
    pub fn gathered(&self, beta: f64) -> f64 {
        1.0 - beta.powf(self.step as f64)
    }
}

/// How a number of a rule comes about.
pub type Formula<R> = Box<dyn Fn(&R, &Moment<'_>) -> f64 + Send + Sync>;

/// What a rule has at hand when it [records](Rule::update) an update: weights, their gradient, the slots, and numbers.
///
/// It stands in the example of [`Rule`].
pub struct At<'g, 'r, R> {
    pub(super) weights: Var<'g>,
    pub(super) gradient: Var<'g>,
    pub(super) state: &'r [Var<'g>],
    pub(super) numbers: Numbers<'g, 'r, R>,
}

/// Where numbers come from.
pub(super) enum Numbers<'g, 'r, R> {
    /// They are inputs, which are given at each step.
    Fed(RefCell<Vec<(Var<'g>, Formula<R>)>>),
    /// They are those of one step, with the learning rate as a variable.
    Fixed { rule: &'r R, moment: Moment<'r>, learning_rate: Option<Var<'g>> },
}

impl<'g, R: Rule> At<'g, '_, R> {
    /// The weights, their gradient, and the slots in the order of their declaration.
    ///
    /// # Panics
    /// If there are more slots, or fewer.
    pub fn arguments<const N: usize>(&self) -> (Var<'g>, Var<'g>, [Var<'g>; N]) {
        let state = self.state.try_into();
        let state = state.unwrap_or_else(|_| {
            panic!("{} has {} slots, and asks for {N}", R::NAME, self.state.len())
        });
        (self.weights, self.gradient, state)
    }

    /// A number that is computed at each step, from the rule as it then is.
    pub fn number(
        &self,
        formula: impl Fn(&R, &Moment<'_>) -> f64 + Send + Sync + 'static,
    ) -> Var<'g> {
        match &self.numbers {
            Numbers::Fed(fed) => {
                let number = self.graph().input("number", []);
                fed.borrow_mut().push((number, Box::new(formula)));
                number
            }
            Numbers::Fixed { rule, moment, .. } => self.graph().full([], formula(rule, moment)),
        }
    }

    /// The learning rate times a factor, such as 1/(1 − βᵗ). By this every step depends on the rate: so it can be
    /// [learnt](crate::Unrolled::learning_rate).
    pub fn rate(&self, factor: impl Fn(&R, &Moment<'_>) -> f64 + Send + Sync + 'static) -> Var<'g> {
        match &self.numbers {
            Numbers::Fixed { learning_rate: Some(rate), .. } => *rate * self.number(factor),
            _ => self.number(move |rule, moment| learning_rate(rule) * factor(rule, moment)),
        }
    }

    /// 1 less the learning rate times a strength: what decoupled decay multiplies weights by.
    pub fn shrink(
        &self,
        strength: impl Fn(&R, &Moment<'_>) -> f64 + Send + Sync + 'static,
    ) -> Var<'g> {
        match &self.numbers {
            Numbers::Fixed { learning_rate: Some(rate), .. } => 1.0 - *rate * self.number(strength),
            _ => self.number(move |rule, at| 1.0 - learning_rate(rule) * strength(rule, at)),
        }
    }

    fn graph(&self) -> &'g Graph {
        self.weights.graph()
    }
}

/// The learning rate of a rule, by the name that all rules have it by.
fn learning_rate<R: Rule>(rule: &R) -> f64 {
    let (mut rule, mut rate) = (*rule, 0.0);
    rule.hyperparameters(&mut |name, _, value| {
        if name == LEARNING_RATE {
            rate = *value;
        }
    });
    rate
}

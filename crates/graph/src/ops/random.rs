//! Random arrays, drawn anew at every run from the run's seed.

use super::registry::Example;
use crate::error::{exactly, expect_kind};
use crate::random::Seed;
use crate::{
    Args, Batch, Cotangents, Graph, Kind, Lowering, Operation, Out, RunResult, Scalar, Shape, Type,
    Var, misfit,
};

/// What a random array's elements are drawn from.
///
/// Recorded by [`Graph::uniform`](crate::Graph::uniform) and its like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Uniform on [low, high).
    Uniform {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// Normal.
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        std: f64,
    },
    /// 1 with this probability, else 0.
    Bernoulli {
        /// The probability of 1.
        probability: f64,
    },
}

/// The numbers of draws, 0, 1, 2, … in row-major order: of one draw, without axes. In [`Graph::vmap`](crate::Graph::vmap) and in
/// loops each sample and each step gets its own, and therefore other random numbers.
///
/// Recorded by [`Graph::uniform`](crate::Graph::uniform) and its like, for a [`Random`] to draw by.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// The shape of the array.
    pub shape: Shape,
}

/// Independent random numbers of some draws: number p of draw d, of stream s, is a pure function of (seed, run, s,
/// d·size + p). From the numbers of draws, of any shape R, an array of shape `[R.., shape..]`. No derivative.
///
/// So that a draw can be made wherever its number is known, and again: a loop that is computed again keeps the numbers of its
/// draws, and not what was drawn.
///
/// Recorded by [`Graph::uniform`](crate::Graph::uniform) and its like.
#[derive(Clone, Debug, PartialEq)]
pub struct Random {
    /// What the elements are drawn from.
    pub distribution: Distribution,
    /// The stream: two nodes with one stream draw the same numbers.
    pub stream: u64,
    /// The shape of one draw.
    pub shape: Shape,
}

impl Distribution {
    fn draw(self, seed: Seed, stream: u64, position: u64) -> f64 {
        match self {
            Distribution::Uniform { low, high } => {
                low + (high - low) * seed.uniform(stream, position)
            }
            Distribution::Normal { mean, std } => mean + std * seed.normal(stream, position),
            Distribution::Bernoulli { probability } => {
                f64::from(u8::from(seed.uniform(stream, position) < probability))
            }
        }
    }
}

impl Operation for Draws {
    fn name(&self) -> &'static str {
        "draws"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [] = exactly(inputs)?;
        Ok(Type::index(&self.shape))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, _: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        out.index().iter_mut().zip(0..).for_each(|(to, number)| *to = number);
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Constant
    }
}

impl Operation for Random {
    fn name(&self) -> &'static str {
        match self.distribution {
            Distribution::Uniform { .. } => "uniform",
            Distribution::Normal { .. } => "normal",
            Distribution::Bernoulli { .. } => "bernoulli",
        }
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [draws] = exactly(inputs)?;
        expect_kind("the number of a draw", draws.kind, Kind::Index)?;
        Ok(Type::real(draws.shape.iter().chain(&self.shape[..]).copied().collect::<Shape>()))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (seed, draws, size) = (args.seed(), args.index(0), self.shape.size() as u64);
        let positions = draws.iter().flat_map(|&draw| {
            let first = (draw as u64).wrapping_mul(size);
            (0..size).map(move |i| first.wrapping_add(i))
        });
        for (y, position) in out.real().iter_mut().zip(positions) {
            *y = T::from_f64(self.distribution.draw(seed, self.stream, position));
        }
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl Graph {
    #[track_caller]
    fn random(&self, distribution: Distribution, shape: Shape) -> Var<'_> {
        let stream = self.new_stream();
        let one = self.apply(Draws { shape: Shape::scalar() }, &[]);
        self.apply(Random { distribution, stream, shape }, &[one])
    }

    /// Independent numbers uniform on [`low`, `high`), drawn anew at every run.
    ///
    /// ```
    /// use cotangent::{Evaluator, Graph, Seed};
    /// let g = Graph::new();
    /// let x = g.uniform([3], 1.0, 2.0);
    /// assert!(x.eval()?.iter().all(|u| (1.0..2.0).contains(u)));
    /// let draw = |run| Evaluator::<f64>::new(&g).seed(Seed { seed: 7, run }).run(&[x]);
    /// assert_eq!(draw(0)?, draw(0)?);
    /// assert_ne!(draw(0)?, draw(1)?);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// Unless `low` < `high`, both finite.
    #[track_caller]
    pub fn uniform(&self, shape: impl Into<Shape>, low: f64, high: f64) -> Var<'_> {
        if !(low < high && (high - low).is_finite()) {
            let rule = format!("the bounds must be finite and in order, and are {low} and {high}");
            misfit("uniform", rule, &[]);
        }
        self.random(Distribution::Uniform { low, high }, shape.into())
    }

    /// Independent normal numbers, drawn anew at every run.
    ///
    /// # Panics
    /// Unless `std` ≥ 0, and both are finite.
    #[track_caller]
    pub fn normal(&self, shape: impl Into<Shape>, mean: f64, std: f64) -> Var<'_> {
        if !(std >= 0.0 && std.is_finite() && mean.is_finite()) {
            let rule = format!("the deviation must be at least 0, and is {std} (mean {mean})");
            misfit("normal", rule, &[]);
        }
        self.random(Distribution::Normal { mean, std }, shape.into())
    }

    /// Independent numbers that are 1 with this probability, else 0, drawn anew at every run.
    ///
    /// # Panics
    /// Unless the probability is in [0, 1].
    #[track_caller]
    pub fn bernoulli(&self, shape: impl Into<Shape>, probability: f64) -> Var<'_> {
        if !(0.0..=1.0).contains(&probability) {
            let rule = format!("a probability is in [0, 1], and this is {probability}");
            misfit("bernoulli", rule, &[]);
        }
        self.random(Distribution::Bernoulli { probability }, shape.into())
    }
}

pub(super) fn examples() -> Vec<Example> {
    use super::registry::shaped;
    vec![
        shaped("uniform", [2, 3], |x| x.square() * x.graph().uniform([2, 3], 0.5, 1.5)),
        shaped("normal", [2, 3], |x| x.square() * x.graph().normal([3], 0.0, 1.0)),
        shaped("bernoulli", [2, 3], |x| x.square() * x.graph().bernoulli([2, 3], 0.5)),
    ]
}

#[cfg(test)]
mod tests {
    use crate::random::Seed;
    use crate::{Evaluator, Graph};

    #[test]
    fn a_run_is_repeatable_and_runs_differ() {
        let g = Graph::new();
        let (a, b) = (g.uniform([4], -1.0, 1.0), g.uniform([4], -1.0, 1.0));
        let draw = |run| {
            let evaluator = Evaluator::<f64>::new(&g).seed(Seed { seed: 7, run });
            evaluator.run(&[a, b, a]).unwrap()
        };
        assert_eq!(draw(0), draw(0));
        assert_ne!(draw(0)[0], draw(1)[0]);
        assert_ne!(draw(0)[0], draw(0)[1], "two nodes draw from two streams");
        assert_eq!(draw(0)[0], draw(0)[2]);
    }

    #[test]
    fn bernoulli_is_zero_or_one_at_its_rate() {
        let g = Graph::new();
        let draws = g.bernoulli([10_000], 0.3).eval().unwrap();
        assert!(draws.iter().all(|&x| x == 0.0 || x == 1.0));
        assert!((draws.mean().unwrap() - 0.3).abs() < 0.02);
    }
}

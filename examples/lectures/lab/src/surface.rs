//! Functions of a few numbers, and the paths of optimizers on them.

use std::ops::Range;
use std::sync::Arc;

use cotangent::Step;
use cotangent::ndarray::{Array1, Array2, Ix2};
use cotangent::optim::OptimError;
use cotangent::prelude::{Function, Optimizer, Params, Var};

use crate::{Axis, Grid, Plot, Result};

/// The two coordinates of a point.
pub fn xy(w: Var<'_>) -> [Var<'_>; 2] {
    [w.slice_axis(0, 0..1).sum(), w.slice_axis(0, 1..2).sum()]
}

/// A scalar function of a vector, recorded once, with its derivatives by the graph.
pub struct Surface<'m> {
    record: Arc<dyn for<'g> Fn(Var<'g>) -> Var<'g> + Send + Sync + 'm>,
}

/// The points that an optimizer went through, with the value of the function at each.
#[derive(Clone, Debug)]
pub struct Path {
    /// The points; the first is the start.
    pub points: Vec<Array1<f64>>,
    /// The values there.
    pub values: Vec<f64>,
}

impl<'m> Surface<'m> {
    /// The function that `record` writes down.
    pub fn new(record: impl for<'g> Fn(Var<'g>) -> Var<'g> + Send + Sync + 'm) -> Self {
        Self { record: Arc::new(record) }
    }

    /// Walks with an optimizer: at each point the gradient comes from the graph and the step from
    /// the optimizer. Ends early where the value or the gradient is not finite.
    ///
    /// # Errors
    /// If the optimizer refuses its hyperparameters.
    pub fn descend(
        &self,
        start: &[f64],
        steps: usize,
        optimizer: &mut dyn Optimizer<f64>,
    ) -> Result<Path> {
        let mut walker = self.walker(start);
        let mut path = Path { points: Vec::new(), values: Vec::new() };
        for _ in 0..=steps {
            let value = walker.step.run(&mut walker.params, ())?;
            path.points.push(Array1::from(walker.params.trainable().to_vec()));
            path.values.push(value);
            if !value.is_finite() {
                break;
            }
            match optimizer.step(&mut walker.params, walker.step.gradients()) {
                Err(OptimError::NonFiniteGradient { .. }) => break,
                made => made?,
            }
        }
        Ok(path)
    }

    /// The ravine f(x, y) = ½(x² + κy²): shallow along x, steep along y.
    pub fn ravine(kappa: f64) -> Self {
        Self::new(move |w| {
            let [x, y] = xy(w);
            0.5 * (x.square() + kappa * y.square())
        })
    }

    /// What computes value and gradient at points of so many coordinates.
    pub fn probe(&self, coordinates: usize) -> Probe<'m> {
        Probe { walker: self.walker(&vec![0.0; coordinates]) }
    }

    /// A plot of the contour lines over a part of the plane, each axis with its label; `levels` gets
    /// the values on the grid, and says at which there are lines.
    ///
    /// # Errors
    /// If the function cannot be evaluated.
    pub fn map(
        &self,
        [name, caption]: [&str; 2],
        (x, across): (&str, Range<f64>),
        (y, along): (&str, Range<f64>),
        levels: impl FnOnce(&Grid) -> Vec<f64>,
    ) -> Result<Plot> {
        let grid = self.grid(across.clone(), along.clone(), 97)?;
        let axes = [Axis::new(x).range(across), Axis::new(y).range(along)];
        let [x, y] = axes;
        let mut plot = Plot::new(name, caption, x, y);
        plot.contours(&grid, levels(&grid));
        Ok(plot)
    }

    /// The value and the gradient at points.
    ///
    /// # Errors
    /// If the function cannot be evaluated.
    pub fn at(
        &self,
        points: impl IntoIterator<Item = Vec<f64>>,
    ) -> Result<Vec<(f64, Array1<f64>)>> {
        let mut points = points.into_iter().peekable();
        let Some(first) = points.peek() else { return Ok(Vec::new()) };
        let mut probe = self.probe(first.len());
        points.map(|point| probe.at(&point)).collect()
    }

    /// The matrix of second derivatives at a point.
    ///
    /// # Errors
    /// If the function cannot be evaluated.
    pub fn hessian(&self, at: &[f64]) -> Result<Array2<f64>> {
        let record = Arc::clone(&self.record);
        let mut hessian = Function::new(move |_, [w]| record(w).hessian(w));
        let value = hessian.run(&Params::<f64>::with_seed(0), (&Array1::from(at.to_vec()),))?;
        Ok(value.to_owned().into_dimensionality::<Ix2>()?)
    }

    /// The values on a grid of `n` by `n` points; the function must be of two numbers.
    ///
    /// # Errors
    /// If the function cannot be evaluated.
    pub fn grid(&self, x: Range<f64>, y: Range<f64>, n: usize) -> Result<Grid> {
        let mut grid = Grid::of(x, y, n, |_, _| 0.0);
        let values = self.at(grid.points().map(|(x, y)| vec![x, y]))?;
        grid.values = values.into_iter().map(|(value, _)| value).collect();
        Ok(grid)
    }

    fn walker(&self, start: &[f64]) -> Walker<'m> {
        let mut params = Params::with_seed(0);
        let point = params.root().parameter("w", Array1::from(start.to_vec()).into_dyn());
        let record = Arc::clone(&self.record);
        let step = Step::new(move |graph, []| record(graph.param(&point))).allow_non_finite();
        Walker { params, step }
    }
}

/// Computes value and gradient of a surface, point after point.
pub struct Probe<'m> {
    walker: Walker<'m>,
}

impl Probe<'_> {
    /// The value and the gradient at a point.
    ///
    /// # Errors
    /// If the function cannot be evaluated.
    pub fn at(&mut self, point: &[f64]) -> Result<(f64, Array1<f64>)> {
        let Walker { params, step } = &mut self.walker;
        params.trainable_mut().copy_from_slice(point);
        let value = step.run(params, ())?;
        Ok((value, step.gradients().values().to_vec().into()))
    }
}

impl std::fmt::Debug for Probe<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Probe")
    }
}

/// A point with what computes value and gradient there.
struct Walker<'m> {
    params: Params<f64>,
    step: Step<'m, f64, 0>,
}

impl std::fmt::Debug for Surface<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Surface")
    }
}

impl Path {
    /// The number of steps after which the value stays below a bound, if it does.
    pub fn steps_to(&self, bound: f64) -> Option<usize> {
        let above = self.values.iter().rposition(|&value| value.is_nan() || value >= bound);
        let first = above.map_or(0, |last| last + 1);
        (first < self.values.len()).then_some(first)
    }

    /// The points as pairs.
    pub fn pairs(&self) -> Vec<(f64, f64)> {
        self.points.iter().map(|point| (point[0], point[1])).collect()
    }

    /// The values against the number of steps.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        self.values.iter().enumerate().map(|(step, &value)| (step as f64, value)).collect()
    }

    /// The last point.
    pub fn end(&self) -> &Array1<f64> {
        self.points.last().expect("a path has a start")
    }

    /// The greatest difference of a coordinate from that of another path at the same step.
    pub fn distance(&self, other: &Path) -> f64 {
        let pairs = self.points.iter().zip(&other.points);
        pairs.flat_map(|(a, b)| (a - b).mapv(f64::abs)).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotangent::ndarray::array;
    use cotangent::optim::Sgd;

    #[test]
    fn a_descent_follows_the_gradient() -> Result {
        let bowl = Surface::new(|w| 0.5 * w.square().sum());
        let path = bowl.descend(&[1.0, -2.0], 2, &mut Sgd::new(0.5))?;
        assert_eq!(path.pairs(), [(1.0, -2.0), (0.5, -1.0), (0.25, -0.5)]);
        assert_eq!(path.values, [2.5, 0.625, 0.15625]);
        assert_eq!(path.steps_to(1.0), Some(1));
        assert_eq!(path.steps_to(0.1), None);
        assert_eq!(bowl.at([vec![3.0, 4.0]])?, [(12.5, array![3.0, 4.0])]);
        assert_eq!(bowl.hessian(&[1.0, 1.0])?, array![[1.0, 0.0], [0.0, 1.0]]);
        assert_eq!(bowl.grid(0.0..1.0, 0.0..1.0, 2)?.values, [0.0, 0.5, 0.5, 1.0]);
        Ok(())
    }

    #[test]
    fn a_diverging_descent_ends() -> Result {
        let bowl = Surface::new(|w| w.square().sum());
        let path = bowl.descend(&[1.0], 10_000, &mut Sgd::new(1e10))?;
        assert!(path.values.len() < 100 && path.steps_to(1.0).is_none());
        Ok(())
    }
}

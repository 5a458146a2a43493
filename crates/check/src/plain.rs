//! The check of derivatives that are no graph: plain functions of slices, with derivatives that
//! somebody wrote, in whatever way.

use std::convert::Infallible;

use ndarray::{Array1, ArrayD};

use crate::claim::{Claim, Manner};
use crate::draws::Draws;
use crate::point::{Rounded, Variable};
use crate::report::Report;

/// Checks a derivative written in Rust against differences of its function, at the point `x`: for
/// f: ℝⁿ → ℝ its gradient, for f: ℝⁿ → ℝᵐ its Jacobian, m rows of n numbers.
///
/// Bounds, verdicts and report are those of recorded functions. It makes no difference where the
/// derivative comes from: a formula, another library, generated code. See [`CheckFn`] for options.
///
/// ```
/// use cotangent::check::check_fn;
///
/// // Rosenbrock's function.
/// let f = |x: &[f64]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
/// let gradient = |x: &[f64]| {
///     let slope = 200.0 * (x[1] - x[0] * x[0]);
///     [-2.0 * (1.0 - x[0]) - 2.0 * x[0] * slope, slope]
/// };
/// check_fn(f, gradient, &[-1.2, 1.0]).assert_right();
///
/// // A sign is wrong.
/// let report = check_fn(f, |x| [2.0 * (1.0 - x[0]), gradient(x)[1]], &[-1.2, 1.0]);
/// assert_eq!((report.right(), report.wrong()), (1, 1));
/// println!("{report}");
/// ```
///
/// A function with several values has a Jacobian:
///
/// ```
/// use cotangent::check::check_fn;
///
/// // Polar coordinates.
/// let f = |p: &[f64]| vec![p[0] * p[1].cos(), p[0] * p[1].sin()];
/// let jacobian = |p: &[f64]| {
///     let (sin, cos) = p[1].sin_cos();
///     vec![vec![cos, -p[0] * sin], vec![sin, p[0] * cos]]
/// };
/// check_fn(f, jacobian, &[2.0, 0.7]).assert_right();
/// ```
///
/// The gradient is itself such a function, and the Hessian its Jacobian:
///
/// ```
/// use cotangent::check::check_fn;
///
/// // f(x) = ½·(x₀² + x₁²)².
/// let gradient = |x: &[f64]| x.iter().map(|a| a * (x[0] * x[0] + x[1] * x[1])).collect::<Vec<_>>();
/// let hessian = |x: &[f64]| {
///     let square = x[0] * x[0] + x[1] * x[1];
///     [
///         [square + 2.0 * x[0] * x[0], 2.0 * x[0] * x[1]],
///         [2.0 * x[0] * x[1], square + 2.0 * x[1] * x[1]],
///     ]
/// };
/// check_fn(gradient, hessian, &[0.3, -1.1]).assert_right();
/// ```
///
/// A reverse rule without a Jacobian, v ↦ Jᵀ·v, is the gradient of ⟨v, f(x)⟩ for any v:
///
/// ```
/// use cotangent::check::check_fn;
///
/// let softmax = |x: &[f64]| {
///     let sum: f64 = x.iter().map(|x| x.exp()).sum();
///     x.iter().map(|x| x.exp() / sum).collect::<Vec<_>>()
/// };
/// let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
/// let pull_back = |x: &[f64], v: &[f64]| {
///     let y = softmax(x);
///     let mean = dot(&y, v);
///     y.iter().zip(v).map(|(y, v)| y * (v - mean)).collect::<Vec<_>>()
/// };
/// let v = [0.3, -1.2, 0.7];
/// check_fn(|x| dot(&v, &softmax(x)), |x| pull_back(x, &v), &[0.1, 0.5, -0.4]).assert_right();
/// ```
///
/// # Panics
/// If the derivative has not the shape that it must have: a gradient a number for each element of `x`,
/// a Jacobian a row for each value of `f`, with a number for each element of `x`.
#[track_caller]
pub fn check_fn<Y: Differentiable<D>, D>(
    f: impl Fn(&[f64]) -> Y,
    derivative: impl Fn(&[f64]) -> D,
    x: &[f64],
) -> Report {
    CheckFn::new().run(f, derivative, x)
}

/// What a function answers whose derivative is a `D`: a number, with a gradient, or several, with a
/// Jacobian by rows. A gradient or a row is whatever yields numbers: a vector, an array, an
/// [`Array1`](ndarray::Array1).
///
/// [`check_fn`](crate::check_fn()) takes functions to it.
#[diagnostic::on_unimplemented(
    message = "a function that answers `{Self}` has no derivative of type `{D}`",
    label = "a function to `f64` has a gradient, as `Vec<f64>`; one to `Vec<f64>` a Jacobian, as `Vec<Vec<f64>>`"
)]
pub trait Differentiable<D> {
    /// The function's values.
    fn values(self) -> Vec<f64>;
    /// The derivatives of each value.
    fn rows(derivative: D) -> Vec<Vec<f64>>;
    /// What messages call the derivative.
    const DERIVATIVE: &'static str;
}

impl<D: IntoIterator<Item = f64>> Differentiable<D> for f64 {
    fn values(self) -> Vec<f64> {
        vec![self]
    }
    fn rows(gradient: D) -> Vec<Vec<f64>> {
        vec![gradient.into_iter().collect()]
    }
    const DERIVATIVE: &'static str = "gradient";
}

impl<D: IntoIterator<Item: IntoIterator<Item = f64>>> Differentiable<D> for Vec<f64> {
    fn values(self) -> Vec<f64> {
        self
    }
    fn rows(jacobian: D) -> Vec<Vec<f64>> {
        jacobian.into_iter().map(|row| row.into_iter().collect()).collect()
    }
    const DERIVATIVE: &'static str = "Jacobian";
}

/// A check of plain functions ([`check_fn`]), with options.
///
/// ```
/// use cotangent::check::CheckFn;
///
/// // 10,000 derivatives, along three directions.
/// let x: Vec<f64> = (0..10_000).map(|i| (i as f64).sin()).collect();
/// let f = |x: &[f64]| x.iter().map(|x| x.powi(3)).sum::<f64>();
/// let gradient = |x: &[f64]| x.iter().map(|x| 3.0 * x * x).collect::<Vec<_>>();
/// CheckFn::new().directions(3).run(f, gradient, &x).assert_right();
/// ```
#[derive(Clone, Debug, Default)]
pub struct CheckFn {
    manner: Manner,
    kinks: Vec<usize>,
}

impl CheckFn {
    /// Every element.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks the derivatives along this many random directions, in which all elements move together,
    /// instead of every element: a mistake shows in a single one almost surely, and the number of
    /// evaluations does not grow with the elements. Of a Jacobian, the derivatives of a random
    /// combination of the values.
    pub fn directions(mut self, count: usize) -> Self {
        self.manner.directions = Some(count);
        self
    }

    /// The seed of the random directions and combinations. Without it, 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.manner.seed = seed;
        self
    }

    /// Allows kinks and jumps of the function in these elements of `x`, where no derivative exists.
    /// A value outside of the derivatives to the left and to the right is wrong all the same. Along
    /// directions, all elements move, and none is excused.
    ///
    /// ```
    /// use cotangent::check::{CheckFn, check_fn};
    ///
    /// let norm = |x: &[f64]| x[0].abs() + x[1].abs();
    /// let signs = |x: &[f64]| x.iter().map(|x| x.signum()).collect::<Vec<_>>();
    /// assert!(!check_fn(norm, signs, &[0.0, 2.0]).is_right());
    /// CheckFn::new().kinks([0]).run(norm, signs, &[0.0, 2.0]).assert_right();
    /// ```
    pub fn kinks(mut self, elements: impl IntoIterator<Item = usize>) -> Self {
        self.kinks.extend(elements);
        self
    }

    /// Checks a derivative of `f` at the point `x`.
    ///
    /// # Panics
    /// As [`check_fn`].
    #[track_caller]
    pub fn run<Y: Differentiable<D>, D>(
        &self,
        f: impl Fn(&[f64]) -> Y,
        derivative: impl Fn(&[f64]) -> D,
        x: &[f64],
    ) -> Report {
        let values = |x: &[f64]| f(x).values();
        let rows = |x: &[f64]| Y::rows(derivative(x));
        let outputs = values(x).len();
        expect_shape(Y::DERIVATIVE, &rows(x), outputs, x.len());
        let sum = |weights: Vec<f64>| Sum { values: &values, rows: &rows, weights };
        let draws = self.manner.draws(1);
        let all =
            if outputs == 1 { vec![1.0] } else { draws.array(0, &[outputs]).into_iter().collect() };
        let (taylor, together) = sum(all).examined("x", x, &draws, |claim| {
            let together = outputs == 1 || self.manner.directions.is_some();
            (claim.taylor(&draws), together.then(|| claim.rows(self.manner)))
        });
        let each = |i: usize| {
            let only = (0..outputs).map(|k| if k == i { 1.0 } else { 0.0 }).collect();
            let name = format!("f[{i}] by x");
            sum(only).examined(&name, x, &draws, |claim| claim.rows(self.manner))
        };
        let mut rows = together.unwrap_or_else(|| (0..outputs).flat_map(each).collect());
        for row in &mut rows {
            if row.index.first().is_some_and(|element| self.kinks.contains(element)) {
                row.verdict = row.verdict.allowing_kinks();
            }
        }
        Report { rows, properties: vec![taylor], ..Report::default() }
    }
}

/// A weighted sum of a function's values: a scalar with a gradient.
struct Sum<'a> {
    values: &'a dyn Fn(&[f64]) -> Vec<f64>,
    rows: &'a dyn Fn(&[f64]) -> Vec<Vec<f64>>,
    weights: Vec<f64>,
}

impl Sum<'_> {
    fn value(&self, x: &[f64]) -> f64 {
        self.weighted(&(self.values)(x), |&value| value)
    }

    fn gradient(&self, x: &[f64]) -> Vec<f64> {
        let rows = (self.rows)(x);
        (0..x.len()).map(|element| self.weighted(&rows, |row| row[element])).collect()
    }

    /// Values without weight take no part, even if they are infinite.
    fn weighted<V>(&self, values: &[V], number: impl Fn(&V) -> f64) -> f64 {
        let terms = self.weights.iter().zip(values).filter(|&(&weight, _)| weight != 0.0);
        terms.map(|(weight, value)| weight * number(value)).sum()
    }

    /// What the claim of its gradient at a point comes to.
    fn examined<R>(
        &self,
        name: &str,
        x: &[f64],
        draws: &Draws,
        examine: impl FnOnce(&Claim<'_>) -> R,
    ) -> R {
        let variables = [Variable::new(name, Array1::from(x.to_vec()).into_dyn())];
        let at = |values: &[ArrayD<f64>]| values[0].iter().copied().collect::<Vec<f64>>();
        let function = |values: &[ArrayD<f64>]| self.value(&at(values));
        let Ok(gradient) = Rounded::of(&variables, draws, |values| {
            Ok::<_, Infallible>(vec![Array1::from(self.gradient(&at(values))).into_dyn()])
        });
        examine(&Claim::new(1, &variables, &function, gradient, draws))
    }
}

/// A row for each value, a number in it for each element.
#[track_caller]
fn expect_shape(name: &str, rows: &[Vec<f64>], values: usize, elements: usize) {
    assert!(
        rows.len() == values,
        "check_fn: the {name} has {} rows, and the function {values} values: one row for each",
        rows.len(),
    );
    for (i, row) in rows.iter().enumerate() {
        assert!(
            row.len() == elements,
            "check_fn: row {i} of the {name} has {} numbers, and x has {elements}: one for each",
            row.len(),
        );
    }
}

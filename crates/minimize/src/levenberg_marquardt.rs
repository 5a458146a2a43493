//! The method of Levenberg and Marquardt.

use nalgebra::{DMatrix, DVector};

use super::error::{check_setting, check_start};
use super::minimum::Evaluations;
use super::newton::{FADE, inverses, scale_rows};
use super::objective::Counted;
use super::spectrum::Spectrum;
use super::trust_region::{Model, Region, Terrain, descend};
use super::vector::{all_finite, largest, norm};
use super::{MinimizeError, Minimizer, Minimum, Residuals, Stopping};
use graph::Domain;
use graph::ops::singular::decomposed;

/// The method of Levenberg and Marquardt for nonlinear least squares: minimises ½‖r(x)‖².
///
/// The residuals are replaced by r + J·p, and p minimises that within a trust region ‖D·p‖ ≤ Δ, D
/// the norms of J's columns, so that the units of the variables do not matter (Moré, *The
/// Levenberg–Marquardt Algorithm*, 1978; where a norm falls, D follows by a fifth a step). JᵀJ is
/// never formed: J is factored as Q·R, and the step found from the singular values of R·D⁻¹.
///
/// Steps go on where their gain is hidden by the round-off of ‖r‖², as long as they become shorter:
/// parameters come out to the precision of the gradient, not to its root. A run from a first region
/// that was too bold may end where J has lost rank, at infinity for instance; then it begins again
/// from a region a tenth as large, up to six times, and the lowest end counts.
///
/// ```
/// use cotangent::minimize::ResidualFunctions;
/// use cotangent::minimize::{LevenbergMarquardt, Minimizer};
///
/// // y = a·exp(b·t), through (0, 2) and (1, 2e).
/// let data = [(0.0, 2.0), (1.0, 2.0 * 1_f64.exp())];
/// let residuals = move |x: &[f64], r: &mut [f64]| {
///     r.iter_mut().zip(data).for_each(|(r, (t, y))| *r = x[0] * (x[1] * t).exp() - y);
/// };
/// let jacobian = move |x: &[f64], j: &mut [f64]| {
///     for (row, (t, _)) in j.chunks_mut(2).zip(data) {
///         (row[0], row[1]) = ((x[1] * t).exp(), x[0] * t * (x[1] * t).exp());
///     }
/// };
/// let mut model = ResidualFunctions::new(2, residuals, jacobian);
/// let minimum = LevenbergMarquardt::new().minimize(&mut model, &[1.0, 0.0])?;
/// assert!((minimum.x[0] - 2.0).abs() < 1e-14 && (minimum.x[1] - 1.0).abs() < 1e-14);
/// # Ok::<(), cotangent::minimize::MinimizeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LevenbergMarquardt {
    region: f64,
    stopping: Stopping,
}

impl Default for LevenbergMarquardt {
    fn default() -> Self {
        let stopping = Stopping { gradient: 1e-15, step: 1e-15, stall: 0.0, ..Stopping::default() };
        Self { region: 1.0, stopping: Stopping { iterations: 2_000, ..stopping } }
    }
}

impl LevenbergMarquardt {
    /// The method with a first region of ‖D·x₀‖.
    pub fn new() -> Self {
        Self::default()
    }

    /// The radius of the first region as a multiple of ‖D·x₀‖, or itself where that is 0. Default 1.
    pub fn region(self, factor: f64) -> Self {
        Self { region: factor, ..self }
    }

    /// The largest cosine of the angle between the residuals and a column of J at which it stops, in
    /// place of a gradient norm, which would depend on units. Default 10⁻¹⁵.
    pub fn gradient_tolerance(mut self, tolerance: f64) -> Self {
        self.stopping.gradient = tolerance;
        self
    }

    /// At most as many iterations. Default 2000.
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.stopping.iterations = iterations;
        self
    }

    /// When it stops, in full; [`Stopping::gradient`] is a cosine here.
    pub fn stopping(self, stopping: Stopping) -> Self {
        Self { stopping, ..self }
    }
}

/// How often it begins again, and how much smaller the region is each time.
const AGAIN: (usize, f64) = (6, 0.1);

impl<O: Residuals + ?Sized> Minimizer<O> for LevenbergMarquardt {
    fn minimize(&self, objective: &mut O, x0: &[f64]) -> Result<Minimum, MinimizeError> {
        self.stopping.validate("levenberg-marquardt")?;
        check_setting("levenberg-marquardt", "region", self.region, Domain::Positive)?;
        check_start(x0, objective.dimension())?;
        let mut lowest: Option<Minimum> = None;
        let (mut region, mut before) = (self.region, Evaluations::default());
        for _ in 0..=AGAIN.0 {
            let mut terrain = Squares::new(Counted::new(&mut *objective), x0.len());
            terrain.residuals.evaluations = before;
            let first = terrain.first_region(region, x0)?;
            let minimum = descend(&mut terrain, x0, first, &self.stopping)?;
            before = minimum.evaluations;
            if lowest.as_ref().is_none_or(|lowest| minimum.value < lowest.value) {
                lowest = Some(minimum);
            }
            if terrain.has_full_rank() {
                break;
            }
            region *= AGAIN.1;
        }
        let lowest = lowest.expect("it was run at least once");
        Ok(Minimum { evaluations: before, ..lowest })
    }
}

/// ½‖r‖² as a terrain.
struct Squares<'a, O: ?Sized> {
    residuals: Counted<'a, O>,
    here: Vec<f64>,
    there: Vec<f64>,
    /// D: the largest of late of the norms of J's columns.
    scale: Vec<f64>,
    /// ‖Jᵀr‖∞ at the point.
    gradient: f64,
    /// The largest cosine of the angle between r and a column of J at the point.
    cosine: f64,
    /// Σ |rᵢ|·Σ |Jᵢⱼ·xⱼ|: what the relative round-off of the terms that r is the difference of makes
    /// of ½‖r‖².
    noise: f64,
    /// The smallest singular value of J with columns of norm 1, relative to the largest.
    rank: f64,
}

/// Below this share of its terms a change of ½‖r‖² is taken for round-off.
const ROUND_OFF: f64 = 16.0 * f64::EPSILON;
/// Relative singular values below this are round-off.
const RANK: f64 = 1e-14;

impl<'a, O: Residuals + ?Sized> Squares<'a, O> {
    fn new(residuals: Counted<'a, O>, variables: usize) -> Self {
        let count = residuals.count();
        Self {
            residuals,
            here: vec![0.0; count],
            there: vec![0.0; count],
            scale: vec![0.0; variables],
            gradient: f64::NAN,
            cosine: f64::NAN,
            noise: 0.0,
            rank: f64::NAN,
        }
    }

    /// A region of this multiple of ‖D·x₀‖.
    fn first_region(&mut self, factor: f64, x0: &[f64]) -> Result<Region, MinimizeError> {
        let jacobian = self.jacobian(x0)?;
        let columns = jacobian.column_iter().map(|column| norm(column.as_slice()));
        let scaled: Vec<f64> = columns.zip(x0).map(|(d, x)| d * x).collect();
        let size = norm(&scaled);
        Ok(Region::Radius(if size > 0.0 && size.is_finite() { factor * size } else { factor }))
    }

    fn jacobian(&mut self, x: &[f64]) -> Result<DMatrix<f64>, MinimizeError> {
        let mut jacobian = vec![0.0; self.here.len() * x.len()];
        self.residuals.jacobian(x, &mut jacobian)?;
        Ok(DMatrix::from_row_slice(self.here.len(), x.len(), &jacobian))
    }

    fn has_full_rank(&self) -> bool {
        self.rank > RANK
    }

    /// What the Jacobian says of the point.
    fn examine(&mut self, jacobian: &DMatrix<f64>, columns: &[f64], x: &[f64]) {
        let rows =
            jacobian.row_iter().map(|row| row.iter().zip(x).map(|(j, x)| (j * x).abs()).sum());
        self.noise = rows.zip(&self.here).map(|(terms, r): (f64, _)| terms * r.abs()).sum();
        let residuals = DVector::from_column_slice(&self.here);
        let gradient = jacobian.tr_mul(&residuals);
        self.gradient = largest(gradient.as_slice());
        let size = norm(&self.here);
        let cosines = gradient.iter().zip(columns).filter(|(_, c)| **c > 0.0 && size > 0.0);
        self.cosine = cosines.map(|(g, c)| (g / c / size).abs()).fold(0.0, f64::max);
        let inverse: Vec<f64> =
            columns.iter().map(|c| if *c > 0.0 { 1.0 / c } else { 0.0 }).collect();
        let values = decomposed(&triangle(jacobian, &inverse)).map(|(_, values, _)| values);
        let of_full_size = values.ok().filter(|values| values.len() == jacobian.ncols());
        self.rank = of_full_size.filter(|s| s.max() > 0.0).map_or(0.0, |s| s.min() / s.max());
    }
}

/// R·D⁻¹ of J = Q·R; J·D⁻¹ itself where J has fewer rows than columns.
fn triangle(jacobian: &DMatrix<f64>, inverse: &[f64]) -> DMatrix<f64> {
    let mut scaled = jacobian.clone();
    for (mut column, d) in scaled.column_iter_mut().zip(inverse) {
        column *= *d;
    }
    if scaled.nrows() >= scaled.ncols() { scaled.qr().unpack_r() } else { scaled }
}

impl<O: Residuals + ?Sized> Terrain for Squares<'_, O> {
    fn trial(&mut self, x: &[f64]) -> Result<f64, MinimizeError> {
        self.residuals.residuals(x, &mut self.there)?;
        let size = norm(&self.there);
        Ok(if all_finite(&self.there) { 0.5 * size * size } else { f64::NAN })
    }

    fn exchange(&mut self) {
        std::mem::swap(&mut self.here, &mut self.there);
    }

    fn model(&mut self, x: &[f64]) -> Result<Option<Model>, MinimizeError> {
        let jacobian = self.jacobian(x)?;
        if !all_finite(jacobian.as_slice()) {
            return Ok(None);
        }
        let columns: Vec<f64> = jacobian.column_iter().map(|c| norm(c.as_slice())).collect();
        for (scale, column) in self.scale.iter_mut().zip(&columns) {
            *scale = (FADE * *scale).max(*column);
        }
        self.examine(&jacobian, &columns, x);
        let inverse = inverses(&self.scale);
        let n = x.len();
        // R·D⁻¹ = U·Σ·Vᵀ, and with it Qᵀr: the triangle of [J·D⁻¹ r] has both.
        let mut wide = jacobian.insert_column(n, 0.0);
        wide.set_column(n, &DVector::from_column_slice(&self.here));
        let mut with_residuals = inverse.clone();
        with_residuals.push(1.0);
        let triangle = triangle(&wide, &with_residuals);
        let rows = triangle.nrows().min(n);
        let Ok((u, sigma, v)) = decomposed(&triangle.view((0, 0), (rows, n)).into_owned()) else {
            return Ok(None);
        };
        let turned = u.tr_mul(&triangle.view((0, n), (rows, 1)));
        let spectrum = Spectrum {
            curvatures: sigma.iter().map(|s| s * s).collect(),
            slopes: sigma.iter().zip(turned.iter()).map(|(s, t)| s * t).collect(),
        };
        Ok(Some(Model { spectrum, basis: scale_rows(v, &inverse) }))
    }

    fn stationarity(&self) -> f64 {
        self.cosine
    }

    fn gradient_norm(&self) -> f64 {
        self.gradient
    }

    fn round_off(&self, value: f64) -> f64 {
        ROUND_OFF * (value + self.noise)
    }

    fn evaluations(&self) -> Evaluations {
        self.residuals.evaluations
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResidualFunctions;

    /// Whether the model of linear residuals J·x − 3 has their curvatures and slopes: in its coordinates, JᵀJ is diagonal.
    fn check(rows: &[[f64; 3]]) {
        let jacobian = DMatrix::from_fn(rows.len(), 3, |i, j| rows[i][j]);
        let residuals = |x: &[f64], r: &mut [f64]| {
            let row = |row: &[f64; 3]| row.iter().zip(x).map(|(j, x)| j * x).sum::<f64>() - 3.0;
            r.iter_mut().zip(rows).for_each(|(r, j)| *r = row(j));
        };
        let derivative = |_: &[f64], j: &mut [f64]| j.copy_from_slice(&rows.concat());
        let mut linear = ResidualFunctions::new(rows.len(), residuals, derivative);
        let mut terrain = Squares::new(Counted::new(&mut linear), 3);
        terrain.trial(&[0.0; 3]).unwrap();
        terrain.exchange();
        let Model { spectrum, basis } = terrain.model(&[0.0; 3]).unwrap().unwrap();

        let turned = &jacobian * basis;
        let curvatures = DMatrix::from_diagonal(&DVector::from_vec(spectrum.curvatures));
        let slopes = turned.tr_mul(&DVector::from_element(rows.len(), -3.0));
        assert!((turned.tr_mul(&turned) - &curvatures).norm() < 1e-14, "{curvatures}");
        assert!((slopes - DVector::from_vec(spectrum.slopes)).norm() < 1e-13, "{curvatures}");
    }

    /// Which nalgebra's own singular values miss by 2·10⁻³ and 5·10⁻².
    #[test]
    fn the_model_is_right_where_a_library_is_not() {
        check(&[[1.0, 1.0, 0.0], [-1.0, -1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, -1.0]]);
        check(&[[-2.0, 1.0, 2.0], [-1.0, 2.0, -2.0], [1.0, 0.0, -2.0]]);
    }

    #[test]
    fn the_model_counts_every_residual_however_many_there_are() {
        let rows =
            [[1.0, 0.5, 0.2], [0.3, 1.0, -0.4], [0.1, 0.7, 2.0], [-1.5, 0.4, 0.9], [0.8, 2.0, 1.1]];
        (1..=rows.len()).for_each(|count| check(&rows[..count]));
    }
}

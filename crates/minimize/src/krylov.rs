//! The space that Hessian-vector products span.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::newton::scale_rows;
use super::spectrum::Spectrum;
use super::trust_region::Model;
use super::vector::{add_scaled, all_finite, dot, norm};

/// An orthonormal basis of span{b, Hb, H²b, …}, in which H is tridiagonal (Lanczos, 1950).
pub(super) struct Krylov {
    basis: Vec<Vec<f64>>,
    /// D⁻¹: the space is of the scaled variables D·x.
    inverse: Vec<f64>,
    /// ‖D⁻¹·b‖.
    size: f64,
    /// H's diagonal in the basis.
    diagonal: Vec<f64>,
    /// H beside its diagonal; the last leads to the vector that would come next.
    beside: Vec<f64>,
    /// The last pivot of H in the basis while all are positive: as long as that, H is.
    pivot: Option<f64>,
    /// The last element of (H in the basis)⁻¹·b, without its sign.
    element: f64,
    /// How many vectors there were when H was found not to be positive.
    negative_since: usize,
    next: Option<Vec<f64>>,
}

/// A vector of which orthogonalisation leaves less than this is in the space already.
const WITHIN: f64 = 1e-13;

impl Krylov {
    /// The space of D⁻¹HD⁻¹ and D⁻¹b, where `b` is not 0.
    pub fn new(b: &[f64], inverse: Vec<f64>) -> Self {
        let scaled = times(b, &inverse);
        let size = norm(&scaled);
        Self {
            basis: vec![scaled.iter().map(|b| b / size).collect()],
            inverse,
            size,
            diagonal: Vec::new(),
            beside: Vec::new(),
            pivot: Some(1.0),
            element: size,
            negative_since: 0,
            next: None,
        }
    }

    /// ‖D⁻¹·b‖.
    pub fn size(&self) -> f64 {
        self.size
    }

    /// The last vector in the variables x, of which the product is to be given.
    pub fn last(&mut self) -> Vec<f64> {
        self.basis.extend(self.next.take());
        times(&self.basis[self.basis.len() - 1], &self.inverse)
    }

    /// Takes up the product of the last vector; answers whether it leads out of the space, or `None`
    /// if it is not finite.
    pub fn grow(&mut self, product: &[f64]) -> Option<bool> {
        let mut rest = times(product, &self.inverse);
        let whole = norm(&rest);
        if !all_finite(&rest) || !whole.is_finite() {
            return None;
        }
        let diagonal = dot(&self.basis[self.basis.len() - 1], &rest);
        // Twice is enough (Kahan; Parlett, The Symmetric Eigenvalue Problem, 1998, §6.9).
        for _ in 0..2 {
            for vector in &self.basis {
                let part = dot(vector, &rest);
                add_scaled(&mut rest, -part, vector);
            }
        }
        let beside = norm(&rest);
        self.count(diagonal);
        self.diagonal.push(diagonal);
        self.beside.push(beside);
        let outside = beside > WITHIN * whole;
        self.next = outside.then(|| rest.iter().map(|r| r / beside).collect());
        Some(outside)
    }

    /// The pivot and the solution's last element, by elimination.
    fn count(&mut self, diagonal: f64) {
        let before = self.beside.last().copied();
        let Some(last) = self.pivot else { return };
        let pivot = diagonal - before.map_or(0.0, |beside| beside * beside / last);
        self.element *= before.unwrap_or(1.0) / pivot.abs();
        self.pivot = Some(pivot).filter(|&pivot| pivot > 0.0);
        self.negative_since = self.diagonal.len();
    }

    /// ‖H·p + b‖ of the step p that solves it in the space; where H is not positive, 0 when the space
    /// has grown for as long again.
    pub fn left(&self) -> f64 {
        match (self.pivot, self.beside.last()) {
            (Some(_), Some(beside)) => beside * self.element,
            (None, _) if self.diagonal.len() > 2 * (self.negative_since + 4) => 0.0,
            _ => f64::INFINITY,
        }
    }

    /// H's diagonal in the variables x, if the space is the whole space.
    pub fn diagonal(&self) -> Option<Vec<f64>> {
        let element = |i: usize| {
            let along = |j: usize| self.basis[j][i] * self.basis[j][i] * self.diagonal[j];
            let across = |j: usize| 2.0 * self.basis[j][i] * self.basis[j + 1][i] * self.beside[j];
            let k = self.diagonal.len();
            let scaled = (0..k).map(along).sum::<f64>() + (0..k - 1).map(across).sum::<f64>();
            scaled / self.inverse[i].powi(2)
        };
        let n = self.inverse.len();
        (self.diagonal.len() == n).then(|| (0..n).map(element).collect())
    }

    /// The model of an objective with this gradient, within the space.
    pub fn model(&self, gradient: &[f64]) -> Model {
        let k = self.diagonal.len();
        let tridiagonal = DMatrix::from_fn(k, k, |i, j| {
            if i == j {
                self.diagonal[i]
            } else if i.abs_diff(j) == 1 {
                self.beside[i.min(j)]
            } else {
                0.0
            }
        });
        let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(tridiagonal);
        let vectors = DMatrix::from_fn(gradient.len(), k, |i, j| self.basis[j][i]);
        let basis = scale_rows(vectors * eigenvectors, &self.inverse);
        let slopes = basis.tr_mul(&DVector::from_column_slice(gradient));
        let spectrum = Spectrum::new(eigenvalues.as_slice().to_vec(), slopes.as_slice().to_vec());
        Model { spectrum, basis }
    }
}

fn times(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a * b).collect()
}

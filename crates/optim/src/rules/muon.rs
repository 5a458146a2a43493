//! Muon.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::slice::from_ref;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use graph::Shape;
use kernels::{Contraction, Extents, Isa, Place, Pool, Source};
use serde::Serialize;

use crate::engine::described;
use crate::norm::norm;
use crate::{At, Optim, Precision, Rule, Slot, Slots, Unit, hyperparameters};

/// Muon: momentum whose step, a matrix, is made orthogonal: all its singular values about 1.
///
/// > v ← μ·v + (1 − μ)·g,  u = μ·v + (1 − μ)·g or v,  θ ← (1 − αλ)·θ − α·s·NS(u).
///
/// NS is the Newton–Schulz iteration X ← aX + (bA + cA²)X, A = XXᵀ, from X = u/‖u‖, five times with
/// (a, b, c) = (3.4445, −4.775, 2.0315); s = √max(1, rows/columns), or 0.2·√max(rows, columns) [to
/// match Adam's steps](Self::match_adam). It updates matrices only; give other parameters another
/// rule by [`Groups`](crate::Groups). (Jordan et al., "Muon: an optimizer for hidden layers in
/// neural networks", 2024; Liu et al., arXiv:2502.16982.)
///
/// Defaults are those of PyTorch: μ = 0.95 with Nesterov's look-ahead, decoupled λ = 0.1. PyTorch
/// iterates in bfloat16, and so differs from this by some 10⁻³.
pub type Muon<T = f32> = Optim<MuonRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Muon`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct MuonRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// μ: how much of the velocity survives a step.
        pub momentum in Decay: f64 = 0.95,
        /// The step looks ahead along the velocity.
        pub nesterov: bool = true,
        /// λ: pulls the weights towards zero, beside the step.
        pub weight_decay in NonNegative: f64 = 0.1,
        /// a, b and c of the iteration.
        pub coefficients: [f64; 3] = [3.4445, -4.775, 2.0315],
        /// How many iterations.
        pub iterations: u32 = 5,
        /// The least norm that u is divided by.
        pub epsilon in Positive: f64 = 1e-7,
        /// s is 0.2·√max(rows, columns).
        pub matches_adam: bool = false,
    }
}

impl<T: Precision> Muon<T> {
    /// Muon with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(MuonRule::new(learning_rate))
    }

    /// μ.
    pub fn momentum(self, momentum: f64) -> Self {
        self.set(|rule| rule.momentum = momentum)
    }

    /// Steps along the velocity itself.
    pub fn without_nesterov(self) -> Self {
        self.set(|rule| rule.nesterov = false)
    }

    /// λ: pulls the weights towards zero beside the step.
    pub fn weight_decay(self, strength: f64) -> Self {
        self.set(|rule| rule.weight_decay = strength)
    }

    /// How many iterations make the step orthogonal.
    pub fn iterations(self, count: u32) -> Self {
        self.set(|rule| rule.iterations = count)
    }

    /// Steps of the root mean square that Adam's have, so that its learning rates fit.
    pub fn match_adam(self) -> Self {
        self.set(|rule| rule.matches_adam = true)
    }
}

/// A square matrix of the shorter extent.
fn gram(shape: &Shape) -> Shape {
    let side = shape.iter().copied().min().unwrap_or(0);
    Shape::from([side, side])
}

impl Rule for MuonRule {
    const NAME: &'static str = "muon";
    const UNIT: Unit = Unit::Parameter;
    described!();

    fn accepts(&self, shape: &Shape) -> Result<(), &'static str> {
        if shape.rank() == 2 { Ok(()) } else { Err("it updates matrices, of two axes, only") }
    }

    fn slots(&self) -> Vec<Slot> {
        vec![
            Slot::like_weights("velocity"),
            Slot::like_weights("iterate").scratch(),
            Slot::like_weights("next").scratch(),
            Slot::shaped("gram", gram).scratch(),
            Slot::shaped("polynomial", gram).scratch(),
        ]
    }

    fn update<T: Precision>(
        &self,
        at: &At<'_>,
        weights: &mut [T],
        gradients: &[T],
        [velocity, iterate, next, gram, polynomial]: Slots<'_, T>,
    ) {
        let (rows, columns) = (at.shape[0], at.shape[1]);
        if weights.is_empty() {
            return;
        }
        self.direction(gradients, velocity, iterate);
        let mut space =
            Space { iterate, next, gram, polynomial, products: Products::of(rows, columns) };
        for _ in 0..self.iterations {
            space.iterate(self.coefficients.map(T::from_f64));
        }
        let (height, width) = (rows as f64, columns as f64);
        let scale = if self.matches_adam {
            0.2 * height.max(width).sqrt()
        } else {
            (height / width).max(1.0).sqrt()
        };
        let rate = T::from_f64(self.learning_rate * scale);
        let shrink = T::from_f64(1.0 - self.learning_rate * self.weight_decay);
        for (w, &x) in weights.iter_mut().zip(space.iterate.iter()) {
            *w = shrink * *w - rate * x;
        }
    }
}

impl MuonRule {
    /// Takes the gradient into the velocity, and leaves u/‖u‖ in `direction`.
    fn direction<T: Precision>(&self, gradients: &[T], velocity: &mut [T], direction: &mut [T]) {
        let (take, momentum) = (T::from_f64(1.0 - self.momentum), T::from_f64(self.momentum));
        for ((&g, v), u) in gradients.iter().zip(velocity).zip(direction.iter_mut()) {
            *v += take * (g - *v);
            *u = if self.nesterov { g + momentum * (*v - g) } else { *v };
        }
        let scale = T::from_f64(1.0 / norm(&*direction).max(self.epsilon));
        direction.iter_mut().for_each(|u| *u *= scale);
    }
}

/// The matrices of the Newton–Schulz iteration.
struct Space<'a, T> {
    iterate: &'a mut [T],
    next: &'a mut [T],
    gram: &'a mut [T],
    polynomial: &'a mut [T],
    products: Arc<Products<T>>,
}

impl<T: Precision> Space<'_, T> {
    /// X ← aX + (bA + cA²)X with A = XXᵀ, or the same of the transpose where that is the wider.
    fn iterate(&mut self, [a, b, c]: [T; 3]) {
        let Self { iterate, next, gram, polynomial, products } = self;
        run(&products.gram, iterate, iterate, gram);
        run(&products.square, gram, gram, polynomial);
        for (p, &g) in polynomial.iter_mut().zip(gram.iter()) {
            *p = b * g + c * *p;
        }
        run(&products.next, polynomial, iterate, next);
        for (x, &y) in iterate.iter_mut().zip(next.iter()) {
            *x = a * *x + y;
        }
    }
}

/// The products of an iteration.
struct Products<T> {
    /// A = XXᵀ.
    gram: Contraction<T>,
    /// A².
    square: Contraction<T>,
    /// (bA + cA²)X.
    next: Contraction<T>,
}

impl<T: Precision> Products<T> {
    /// Those for matrices of a shape, made once: no update after the first asks for memory.
    fn of(rows: usize, columns: usize) -> Arc<Self> {
        type Shaped = BTreeMap<(TypeId, usize, usize), Arc<dyn Any + Send + Sync>>;
        static KNOWN: Mutex<Shaped> = Mutex::new(BTreeMap::new());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let products = known
            .entry((TypeId::of::<T>(), rows, columns))
            .or_insert_with(|| Arc::new(Self::new(rows, columns)));
        Arc::clone(products).downcast().expect("the precision is a part of the key")
    }

    /// Those of the weights, or of their transpose where that is the wider, so that A is small.
    fn new(rows: usize, columns: usize) -> Self {
        let weights = Matrix::dense(rows, columns);
        let x = if rows > columns { weights.transposed() } else { weights };
        let square = Matrix::dense(x.rows, x.rows);
        Self {
            gram: product(x, x.transposed(), square),
            square: product(square, square, square),
            next: product(square, x, x),
        }
    }
}

/// How a matrix lies in its slice: element (i, j) is number i·`down` + j·`across`.
#[derive(Clone, Copy)]
struct Matrix {
    rows: usize,
    columns: usize,
    down: isize,
    across: isize,
}

impl Matrix {
    /// Row after row.
    fn dense(rows: usize, columns: usize) -> Self {
        Self { rows, columns, down: columns as isize, across: 1 }
    }

    /// The transpose, in the same slice.
    fn transposed(self) -> Self {
        let Self { rows, columns, down, across } = self;
        Self { rows: columns, columns: rows, down: across, across: down }
    }

    fn place(&self) -> Place<'_> {
        Place { offset: 0, batch: &[], rows: from_ref(&self.down), columns: from_ref(&self.across) }
    }
}

/// C = A·B.
fn product<T: Precision>(a: Matrix, b: Matrix, c: Matrix) -> Contraction<T> {
    let extents =
        Extents { batch: &[], rows: &[c.rows], columns: &[c.columns], depth: &[a.columns] };
    Contraction::new(extents, a.place(), b.place(), c.place())
}

/// Computes a product on this thread alone.
fn run<T: Precision>(product: &Contraction<T>, a: &[T], b: &[T], c: &mut [T]) {
    static ALONE: LazyLock<Pool> = LazyLock::new(|| Pool::new(1));
    product.run(Isa::best(), &ALONE, Source::Slice(a), Source::Slice(b), c);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An iteration from the matrix of these numbers, row after row.
    fn iterated(mut x: Vec<f64>, rows: usize, columns: usize) -> Vec<f64> {
        let square = rows.min(columns).pow(2);
        let (mut next, mut gram, mut polynomial) =
            (vec![0.0; x.len()], vec![0.0; square], vec![0.0; square]);
        let products = Products::of(rows, columns);
        let (next, gram, polynomial) = (&mut next[..], &mut gram[..], &mut polynomial[..]);
        let mut space = Space { iterate: &mut x, next, gram, polynomial, products };
        space.iterate([3.0, -4.0, 2.0]);
        x
    }

    #[test]
    fn a_tall_matrix_is_iterated_as_its_transpose() {
        let wide: Vec<f64> = (0..15).map(|i| f64::from(i * i % 7) / 7.0).collect();
        let transpose = |x: &[f64]| -> Vec<f64> { (0..15).map(|i| x[i % 3 * 5 + i / 3]).collect() };
        let tall = transpose(&wide);
        assert_eq!(iterated(tall, 5, 3), transpose(&iterated(wide, 3, 5)));
    }

    #[test]
    fn a_row_is_multiplied_by_the_polynomial_of_its_square() {
        // XXᵀ = 2, and 3 − 4·2 + 2·2² = 3.
        assert_eq!(iterated(vec![1.0, -1.0], 1, 2), [3.0, -3.0]);
    }
}

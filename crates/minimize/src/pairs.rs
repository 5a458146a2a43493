//! The curvature that L-BFGS remembers.

use std::collections::VecDeque;

use super::vector::{add_scaled, dot};

/// The last m pairs of a step s = x − x₋₁ and what it changed the gradient by, y = ∇f − ∇f₋₁: an
/// approximation of the inverse Hessian that is positive definite, as sᵀy > 0 for each.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    most: usize,
    pairs: VecDeque<Pair>,
    /// γ: what the inverse Hessian is multiplied by before the pairs.
    scale: f64,
}

#[derive(Clone, Debug)]
struct Pair {
    s: Vec<f64>,
    y: Vec<f64>,
    /// sᵀy.
    sy: f64,
}

impl Pairs {
    /// Room for m pairs.
    pub fn new(most: usize) -> Self {
        Self { most, pairs: VecDeque::new(), scale: 1.0 }
    }

    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    pub fn clear(&mut self) {
        self.pairs.clear();
        self.scale = 1.0;
    }

    /// Takes up a pair with sᵀy > `least`, which keeps the approximation positive definite; any
    /// other is left out.
    pub fn push(&mut self, s: Vec<f64>, y: Vec<f64>, least: f64) {
        let (sy, yy) = (dot(&s, &y), dot(&y, &y));
        let curved = sy > least && sy.is_finite() && yy > 0.0 && yy.is_finite();
        if !curved || self.most == 0 {
            return;
        }
        if self.pairs.len() == self.most {
            self.pairs.pop_front();
        }
        self.scale = sy / yy;
        self.pairs.push_back(Pair { s, y, sy });
    }

    /// −H·g, H the approximation of the inverse Hessian: the two loops of Nocedal (1980); Nocedal and
    /// Wright, *Numerical Optimization*, 2006, algorithm 7.4.
    pub fn direction(&self, gradient: &[f64]) -> Vec<f64> {
        let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for Pair { s, y, sy } in self.pairs.iter().rev() {
            let share = dot(s, &q) * (1.0 / sy);
            add_scaled(&mut q, -share, y);
            shares.push(share);
        }
        q.iter_mut().for_each(|q| *q *= self.scale);
        for (Pair { s, y, sy }, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let back = dot(y, &q) * (1.0 / sy);
            add_scaled(&mut q, share - back, s);
        }
        q
    }
}

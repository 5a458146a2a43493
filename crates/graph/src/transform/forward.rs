//! Forward mode, by transposing reverse mode.

use std::panic::Location;

use super::linear::Linear;
use crate::gradient::{backpropagate, zeros};
use crate::{Gradient, GradientError, Var};

/// The derivative of an output as a linear map, ready to be applied to tangents.
///
/// The cotangents of the variables, Jᵀv, are recorded for a dummy v of zeros. They are linear in v,
/// so that pulling tangents t back through them to v records (Jᵀ)ᵀt = J·t, in which v does not
/// occur.
pub(super) struct Linearization<'g> {
    output: Var<'g>,
    dummy: Var<'g>,
    pulled: Vec<Var<'g>>,
}

impl<'g> Linearization<'g> {
    pub fn new(
        gradient: Gradient<'g>,
        variables: &[Var<'g>],
        location: &'static Location<'static>,
    ) -> Result<Self, GradientError> {
        let output = gradient.output;
        let dummy = zeros(output);
        Ok(Self { output, dummy, pulled: gradient.pull_back(dummy, variables, location)? })
    }

    /// v ↦ Jᵀv, as a linear map.
    pub fn transposed(&self) -> Linear<'g> {
        Linear::recorded(vec![self.dummy], &self.pulled)
    }

    /// J·t.
    pub fn push(&self, tangents: &[Var<'g>]) -> Var<'g> {
        let seeds: Vec<_> = self.pulled.iter().copied().zip(tangents.iter().copied()).collect();
        backpropagate(&seeds, &[self.dummy])[0].unwrap_or_else(|| zeros(self.output))
    }
}

/// The rule that there is one tangent of its type for each variable.
pub(super) fn check_tangents(
    variables: &[Var<'_>],
    tangents: &[Var<'_>],
    location: &'static Location<'static>,
) -> Result<(), GradientError> {
    let types = |vars: &[Var<'_>]| vars.iter().map(|var| var.ty()).collect::<Vec<_>>();
    let (expected, given) = (types(variables), types(tangents));
    if expected == given {
        return Ok(());
    }
    let list = |types: Vec<crate::Type>| {
        types.iter().map(crate::Type::to_string).collect::<Vec<_>>().join(", ")
    };
    Err(GradientError::Tangents { tangents: list(given), variables: list(expected), location })
}

impl<'g> Gradient<'g> {
    /// Records the Jacobian-vector product Σ ∂y/∂xᵢ · tᵢ of the output y: how it changes when each of
    /// `variables` moves along its tangent. The cotangent is not used.
    ///
    /// It follows from the reverse rules by transposition; the result is a variable like any other,
    /// so that forward mode nests with itself and with reverse mode.
    ///
    /// # Errors
    /// If the tangents are not of the types of the variables, or a variable has no differentiable
    /// path to the output.
    #[track_caller]
    pub fn jvp(
        self,
        variables: &[Var<'g>],
        tangents: &[Var<'g>],
    ) -> Result<Var<'g>, GradientError> {
        let location = Location::caller();
        check_tangents(variables, tangents, location)?;
        Ok(Linearization::new(self, variables, location)?.push(tangents))
    }
}

impl<'g> Var<'g> {
    /// The vector-Jacobian product vᵀ ∂y/∂x of this y, in the shape of `x`.
    ///
    /// # Panics
    /// If `v` is not of the type of this variable, or it does not depend differentiably on `x`.
    #[track_caller]
    pub fn vjp(self, x: Var<'g>, v: Var<'g>) -> Var<'g> {
        match Gradient::of(self).cotangent(v).with_respect_to(&[x]) {
            Ok(gradients) => gradients[0],
            Err(error) => panic!("{error}"),
        }
    }

    /// The Jacobian-vector product ∂y/∂x · t of this y: how it changes when `x` moves along `t`.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0]);
    /// let t = g.constant(array![1.0, 10.0]);
    /// assert_eq!(x.square().jvp(x, t).eval()?, array![2.0, 40.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If `t` is not of the type of `x`, or this variable does not depend differentiably on `x`.
    #[track_caller]
    pub fn jvp(self, x: Var<'g>, t: Var<'g>) -> Var<'g> {
        match Gradient::of(self).jvp(&[x], &[t]) {
            Ok(product) => product,
            Err(error) => panic!("{error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Gradient, GradientError, Graph};
    use ndarray::array;

    #[test]
    fn forward_and_reverse_mode_are_adjoint() {
        let g = Graph::new();
        let a = g.constant(array![[0.3, -0.2], [0.5, 1.0]]);
        let b = g.constant(array![0.7, -1.5]);
        let y = (a.matmul(b).tanh() / (a.square().sum() + b.exp())).softmax(0);
        let (s, t) = (g.constant(array![[1.0, -2.0], [0.5, 3.0]]), g.constant(array![2.0, 0.1]));
        let u = g.constant(array![0.4, -0.9]);
        let forward = Gradient::of(y).jvp(&[a, b], &[s, t]).unwrap();
        let back = Gradient::of(y).cotangent(u).with_respect_to(&[a, b]).unwrap();
        let (left, right) = ((forward * u).sum(), (back[0] * s).sum() + (back[1] * t).sum());
        let difference = (left - right).eval().unwrap()[[]];
        assert!(difference.abs() < 1e-15, "{difference}");
    }

    #[test]
    fn forward_mode_nests() {
        let g = Graph::new();
        let (x, one) = (g.constant(0.7), g.constant(1.0));
        let third = x.sin().jvp(x, one).jvp(x, one).jvp(x, one).eval().unwrap()[[]];
        approx::assert_relative_eq!(third, -0.7f64.cos(), max_relative = 1e-14);
    }

    #[test]
    fn tangents_must_match() {
        let g = Graph::new();
        let x = g.constant(array![1.0, 2.0]);
        let error = Gradient::of(x.sum()).jvp(&[x], &[g.constant(1.0)]).unwrap_err();
        assert!(matches!(error, GradientError::Tangents { .. }), "{error}");
    }
}

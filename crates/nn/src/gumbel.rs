//! Draws from categories that have a gradient.

use graph::Var;

/// Nearly the whole of (0, 1); its ends are neither in single precision, so that both logarithms are finite.
const BETWEEN: [f64; 2] = [1e-30, 1.0 - 1e-7];

/// softmax((x + G)/τ) along an axis, for logits x and independent Gumbel numbers G, drawn anew at every run: a draw from the
/// categories of probabilities softmax(x), blurred by the temperature τ so that it has a gradient (Jang, Gu and Poole,
/// arXiv:1611.01144; Maddison, Mnih and Teh, arXiv:1611.00712).
///
/// A `hard` one answers 1 for the category drawn and 0 for the others, with the gradient of the blurred one. (PyTorch's
/// `gumbel_softmax`.)
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::gumbel_softmax;
///
/// let g = Graph::new();
/// // Probabilities ¾ and ¼.
/// let logits = g.constant(array![3f64.ln(), 0.0]).broadcast_to([10_000, 2]);
/// let drawn = gumbel_softmax(logits, 0.5, -1, true).mean_over(0).eval()?;
/// assert!((drawn[0] - 0.75).abs() < 0.02 && (drawn[0] + drawn[1] - 1.0).abs() < 1e-12);
/// # Ok::<(), cotangent::RunError>(())
/// ```
///
/// # Panics
/// If x does not hold reals, or there is no such axis.
#[track_caller]
pub fn gumbel_softmax<'g>(x: Var<'g>, tau: f64, axis: isize, hard: bool) -> Var<'g> {
    let uniform = x.graph().uniform(x.shape(), BETWEEN[0], BETWEEN[1]);
    let blurred = ((x - (-uniform.ln()).ln()) / tau).softmax(axis);
    if !hard {
        return blurred;
    }
    let resolved = if axis < 0 { axis + x.rank() as isize } else { axis };
    let sharp = blurred.argmax(axis).one_hot(x.shape()[resolved as usize]).move_axis(-1, axis);
    sharp.with_vjp(&[blurred], |_, _, v| vec![v])
}

#[cfg(test)]
mod tests {
    use graph::{Evaluator, Gradient, Graph, Seed};
    use ndarray::{ArrayD, Axis, array};

    use super::*;

    /// A draw along axis 0, and the gradient of Σ w·y. Each graph's first numbers are those of the first stream.
    fn drawn(hard: bool) -> [ArrayD<f64>; 2] {
        let g = Graph::new();
        let x = g.constant(array![[0.3, -1.0], [0.0, 0.4], [0.9, 0.2]]);
        let y = gumbel_softmax(x, 0.7, 0, hard);
        let weighted = y * g.constant(array![[1.0, 2.0], [-0.5, 3.0], [0.25, -1.0]]);
        let gradient = Gradient::of(weighted.sum()).with_respect_to(&[x]).unwrap()[0];
        let seed = Seed { seed: 3, run: 1 };
        let values = Evaluator::<f64>::new(&g).seed(seed).run(&[y, gradient]).unwrap();
        <[_; 2]>::try_from(values).unwrap().map(|value| value.into_real())
    }

    #[test]
    fn a_hard_draw_is_the_likeliest_of_the_blurred_one_with_its_gradient() {
        let ([sharp, of_sharp], [blurred, of_blurred]) = (drawn(true), drawn(false));
        let largest = blurred.map_axis(Axis(0), |x| x.iter().copied().fold(0.0, f64::max));
        assert_eq!(sharp, blurred.mapv(|x| f64::from(u8::from(largest.iter().any(|&m| m == x)))));
        assert_eq!(of_sharp, of_blurred);
        assert!(of_blurred.iter().any(|&dx| dx != 0.0));
    }
}

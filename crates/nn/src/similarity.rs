//! How alike vectors are.

use graph::{Var, keep};

/// The least that a norm counts as, so that the cosine with a vector of 0 is 0.
const LEAST_NORM: f64 = 1e-8;

/// The cosine of the angle between the vectors along an axis, a·b/(‖a‖·‖b‖), without that axis; norms below 10⁻⁸ count as that
/// (PyTorch's `cosine_similarity`). All other axes broadcast.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::cosine_similarity;
///
/// let g = Graph::new();
/// let (a, b) = (g.constant(array![[3.0, 4.0], [0.0, 0.0]]), g.constant(array![2.0, 0.0]));
/// assert_eq!(cosine_similarity(a, b, -1).eval()?, array![0.6, 0.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
///
/// # Panics
/// If the shapes do not broadcast, or there is no such axis.
#[track_caller]
pub fn cosine_similarity<'g>(a: Var<'g>, b: Var<'g>, axis: isize) -> Var<'g> {
    let [a, b] = [a, b].map(|x| x / x.norm_over(keep(axis)).maximum(LEAST_NORM));
    (a * b).sum_over(axis)
}

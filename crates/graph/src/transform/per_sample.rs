//! The gradient of each sample of a batch by itself.

use super::closure::Transform;
use crate::{Gradient, Graph, Var};

/// The function that answers the gradient of each sample's loss with respect to the input at
/// `position`, stacked along a new first axis: [samples, …shape of the input].
///
/// `f` records the scalar loss of a batch; the inputs at the positions `batched` hold one sample in
/// each slice along axis 0, and `f` is recorded for a batch of one and [mapped](crate::Graph::vmap) over them. The mean
/// of the result over axis 0 is the gradient of the mean of the losses. Gradients with respect to several variables, or to
/// parameters, are a [`vmap`](crate::Graph::vmap) of them.
///
/// ```
/// use cotangent::{Graph, transform::per_sample_grad};
/// use cotangent::ndarray::array;
///
/// let each = per_sample_grad(|_, x| (x[1].matmul(x[0]) - x[2]).square().mean(), 0, &[1, 2]);
/// let g = Graph::new();
/// let w = g.constant(array![1.0, -1.0]);
/// let (x, y) = (g.constant(array![[1.0, 0.0], [0.0, 2.0]]), g.constant(array![0.0, 0.0]));
/// assert_eq!(each(&g, &[w, x, y]).eval()?, array![[2.0, 0.0], [0.0, -8.0]].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
///
/// # Panics
/// When called: if `f` does not answer a real scalar, there is no input at a position, no input is
/// batched, the batched inputs do not hold equally many samples (at least one), or `position` is one
/// of them.
#[track_caller]
pub fn per_sample_grad(
    f: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    position: usize,
    batched: &[usize],
) -> impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> {
    let transform = Transform::new("per_sample_grad");
    let batched = batched.to_vec();
    move |graph, inputs| {
        let variable = transform.input(inputs, position);
        check(transform, inputs, position, &batched);
        let over: Vec<(Var<'_>, isize)> = batched.iter().map(|&k| (inputs[k], 0)).collect();
        let gradients = graph.vmap(&over, |samples| {
            let mut inputs = inputs.to_vec();
            for (&k, sample) in batched.iter().zip(samples) {
                inputs[k] = sample.unsqueeze(0);
            }
            let gradient = Gradient::of(f(graph, &inputs)).zeros_without_path();
            transform.recorded(gradient.with_respect_to(&[variable]))
        });
        gradients[0]
    }
}

/// The batched inputs hold equally many samples.
fn check(transform: Transform, inputs: &[Var<'_>], position: usize, batched: &[usize]) {
    if batched.contains(&position) {
        transform.refuse(&format!(
            "input {position} is batched, and cannot be differentiated by sample"
        ));
    }
    let extent = |&k: &usize| transform.input(inputs, k).shape().first().copied().unwrap_or(0);
    let extents: Vec<usize> = batched.iter().map(extent).collect();
    match extents[..] {
        [first, ..] if first > 0 && extents.iter().all(|&extent| extent == first) => {}
        _ => transform.refuse(&format!(
            "the batched inputs must hold equally many samples, at least one, along axis 0, and \
             hold {extents:?}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_mean_over_samples_is_the_gradient_of_the_batch() {
        let each =
            per_sample_grad(|_, x| (x[1].matmul(x[0]).tanh() - 0.3).square().mean(), 0, &[1]);
        let g = Graph::new();
        let w = g.constant(array![[0.2, -0.4], [0.8, 0.1]]);
        let x = g.constant(array![[1.0, 2.0], [-0.5, 0.3], [0.7, -1.0]]);
        let batch = (x.matmul(w).tanh() - 0.3).square().mean().grad(w).eval().unwrap();
        let mean = each(&g, &[w, x]).mean_over(0).eval().unwrap();
        approx::assert_relative_eq!(mean, batch, epsilon = 1e-15);
    }

    #[test]
    #[should_panic(expected = "must hold equally many samples, at least one, along axis 0")]
    fn batches_must_be_of_one_size() {
        let g = Graph::new();
        let (w, x, y) = (g.full([2], 0.0), g.full([3, 2], 0.0), g.full([2], 0.0));
        per_sample_grad(|_, x| (x[1].matmul(x[0]) - x[2]).sum(), 0, &[1, 2])(&g, &[w, x, y]);
    }
}

//! Fourier transforms, of complex numbers and of real ones, along one axis and along several. Behind the feature `fft`.
//!
//! Computed by `realfft` and `rustfft`, in double precision whatever that of the run, and rounded to it. There are no complex numbers: a
//! transform is two arrays, of real and of imaginary parts, so that what is done with them reads as it is written on paper,
//! and an array of moduli is as large as it must be. (An axis of extent 2 for the two would be sliced wherever they meet.)

mod axes;
mod fft;
mod irfft;
mod rfft;

pub use fft::Fft;
pub use irfft::Irfft;
pub use rfft::Rfft;

use super::registry::Example;
use crate::Graph;
use crate::Var;

/// How many frequencies the transform of so many real numbers has.
fn frequencies(length: usize) -> usize {
    length / 2 + 1
}

/// How often each frequency of a transform of so many real numbers stands in the whole one: those between 0 and one half
/// twice, as that of −k is the conjugate of that of k.
fn multiplicities(graph: &Graph, length: usize) -> Var<'_> {
    let once = |k: usize| k == 0 || 2 * k == length;
    let count = |k: usize| if once(k) { 1.0 } else { 2.0 };
    graph.constant((0..frequencies(length)).map(count).collect::<ndarray::Array1<f64>>())
}

/// The array with zeros behind it along its last axis, or without its end, so that it has this extent.
#[track_caller]
fn fitted(x: Var<'_>, extent: usize) -> Var<'_> {
    let given = x.shape()[x.rank() - 1];
    if given > extent {
        return x.slice_axis(-1, ..extent);
    }
    let mut border = vec![(0, 0); x.rank()];
    border[x.rank() - 1].1 = extent - given;
    if given == extent { x } else { x.pad(&border, 0.0) }
}

pub(super) fn examples() -> Vec<Example> {
    [axes::examples(), fft::examples(), irfft::examples(), rfft::examples()].concat()
}

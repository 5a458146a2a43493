//! Transforms: derivatives of every kind and order from the one reverse rule of each operation.
//!
//! They come in three forms:
//! - methods of [`Gradient`](crate::Gradient) for recorded graphs, any number of variables, and
//!   errors as values;
//! - methods of [`Var`](crate::Var) for recorded graphs in model code, where a mistake panics;
//! - the functions of this module, from plain closures `Fn(&Graph, &[Var]) -> Var` to closures of
//!   the same kind, so that they nest to any order.
//!
//! With J the Jacobian of y = f(x) and H the Hessian of a scalar f:
//!
//! | transform | what it records | cost, in sweeps over the graph |
//! |---|---|---|
//! | [`grad`], [`vjp`] | Jᵀv | one back |
//! | [`jvp`] | J·t, by transposing the rules of Jᵀv, which are linear in v | two back |
//! | [`jacobian`] | J, by rows or by columns, whichever are fewer | one, over arrays of all of them |
//! | [`hvp`] | H·v, the gradient pulled back once more; never forms H | two back |
//! | [`hessian`] | H, the Jacobian of the gradient | two, the second over arrays of all rows |
//! | [`Gradient::sparse_jacobian`](crate::Gradient::sparse_jacobian) | the entries of J that can differ from 0 | one back over arrays of all colours of its rows, or two over those of its columns |
//! | [`Gradient::sparse_hessian`](crate::Gradient::sparse_hessian) | the entries of H that can differ from 0 | two, the second over arrays of all colours |
//! | [`gauss_newton_product`] | Jᵀ·H·J·v, H the Hessian of a loss of y | a few |
//! | [`vmap`] | the function for each of many samples | one, over arrays of all samples |
//! | [`per_sample_grad`] | the gradient of each sample of a batch | one back, over arrays of all samples |
//! | [`checkpoint`] | the same values, recomputed for the backward pass | one more forward |
//! | [`custom_vjp`] | the same values, under a reverse rule of one's own | none |
//!
//! Forward mode by transposition: Griewank and Walther, *Evaluating Derivatives*, 2008, §3.2; the
//! trick of the dummy cotangent: J. Townsend, 2017. Gauss–Newton products: Schraudolph, 2002. Sparse matrices: Curtis, Powell
//! and Reid, 1974; Coleman and Moré, 1984.

mod checkpoint;
mod closure;
mod custom;
mod forward;
mod jacobian;
mod linear;
mod per_sample;
mod product;
mod sparse;
mod vmap;

pub use checkpoint::checkpoint;
pub use closure::{
    custom_vjp, gauss_newton_product, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp,
};
pub(crate) use custom::CustomVjp;
pub use per_sample::per_sample_grad;
pub use sparse::{Sparse, SparsePattern};
use vmap::cotangents;
pub use vmap::{Batch, vmap};
pub(crate) use vmap::{Each, Replay, Sampled};

use crate::ops::Example;

pub(crate) fn examples() -> Vec<Example> {
    [custom::examples(), checkpoint::examples()].concat()
}

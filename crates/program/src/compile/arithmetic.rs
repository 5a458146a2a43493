//! Whether the compiler may round otherwise than the graph says.

/// Whether a program may take products and sums in another order than they were recorded in.
///
/// By default it may: the backward pass of a normalisation then takes two sums where four were
/// recorded. In exact arithmetic nothing changes, and in floating point the error keeps the same
/// bound, **as long as no intermediate result leaves the range of the precision's normal numbers**.
/// Where one does, a finite result can become 0, ∞ or NaN: with x = 10³⁸ and c = 10⁻¹⁰,
/// Σ x·c = 6.4·10²⁹ in `f32`, and c·Σ x = ∞. Numbers so large or so small want [`AsWritten`].
///
/// | what is done by default | what must not over- or underflow |
/// |---|---|
/// | Σ x·c → c·Σ x, where c is the same all along the sum | the partial sums of x |
/// | (x·c)·d → x·(c·d), where c·d has fewer elements than x | c·d |
/// | operations on constants are computed in double precision, when compiling | |
/// | the one element of a row that an index says → a sum over the row, in which others are 0 | (−0 becomes 0) |
///
/// Constants are looked at when compiling: none leaves a sum if the sum could grow by it, and one
/// outside of [√m, √M], for the smallest normal number m and the largest number M of the precision,
/// stays where it was written.
///
/// In both modes an operation is computed by the formula in its documentation, and sums, products along
/// an axis and matrix products have an order of terms that is fixed, but not said: results
/// never depend on the number of threads.
///
/// ```
/// use cotangent::{Graph, Params, Seed};
/// use cotangent::{Arithmetic, Program};
/// use cotangent::ndarray::array;
///
/// let g = Graph::new();
/// let (x, c) = (g.input("x", [2, 2]), g.input("c", [2]));
/// let params = Params::seeded(0);
/// let mut program = Program::compile_with(&[(x * c).sum_over(0)], &params, Arithmetic::AsWritten);
/// let inputs = (array![[3e38_f32, 1.0], [3e38, 1.0]], array![1e-10, 1.0]);
/// program.run(&params, &[(&inputs.0).into(), (&inputs.1).into()], Seed::default())?;
/// assert_eq!(program.output(0)[0], 6e28);
/// # Ok::<(), cotangent::RunError>(())
/// ```
///
/// [`AsWritten`]: Arithmetic::AsWritten
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arithmetic {
    /// Products and sums may be taken in another order.
    #[default]
    Reassociated,
    /// Every operation is rounded where it was recorded, in the precision of the program: +, −, ×, ÷
    /// and √ answer the bits of the [`Evaluator`](graph::Evaluator). Loops are fused and memory is
    /// shared as ever.
    AsWritten,
}

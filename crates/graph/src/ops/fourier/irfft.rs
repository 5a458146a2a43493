//! The inverse of the Fourier transform of real numbers.

use std::fmt;
use std::sync::Arc;

use realfft::{ComplexToReal, RealFftPlanner};
use smallvec::smallvec;

use super::super::registry::{Example, Sample};
use super::{Rfft, fitted, frequencies, multiplicities};
use crate::error::{exactly, expect_kind};
use crate::{
    Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var, misfit,
};

/// xⱼ = (1/n)·Σₖ wₖ·Re(Xₖ·e^(2πi·jk/n)) for j = 0 … n − 1 of the frequencies k = 0 … ⌊n/2⌋, where w is 1 for 0 and n/2 and
/// else 2, for their conjugates: shape `[…, 2, ⌊n/2⌋ + 1]` in, real parts in one row and imaginary parts in another, and
/// `[…, n]` out. Imaginary parts at 0 and n/2 add nothing.
///
/// Cotangent: w/n times the transform of V ([`Rfft`]).
///
/// Recorded by [`Var::irfft`](crate::Var::irfft).
#[derive(Clone)]
pub struct Irfft {
    plan: Arc<dyn ComplexToReal<f64>>,
}

impl Irfft {
    /// To so many numbers, at least one.
    pub fn new(length: usize) -> Self {
        Self { plan: RealFftPlanner::new().plan_fft_inverse(length) }
    }

    /// How many numbers it answers.
    pub fn length(&self) -> usize {
        self.plan.len()
    }
}

impl fmt::Debug for Irfft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Irfft").field("length", &self.length()).finish()
    }
}

/// Of the same length, they are the same function.
impl PartialEq for Irfft {
    fn eq(&self, other: &Self) -> bool {
        self.length() == other.length()
    }
}

impl Operation for Irfft {
    fn name(&self) -> &'static str {
        "irfft"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        expect_kind("the argument", x.kind, Kind::Real)?;
        let count = frequencies(self.length());
        match &*x.shape {
            [batch @ .., 2, frequencies] if *frequencies == count && self.length() > 0 => {
                Ok(Type::real(batch.iter().copied().chain([self.length()]).collect::<Shape>()))
            }
            _ => Err(format!("the last axes must be two rows of {count} frequencies")),
        }
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (graph, length) = (v.graph(), self.length());
        let weights = multiplicities(graph, length) / length as f64;
        smallvec![Some(graph.apply(Rfft::new(length), &[v]) * weights)]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (mut transform, mut numbers) =
            (self.plan.make_input_vec(), self.plan.make_output_vec());
        let mut scratch = self.plan.make_scratch_vec();
        let (length, x) = (self.length(), args.real(0));
        let mut rows = x.rows().into_iter();
        for lane in out.real().rows_mut() {
            let (re, im) = (rows.next(), rows.next());
            let parts = re.into_iter().flatten().zip(im.into_iter().flatten());
            for (k, (to, (&re, &im))) in transform.iter_mut().zip(parts).enumerate() {
                // What adds nothing is an error to the library.
                let im = if k == 0 || 2 * k == length { 0.0 } else { im.to_f64() };
                (to.re, to.im) = (re.to_f64(), im);
            }
            self.plan
                .process_with_scratch(&mut transform, &mut numbers, &mut scratch)
                .expect("the buffers are the plan's own");
            let answers = numbers.iter().map(|x| T::from_f64(x / length as f64));
            lane.into_iter().zip(answers).for_each(|(y, x)| *y = x);
        }
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// The n real numbers whose transform has these real parts, and those imaginary parts, along the last axis: the inverse of
    /// [`rfft`](Var::rfft) (PyTorch's `fft.irfft`, with its factor 1/n).
    ///
    /// The number of frequencies, ⌊n/2⌋ + 1, does not tell whether n is even, so that it is asked for. Of more frequencies the
    /// last are left out, and of fewer those that lack are 0. The imaginary parts at frequency 0, and n/2 where n is even,
    /// count nothing, as they are 0 in the transform of real numbers.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let (re, im) = (g.constant(array![10.0, -2.0, -2.0]), g.constant(array![0.0, 2.0, 0.0]));
    /// assert_eq!(re.irfft(im, 4).eval()?, array![1.0, 2.0, 3.0, 4.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If they are scalars, not real, or not of one shape, or n is 0.
    #[track_caller]
    pub fn irfft(self, imaginary: Var<'g>, n: usize) -> Var<'g> {
        if self.rank() == 0 || n == 0 || self.ty() != imaginary.ty() {
            let rule =
                format!("takes two arrays of one shape with an axis, to {n} numbers, at least 1");
            misfit("irfft", rule, &[self, imaginary]);
        }
        let count = frequencies(n);
        let (re, im) = (fitted(self, count), fitted(imaginary, count));
        self.graph().apply(Irfft::new(n), &[self.graph().stack(&[re, im], -2)])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |shape: &[usize], n: usize| {
        let samples = [Sample::real(shape, -2.0..2.0), Sample::real(shape, -2.0..2.0)];
        Example::new("irfft", samples, move |_, x| x[0].irfft(x[1], n).square())
    };
    vec![of(&[3], 5), of(&[2, 4], 6), of(&[2, 1], 1), of(&[2], 2), of(&[3], 8), of(&[6], 4)]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::Array2;

    #[test]
    fn it_undoes_the_transform_of_even_and_odd_lengths() {
        for n in [1, 2, 3, 8, 13, 30] {
            let x = Array2::from_shape_fn((2, n), |(i, j)| (1.3 * j as f64 + i as f64).sin());
            let g = Graph::new();
            let (re, im) = g.constant(x.clone()).rfft();
            let back = re.irfft(im, n).eval().unwrap();
            approx::assert_abs_diff_eq!(back, x.into_dyn(), epsilon = 1e-14);
        }
    }

    #[test]
    fn imaginary_parts_at_the_ends_count_nothing_and_have_derivative_zero() {
        let g = Graph::new();
        for (n, ends) in [(4, vec![0, 2]), (5, vec![0])] {
            let (re, im) = (g.full([3], 1.0), g.full([3], 0.5));
            let gradient = re.irfft(im, n).exp().sum().grad(im).eval().unwrap();
            for k in 0..3 {
                assert_eq!(gradient[k].abs() < 1e-15, ends.contains(&k), "{n}: {gradient}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "takes two arrays of one shape")]
    fn the_parts_have_one_shape() {
        let g = Graph::new();
        g.full([3], 1.0).irfft(g.full([2], 1.0), 4);
    }
}

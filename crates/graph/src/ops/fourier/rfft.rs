//! The Fourier transform of real numbers.

use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex64;
use realfft::{RealFftPlanner, RealToComplex};
use smallvec::smallvec;

use super::super::registry::{Example, shaped};
use super::{Irfft, fitted, frequencies, multiplicities};
use crate::error::{exactly, expect_kind};
use crate::{
    Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var, misfit,
};

/// Xₖ = Σⱼ xⱼ·e^(−2πi·jk/n) for k = 0 … ⌊n/2⌋ of n numbers along the last axis: shape `[…, n]` in, `[…, 2, ⌊n/2⌋ + 1]` out,
/// the real parts in one row and the imaginary parts in another.
///
/// Cotangent: n times the inverse transform of V/w, where w counts how often a frequency stands in the whole transform
/// ([`Irfft`]).
///
/// Recorded by [`Var::rfft`](crate::Var::rfft).
#[derive(Clone)]
pub struct Rfft {
    plan: Arc<dyn RealToComplex<f64>>,
}

impl Rfft {
    /// Of so many numbers, at least one.
    pub fn new(length: usize) -> Self {
        Self { plan: RealFftPlanner::new().plan_fft_forward(length) }
    }

    /// How many numbers it transforms.
    pub fn length(&self) -> usize {
        self.plan.len()
    }
}

impl fmt::Debug for Rfft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rfft").field("length", &self.length()).finish()
    }
}

/// Of the same length, they are the same function.
impl PartialEq for Rfft {
    fn eq(&self, other: &Self) -> bool {
        self.length() == other.length()
    }
}

impl Operation for Rfft {
    fn name(&self) -> &'static str {
        "rfft"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        expect_kind("the argument", x.kind, Kind::Real)?;
        match &*x.shape {
            [batch @ .., length] if *length == self.length() && *length > 0 => {
                let parts = [2, frequencies(*length)];
                Ok(Type::real(batch.iter().copied().chain(parts).collect::<Shape>()))
            }
            _ => Err(format!("the last axis must have extent {}", self.length())),
        }
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (graph, length) = (v.graph(), self.length());
        let weights = length as f64 / multiplicities(graph, length);
        smallvec![Some(graph.apply(Irfft::new(length), &[v * weights]))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (mut numbers, mut transform) =
            (self.plan.make_input_vec(), self.plan.make_output_vec());
        let mut scratch = self.plan.make_scratch_vec();
        let x = args.real(0);
        let mut rows = out.real().rows_mut().into_iter();
        for lane in x.rows() {
            numbers.iter_mut().zip(lane).for_each(|(to, &from)| *to = from.to_f64());
            self.plan
                .process_with_scratch(&mut numbers, &mut transform, &mut scratch)
                .expect("the buffers are the plan's own");
            let mut write = |part: fn(&Complex64) -> f64| {
                let row = rows.next().expect("two rows for each lane");
                row.into_iter().zip(&transform).for_each(|(y, x)| *y = T::from_f64(part(x)));
            };
            write(|x| x.re);
            write(|x| x.im);
        }
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// The Fourier transform of the numbers along the last axis, Xₖ = Σⱼ xⱼ·e^(−2πi·jk/n) for k = 0 … ⌊n/2⌋: real parts and
    /// imaginary parts, each of shape `[…, ⌊n/2⌋ + 1]`. The other half is their conjugate. (PyTorch's `fft.rfft`, not
    /// normalised.)
    ///
    /// There are no complex numbers: two arrays stand for one, so that formulas read as on paper. The modulus is
    /// `re.hypot(im)`; the product with c + i·d is `re * c - im * d` and `re * d + im * c`.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let (re, im) = g.constant(array![1.0, 2.0, 3.0, 4.0]).rfft();
    /// assert_eq!(re.eval()?, array![10.0, -2.0, -2.0].into_dyn());
    /// assert_eq!(im.eval()?, array![0.0, 2.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this is a scalar or not real, or there are no numbers along the last axis.
    #[track_caller]
    pub fn rfft(self) -> (Var<'g>, Var<'g>) {
        match self.shape().last() {
            Some(&length) => self.rfft_n(length),
            None => misfit("rfft", "a scalar has no axis to transform along", &[self]),
        }
    }

    /// The [`rfft`](Var::rfft) of n numbers: the first n along the last axis, or all with zeros behind them.
    ///
    /// # Panics
    /// If this is a scalar or not real, or n is 0.
    #[track_caller]
    pub fn rfft_n(self, n: usize) -> (Var<'g>, Var<'g>) {
        if self.rank() == 0 || n == 0 {
            let rule = format!("takes an axis and at least one number of it, and is to take {n}");
            misfit("rfft", rule, &[self]);
        }
        let parts = self.graph().apply(Rfft::new(n), &[fitted(self, n)]);
        (parts.index_axis(-2, 0), parts.index_axis(-2, 1))
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |shape: &[usize], n: usize| {
        shaped("rfft", shape, move |x| {
            let (re, im) = x.rfft_n(n);
            re.square() + 3.0 * im.square() + re * im + im.sin()
        })
    };
    vec![of(&[5], 5), of(&[2, 6], 6), of(&[2, 1], 1), of(&[2, 2, 2], 2), of(&[3], 8), of(&[7], 4)]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::Array1;
    use std::f64::consts::TAU;

    #[test]
    fn it_is_the_sum_of_the_definition() {
        for n in [1, 2, 3, 8, 13, 30] {
            let x = Array1::from_shape_fn(n, |j| (1.3 * j as f64 + 0.4).sin());
            let g = Graph::new();
            let (re, im) = g.constant(x.clone()).rfft();
            let (re, im) = (re.eval().unwrap(), im.eval().unwrap());
            assert_eq!(re.len(), n / 2 + 1);
            for k in 0..=n / 2 {
                let angle = |j: usize| -TAU * (j * k % n) as f64 / n as f64;
                let sum = |part: fn(f64) -> f64| -> f64 {
                    x.iter().enumerate().map(|(j, x)| x * part(angle(j))).sum()
                };
                assert!((re[k] - sum(f64::cos)).abs() < 1e-13, "{n}, {k}");
                assert!((im[k] - sum(f64::sin)).abs() < 1e-13, "{n}, {k}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "a scalar has no axis to transform along")]
    fn a_scalar_has_none() {
        Graph::new().full([], 1.0).rfft();
    }

    #[test]
    #[should_panic(expected = "takes an axis and at least one number of it, and is to take 0")]
    fn no_numbers_have_none() {
        Graph::new().full([3, 0], 1.0).rfft();
    }
}

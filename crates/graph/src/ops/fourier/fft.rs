//! The Fourier transform of complex numbers, and its inverse.

use std::fmt;
use std::sync::Arc;

use rustfft::num_complex::Complex64;
use rustfft::{FftDirection, FftPlanner};
use smallvec::smallvec;

use super::super::registry::{Example, Sample};
use crate::error::{exactly, expect_kind};
use crate::{Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Type, Var};

/// Xₖ = Σⱼ xⱼ·e^(∓2πi·jk/n) for k = 0 … n − 1, minus forward and plus backward: shape `[…, 2, n]` in and out, the real parts in
/// one row and the imaginary parts in another. Neither direction is scaled.
///
/// Cotangent: the transform of V in the other direction, as the matrix of the sums is symmetric, and its adjoint therefore its
/// conjugate.
///
/// Recorded by [`Var::fft`](crate::Var::fft) and [`Var::ifft`](crate::Var::ifft).
#[derive(Clone)]
pub struct Fft {
    plan: Arc<dyn rustfft::Fft<f64>>,
}

impl Fft {
    /// Of so many numbers, at least one.
    pub fn new(length: usize) -> Self {
        Self::toward(FftDirection::Forward, length)
    }

    /// The same sums with the conjugate exponents: n times the inverse.
    pub fn backward(length: usize) -> Self {
        Self::toward(FftDirection::Inverse, length)
    }

    fn toward(direction: FftDirection, length: usize) -> Self {
        Self { plan: FftPlanner::new().plan_fft(length, direction) }
    }

    /// How many numbers it transforms.
    pub fn length(&self) -> usize {
        self.plan.len()
    }

    /// Whether it is the one with minus in its exponents.
    pub fn is_forward(&self) -> bool {
        self.plan.fft_direction() == FftDirection::Forward
    }
}

impl fmt::Debug for Fft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Fft");
        fields.field("length", &self.length()).field("forward", &self.is_forward()).finish()
    }
}

/// Of the same length and direction, they are the same function.
impl PartialEq for Fft {
    fn eq(&self, other: &Self) -> bool {
        (self.length(), self.is_forward()) == (other.length(), other.is_forward())
    }
}

impl Operation for Fft {
    fn name(&self) -> &'static str {
        if self.is_forward() { "fft" } else { "ifft" }
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        expect_kind("the argument", x.kind, Kind::Real)?;
        match &*x.shape {
            [.., 2, length] if *length == self.length() && *length > 0 => Ok(x.clone()),
            _ => Err(format!("the last axes must be two rows of {} numbers", self.length())),
        }
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let direction = self.plan.fft_direction().opposite_direction();
        smallvec![Some(v.graph().apply(Self::toward(direction, self.length()), &[v]))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let mut numbers = vec![Complex64::default(); self.length()];
        let mut scratch = vec![Complex64::default(); self.plan.get_inplace_scratch_len()];
        let x = args.real(0);
        let mut rows = x.rows().into_iter();
        let mut written = out.real().rows_mut().into_iter();
        while let (Some(re), Some(im)) = (rows.next(), rows.next()) {
            for (to, (&re, &im)) in numbers.iter_mut().zip(re.into_iter().zip(im)) {
                *to = Complex64::new(re.to_f64(), im.to_f64());
            }
            self.plan.process_with_scratch(&mut numbers, &mut scratch);
            let (re, im) = (written.next(), written.next());
            let parts = re.into_iter().flatten().zip(im.into_iter().flatten());
            for ((re, im), x) in parts.zip(&numbers) {
                (*re, *im) = (T::from_f64(x.re), T::from_f64(x.im));
            }
        }
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// The Fourier transform of complex numbers along the last axis, of which this holds the real parts,
    /// Xₖ = Σⱼ xⱼ·e^(−2πi·jk/n) for k = 0 … n − 1: real parts and imaginary parts, each of the same shape. (PyTorch's
    /// `fft.fft`, not normalised. Times n^(−½), it is the one of norm `ortho`.)
    ///
    /// That of real numbers is told by half of it: [`rfft`](Var::rfft). Along other axes, and several: [`fftn`](Var::fftn).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// // e^(2πi·j/4) has the one frequency 1.
    /// let (re, im) = (g.constant(array![1.0, 0.0, -1.0, 0.0]), g.constant(array![0.0, 1.0, 0.0, -1.0]));
    /// let (re, im) = re.fft(im);
    /// assert_eq!(re.eval()?, array![0.0, 4.0, 0.0, 0.0].into_dyn());
    /// assert_eq!(im.eval()?, array![0.0, 0.0, 0.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If they are scalars, not real, or not of one shape, or there are no numbers along the last axis.
    #[track_caller]
    pub fn fft(self, imaginary: Var<'g>) -> (Var<'g>, Var<'g>) {
        self.fftn(imaginary, [-1])
    }

    /// The complex numbers along the last axis whose transform has these real parts, and those imaginary parts: the inverse of
    /// [`fft`](Var::fft), xⱼ = (1/n)·Σₖ Xₖ·e^(2πi·jk/n) (PyTorch's `fft.ifft`, with its factor 1/n).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let (re, im) = (g.constant(array![0.0, 4.0, 0.0, 0.0]), g.full([4], 0.0));
    /// let (re, im) = re.ifft(im);
    /// assert_eq!(re.eval()?, array![1.0, 0.0, -1.0, 0.0].into_dyn());
    /// assert_eq!(im.eval()?, array![0.0, 1.0, 0.0, -1.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If they are scalars, not real, or not of one shape, or there are no numbers along the last axis.
    #[track_caller]
    pub fn ifft(self, imaginary: Var<'g>) -> (Var<'g>, Var<'g>) {
        self.ifftn(imaginary, [-1])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |name, shape: &[usize], inverse: bool| {
        let samples = [Sample::real(shape, -2.0..2.0), Sample::real(shape, -2.0..2.0)];
        Example::new(name, samples, move |_, x| {
            let (re, im) = if inverse { x[0].ifft(x[1]) } else { x[0].fft(x[1]) };
            re.square() + 3.0 * im.square() + re * im + im.sin()
        })
    };
    let shapes: [&[usize]; 4] = [&[5], &[2, 6], &[2, 1], &[2, 2, 2]];
    let both = |shape: &&[usize]| [of("fft", shape, false), of("ifft", shape, true)];
    shapes.iter().flat_map(both).collect()
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::Array1;
    use std::f64::consts::TAU;

    #[test]
    fn it_is_the_sum_of_the_definition_and_undone_by_the_inverse() {
        for n in [1, 2, 3, 8, 13, 30] {
            let re = Array1::from_shape_fn(n, |j| (1.3 * j as f64 + 0.4).sin());
            let im = Array1::from_shape_fn(n, |j| (0.7 * j as f64 - 0.1).cos());
            let g = Graph::new();
            let (x, y) = g.constant(re.clone()).fft(g.constant(im.clone()));
            let back = <[_; 2]>::from(x.ifft(y)).map(|part| part.eval().unwrap());
            let (x, y) = (x.eval().unwrap(), y.eval().unwrap());
            for k in 0..n {
                let (mut real, mut imaginary) = (0.0, 0.0);
                for (j, (a, b)) in re.iter().zip(&im).enumerate() {
                    let (sin, cos) = (-TAU * (j * k % n) as f64 / n as f64).sin_cos();
                    real += a * cos - b * sin;
                    imaginary += a * sin + b * cos;
                }
                assert!((x[k] - real).abs() < 1e-13, "{n}, {k}");
                assert!((y[k] - imaginary).abs() < 1e-13, "{n}, {k}");
            }
            approx::assert_abs_diff_eq!(back[0], re.into_dyn(), epsilon = 1e-14);
            approx::assert_abs_diff_eq!(back[1], im.into_dyn(), epsilon = 1e-14);
        }
    }

    #[test]
    #[should_panic(expected = "takes two arrays of one shape")]
    fn the_parts_have_one_shape() {
        let g = Graph::new();
        g.full([3], 1.0).fft(g.full([2], 1.0));
    }
}

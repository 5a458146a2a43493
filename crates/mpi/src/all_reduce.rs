//! Sums over all ranks, as an operation.

use std::cell::Cell;

use cotangent::{
    Args, Batch, Cotangents, Fault, Graph, Kind, Operation, Out, RunResult, Scalar, Type, Var,
};

use crate::engine;

/// What it is called: programs tell it, too.
pub(crate) const NAME: &str = "all_reduce";

thread_local! {
    /// How many more there may be in this run, and why none beyond.
    static LEFT: Cell<(usize, &'static str)> = const { Cell::new((usize::MAX, "")) };
}

/// Lets a run ask all ranks so often. One that asks again asks alone, and would wait for ever.
pub(crate) fn allow(times: usize, beyond: &'static str) {
    LEFT.set((times, beyond));
}

/// y = Σᵣ xᵣ, over all ranks: elementwise, the same on all. It is exact to the rounding of one number, as it is computed in double
/// precision.
///
/// All ranks compute it, equally often and in the same order: as they do where they run the same program.
///
/// The derivative is that of the mean loss of all rows, in which a rank with w of W rows has the weight w/W, while every rank
/// computes the gradient of its own: with the cotangents v,
///
/// > x̄ᵣ = (1/wᵣ)·Σₛ wₛ·vₛ
///
/// so that Σᵣ wᵣ·x̄ᵣ·dxᵣ is what the sum contributes to W times the loss. This is an operation of the same kind, and so there are
/// derivatives of any order.
///
/// Recorded by [`all_reduce`].
#[derive(Clone, Debug, PartialEq)]
pub struct AllReduce {
    /// w, how many rows this rank has.
    pub weight: f64,
}

impl Operation for AllReduce {
    fn name(&self) -> &'static str {
        NAME
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        match inputs {
            [x] if x.kind == Kind::Real => Ok(x.clone()),
            _ => Err("what is summed over all ranks is one array of reals".to_owned()),
        }
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let sum = v.graph().apply(self.clone(), &[v * self.weight]);
        [Some(sum / self.weight)].into_iter().collect()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (left, beyond) = LEFT.get();
        if left == 0 {
            let (operation, rule) = (NAME.to_owned(), beyond.to_owned());
            return Err(Fault::Refused { operation, rule, inputs: String::new() });
        }
        LEFT.set((left - 1, beyond));
        let mut values: Vec<f64> = args.real(0).iter().map(|&x| x.to_f64()).collect();
        engine::sum(&mut values, "a sum within the program");
        out.real().iter_mut().zip(values).for_each(|(y, sum)| *y = T::from_f64(sum));
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

/// The sum of an array over all ranks, elementwise, for a loss that is the mean over rows of which this rank has so many: see
/// [`AllReduce`].
///
/// What is constant while recording is summed when the program is compiled, which ranks do not do at the same time: an array
/// that all are to sum depends on an input or a parameter.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent_mpi::all_reduce;
///
/// # cotangent_mpi::launch(|world| {
/// let g = Graph::new();
/// let x = g.constant(array![1.0, 2.0]);
/// let sum = all_reduce(x, 1);
/// assert_eq!(sum.eval()?, array![1.0, 2.0].into_dyn() * world.size() as f64);
/// // The sum of all is in the loss of each.
/// assert_eq!(sum.sum().grad(x).eval()?, array![1.0, 1.0].into_dyn() * world.size() as f64);
/// # Ok::<(), cotangent::RunError>(()) });
/// ```
///
/// # Panics
/// If x is not of reals, or `rows` is 0.
#[track_caller]
pub fn all_reduce(x: Var<'_>, rows: usize) -> Var<'_> {
    assert!(rows > 0, "a rank that sums over all has rows, and this one has none");
    let graph: &Graph = x.graph();
    graph.apply(AllReduce { weight: rows as f64 }, &[x])
}

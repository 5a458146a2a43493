//! The one product with sums: over any axes of two arrays.

use ndarray::IxDyn;
use smallvec::{SmallVec, smallvec};

use super::matmul::multiply;
use crate::Lowering;
use crate::error::{exactly, expect_kind};
use crate::ops::Permute;
use crate::ops::registry::{Example, Sample};
use crate::short::Short;
use crate::sorted::sort_by;
use crate::{Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var};

/// A list of axes.
pub type AxisList = SmallVec<[usize; 4]>;

/// C[b…, m…, n…] = Σ A[b…, m…, k…]·B[b…, k…, n…] over groups of axes (JAX's `dot_general`): the axes
/// k are summed, the axes b are a batch, and each of the others is one of A alone or of B alone. The
/// result has the axes b as they are listed, then those of A alone and those of B alone in their order.
///
/// Matrix products, batches of them, outer products, Einstein's sums and convolutions are instances.
/// Cotangents: V contracted with B over n, and with A over m.
///
/// Recorded by [`Var::contract`](crate::Var::contract).
#[derive(Clone, Debug)]
pub struct Contract {
    /// What messages call it: `matmul`, `conv2d`, …
    pub name: &'static str,
    /// The batch axes of A, and those of B that go with them.
    pub batch: [AxisList; 2],
    /// The summed axes of A, and those of B that go with them.
    pub sums: [AxisList; 2],
}

/// The name says nothing of the result.
impl PartialEq for Contract {
    fn eq(&self, other: &Self) -> bool {
        self.batch == other.batch && self.sums == other.sums
    }
}

impl Contract {
    /// The axes of factor `of`, whose rank is given, that the other has not.
    pub fn alone(&self, of: usize, rank: usize) -> AxisList {
        let shared = |axis: &usize| self.batch[of].contains(axis) || self.sums[of].contains(axis);
        (0..rank).filter(|axis| !shared(axis)).short()
    }

    fn check(&self, of: usize, shape: &Shape) -> Result<(), String> {
        let mut listed: AxisList = self.batch[of].iter().chain(&self.sums[of]).copied().short();
        listed.sort_unstable();
        let outside = listed.last().is_some_and(|&axis| axis >= shape.rank());
        if outside || listed.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(format!("axes {listed:?} are listed for factor {of}, {shape}"));
        }
        Ok(())
    }

    /// The axes of a factor as matrices [batch, own axes, sums], or [batch, sums, own axes] for the second, one after the
    /// other, and the extents of those.
    fn matrices(&self, of: usize, shape: &[usize]) -> (Vec<usize>, [usize; 3]) {
        let alone = self.alone(of, shape.len());
        let groups: [&[usize]; 3] = if of == 0 {
            [&self.batch[0], &alone, &self.sums[0]]
        } else {
            [&self.batch[1], &self.sums[1], &alone]
        };
        let size = |axes: &[usize]| axes.iter().map(|&axis| shape[axis]).product();
        (groups.concat(), groups.map(size))
    }
}

impl Operation for Contract {
    fn name(&self) -> &'static str {
        self.name
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a, b] = exactly(inputs)?;
        expect_kind("the first factor", a.kind, Kind::Real)?;
        expect_kind("the second factor", b.kind, Kind::Real)?;
        self.check(0, &a.shape)?;
        self.check(1, &b.shape)?;
        for [of_a, of_b] in [&self.batch, &self.sums] {
            let extents = |shape: &Shape, axes: &AxisList| -> Vec<usize> {
                axes.iter().map(|&axis| shape[axis]).collect()
            };
            let (of_a, of_b) = (extents(&a.shape, of_a), extents(&b.shape, of_b));
            if of_a != of_b {
                return Err(format!(
                    "the shared axes must have the same extents, and have {of_a:?} in {} and {of_b:?} \
                     in {}",
                    a.shape, b.shape
                ));
            }
        }
        let batch = self.batch[0].iter().map(|&axis| a.shape[axis]);
        let rows = self.alone(0, a.shape.rank()).into_iter().map(|axis| a.shape[axis]);
        let columns = self.alone(1, b.shape.rank()).into_iter().map(|axis| b.shape[axis]);
        Ok(Type::real(batch.chain(rows).chain(columns).collect::<Shape>()))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (a, b) = (inputs[0], inputs[1]);
        let batch: AxisList = (0..self.batch[0].len()).short();
        let rows = self.alone(0, a.rank());
        let columns = self.alone(1, b.rank());
        let (first, middle) = (batch.len(), batch.len() + rows.len());
        let of_rows: AxisList = (first..middle).short();
        let of_columns: AxisList = (middle..middle + columns.len()).short();
        // Its axes: the batch, those of A alone, and the sums in the order of B.
        let to_a = Contract {
            name: self.name,
            batch: [batch.clone(), self.batch[1].clone()],
            sums: [of_columns, columns.clone()],
        };
        let of_a = a.graph().apply(to_a, &[v, b]);
        let axes = self.batch[0].iter().chain(&rows).copied().chain(sorted_with(&self.sums, 1));
        // Its axes: the batch, the sums in the order of A, and those of B alone.
        let to_b = Contract {
            name: self.name,
            batch: [self.batch[0].clone(), batch],
            sums: [rows.clone(), of_rows],
        };
        let of_b = a.graph().apply(to_b, &[a, v]);
        let axes_b = self.batch[1].iter().copied().chain(sorted_with(&self.sums, 0)).chain(columns);
        smallvec![Some(arranged(of_a, axes.short())), Some(arranged(of_b, axes_b.short()))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (a, b) = (args.real(0), args.real(1));
        let (order_a, [batch, rows, inner]) = self.matrices(0, a.shape());
        let (order_b, [.., columns]) = self.matrices(1, b.shape());
        let (a, b) = (a.permuted_axes(IxDyn(&order_a)), b.permuted_axes(IxDyn(&order_b)));
        let (a, b) = (a.as_standard_layout(), b.as_standard_layout());
        let [a, b] = [&a, &b].map(|x| x.as_slice().expect("standard layout"));
        let out = out.real().as_slice_mut().expect("an output is in row-major order");
        let part = |i: usize, size: usize| i * size..(i + 1) * size;
        for i in 0..batch {
            let factors = [&a[part(i, rows * inner)], &b[part(i, inner * columns)]];
            multiply(factors, inner, columns, &mut out[part(i, rows * columns)]);
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Contract(self.clone())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let sampled = [batch.is_sampled(0), batch.is_sampled(1)];
        // The samples are a batch, or an axis of the one factor that has them.
        let behind = |of: usize, axes: &AxisList| -> AxisList {
            axes.iter().map(|axis| axis + usize::from(sampled[of])).short()
        };
        let both = |axes: &[AxisList; 2]| [behind(0, &axes[0]), behind(1, &axes[1])];
        let mut each = Self { name: self.name, batch: both(&self.batch), sums: both(&self.sums) };
        let (a, b) = (batch.given(0), batch.given(1));
        if sampled == [true; 2] {
            each.batch.iter_mut().for_each(|axes| axes.insert(0, 0));
            return Some(a.graph().apply(each, &[a, b]));
        }
        let alone = self.alone(0, batch.ty(0).shape.rank()).len();
        let at = self.batch[0].len() + if sampled[0] { 0 } else { alone };
        let product = a.graph().apply(each, &[a, b]);
        let order = [at].into_iter().chain(0..at).chain(at + 1..product.rank());
        Some(if at == 0 {
            product
        } else {
            product.graph().apply(Permute { order: order.short() }, &[product])
        })
    }
}

/// The summed axes of the factor that is not `by`, in the order of the axes of factor `by`.
fn sorted_with(sums: &[AxisList; 2], by: usize) -> AxisList {
    let (own, others) = (&sums[by], &sums[1 - by]);
    let mut pairs: Vec<usize> = (0..own.len()).collect();
    sort_by(&mut pairs, &|i, j| own[i].cmp(&own[j]));
    pairs.into_iter().map(|pair| others[pair]).short()
}

/// An array whose axis i is to become axis `axes[i]`.
fn arranged<'g>(x: Var<'g>, axes: AxisList) -> Var<'g> {
    if axes.iter().copied().eq(0..axes.len()) {
        return x;
    }
    let mut order: SmallVec<[isize; 4]> = smallvec![0; axes.len()];
    for (i, axis) in axes.into_iter().enumerate() {
        order[axis] = i as isize;
    }
    x.permute(order)
}

impl<'g> Var<'g> {
    /// The product with another array, summed over axes of both, with axes that both share as a batch:
    /// see [`Contract`]. The pairs are (axis of this, axis of the other).
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// let (a, b) = (g.full([5, 2, 3], 1.0), g.full([3, 4, 5], 1.0));
    /// assert_eq!(a.contract(b, &[(0, 2)], &[(2, 0)]).shape(), [5, 2, 4].into());
    /// ```
    ///
    /// # Panics
    /// If a factor is not real, an axis does not exist or is listed twice, or extents differ.
    #[track_caller]
    pub fn contract(
        self,
        other: Var<'g>,
        batch: &[(usize, usize)],
        sums: &[(usize, usize)],
    ) -> Var<'g> {
        self.contracted("contract", other, batch, sums)
    }

    /// See [`contract`](Self::contract).
    #[track_caller]
    pub(in crate::ops) fn contracted(
        self,
        name: &'static str,
        other: Var<'g>,
        batch: &[(usize, usize)],
        sums: &[(usize, usize)],
    ) -> Var<'g> {
        let split = |pairs: &[(usize, usize)]| {
            [pairs.iter().map(|pair| pair.0).short(), pairs.iter().map(|pair| pair.1).short()]
        };
        let contract = Contract { name, batch: split(batch), sums: split(sums) };
        self.graph().apply(contract, &[self, other])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |a: &[usize], b: &[usize], batch, sums| {
        let samples = [Sample::real(a, -1.0..1.0), Sample::real(b, -1.0..1.0)];
        Example::new("contract", samples, move |_, x| x[0].contract(x[1], batch, sums))
    };
    vec![
        of(&[2, 3], &[3, 4], &[], &[(1, 0)]),
        of(&[2, 3, 4], &[4, 2, 3], &[(1, 2)], &[(2, 0), (0, 1)]),
        of(&[2, 3], &[2], &[], &[]),
        of(&[2, 3], &[3, 2], &[], &[(1, 0), (0, 1)]),
        of(&[2, 3, 2], &[3, 2, 2], &[(0, 2), (1, 0)], &[(2, 1)]),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;

    #[test]
    fn a_contraction_is_the_einstein_sum_of_its_axes() {
        let g = Graph::new();
        let numbers = |shape: [usize; 3]| {
            let mut at = 0.0;
            let array = ndarray::Array3::from_shape_simple_fn(shape, || {
                at += 1.0;
                (1.7_f64 * at).sin()
            });
            g.constant(array)
        };
        let (a, b) = (numbers([2, 3, 4]), numbers([4, 2, 5]));
        let ours = a.contract(b, &[(0, 1)], &[(2, 0)]).eval().unwrap();
        let named = g.einsum("bmk,kbn->bmn", &[a, b]).eval().unwrap();
        approx::assert_relative_eq!(ours, named, epsilon = 1e-14);
    }

    #[test]
    #[should_panic(expected = "the shared axes must have the same extents, and have [3] in [2, 3]")]
    fn shared_axes_agree() {
        let g = Graph::new();
        g.full([2, 3], 1.0).contract(g.full([2, 3], 1.0), &[], &[(1, 0)]);
    }
}

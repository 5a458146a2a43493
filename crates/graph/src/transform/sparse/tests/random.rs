//! Random graphs: sparse matrices are the dense ones.

use proptest::prelude::*;

use super::*;
use crate::{Graph, Place, keep};

/// An operation: which, and on what.
type Step = (u8, u8, u8);

/// The most elements of an array.
const MOST: usize = 40;

/// Records what the steps say, on variables of a few elements; answers what may be an output.
fn record<'g>(g: &'g Graph, steps: &[Step]) -> (Vec<Var<'g>>, Vec<Var<'g>>) {
    let shapes = [vec![5], vec![3, 4], vec![4], vec![2, 1, 3]];
    let variables: Vec<Var<'g>> = shapes
        .into_iter()
        .zip(1..)
        .map(|(shape, stream)| g.constant(reals(shape, stream)))
        .collect();
    let mut values = variables.clone();
    for &(operation, a, b) in steps {
        let [x, y] = [a, b].map(|number| values[number as usize % values.len()]);
        let made = apply(g, operation, x, y, usize::from(a) ^ usize::from(b));
        values.extend(made.filter(|made| made.shape().size() <= MOST));
    }
    (variables, values)
}

/// One of the operations, if it takes these.
fn apply<'g>(g: &'g Graph, which: u8, x: Var<'g>, y: Var<'g>, more: usize) -> Option<Var<'g>> {
    let shape = x.shape();
    let axis = more % shape.rank().max(1);
    let (extent, at) = (shape.get(axis).copied(), axis as isize);
    let broadcast = || shape.broadcast(&y.shape()).filter(|shape| shape.size() <= MOST);
    let indices = |count: usize, extent: usize| {
        let numbers = (0..count).map(|i| ((i * i + more) % extent) as i64);
        g.constant(ndarray::Array1::from_iter(numbers))
    };
    let elementwise = which % 24 < 9;
    let extent = extent.unwrap_or(0);
    if !elementwise && (shape.is_empty() || extent == 0) {
        return None;
    }
    Some(match which % 24 {
        0 => x.tanh(),
        1 => x.square(),
        2 => x.relu(),
        3 => x.softplus(),
        4 => broadcast().map(|_| x + y)?,
        5 => broadcast().map(|_| x * y)?,
        6 => broadcast().map(|_| x / (1.5 + y.tanh()))?,
        7 => broadcast().map(|_| x.gt(0.1).select(x, y))?,
        8 => broadcast().map(|_| x.maximum(y))?,
        9 => x.sum_over(keep(at)),
        10 => x.mean_over(at),
        11 => x.tanh().prod_over(at),
        12 => x.logsumexp_over(keep(at)),
        13 => x.softmax(at),
        14 => x.slice_axis(at, more % extent..),
        15 => x.slice_axis(at, crate::Span::from(..).step(-2)),
        16 => (shape == y.shape()).then(|| g.concat(&[x, y], at))?,
        17 => x.pad(vec![(more % 2, 1); shape.rank()], 0.3),
        18 if shape.rank() > 1 => x.t().flatten(),
        18 => x.slice_axis(at, extent..),
        19 => x.take(at, indices(1 + more % 4, extent)),
        20 => {
            let count = 1 + more % 3;
            let source = x.sum_over(keep(at)).broadcast_to(shape.with(axis, count));
            x.index_add(at, indices(count, extent), source)
        }
        21 => {
            let mut place = Place::whole(&shape);
            place.strides.push(place.strides[axis]);
            place.shape = shape.with(axis, extent - 1).inserted(shape.rank(), 2);
            (place.shape.size() > 0).then(|| x.view(place))?
        }
        22 => (shape.rank() == 2 && shape[1] == *y.shape().last()?)
            .then(|| if y.rank() > 1 { y.matmul(x.t()) } else { x.matmul(y) })?,
        _ => x.cumsum(at),
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<Step>(), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn jacobians_of_random_graphs(steps in steps()) {
        let g = Graph::new();
        let (variables, values) = record(&g, &steps);
        let gradient = Gradient::of(*values.last().unwrap()).zeros_without_path();
        check_jacobian("random", gradient, &variables);
    }

    #[test]
    fn hessians_of_random_graphs(steps in steps()) {
        let g = Graph::new();
        let (variables, values) = record(&g, &steps);
        let loss = values.iter().rev().take(3).map(|&y| weighed(y.sin())).reduce(|a, b| a + b);
        let gradient = Gradient::of(loss.unwrap()).zeros_without_path();
        check_hessian("random", gradient, &variables);
    }
}

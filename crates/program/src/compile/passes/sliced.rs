//! Slices of a product's columns become products of the slices, where a loop works on them.
//!
//! The four gates of a recurrent layer are one product, of which each is a slice. As products of their own they belong to one
//! loop with what is computed of them, and the product is not stored.

use std::collections::HashMap;
use std::ops::Range;

use graph::ops::Contract;
use graph::reading::NodeId;
use graph::rewriting::Target;
use graph::{Graph, Lowering, Place};

use super::stacked::{live, recorded, uses};

/// A product is cut into no narrower slices.
const NARROWEST: usize = 8;

pub(super) fn slices_of_products(target: Target) -> Target {
    let slices = slices(&target);
    if slices.is_empty() {
        return target;
    }
    recorded(&target, |graph, id, again, var| {
        let Some(Slice { product, axis, columns }) = slices.get(&id) else { return again() };
        let [a, b] = [0, 1].map(|of| var(target.graph.node_inputs(*product)[of]));
        let whole = Place::whole(b.shape());
        let part = Place {
            offset: columns.start * whole.strides[*axis] as usize,
            shape: whole.shape.with(*axis, columns.len()),
            strides: whole.strides,
        };
        graph.apply(contract_of(&target.graph, *product), &[a, b.view(part)])
    })
}

/// A slice of a product's columns, which are an axis of the second factor.
struct Slice {
    product: NodeId,
    axis: usize,
    columns: Range<usize>,
}

/// The views that are slices of products which nothing else reads.
fn slices(target: &Target) -> HashMap<NodeId, Slice> {
    let graph = &target.graph;
    let uses = uses(target);
    let mut readers: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
    for id in live(&uses) {
        for input in graph.node_inputs(id) {
            readers.entry(input).or_default().push(id);
        }
    }
    let none = Vec::new();
    let read_by = |id: &NodeId| readers.get(id).unwrap_or(&none);
    let elementwise = |id: &NodeId| {
        graph.node(*id, |node| {
            matches!(node.op.lower(), Lowering::Map(_) | Lowering::Zip(_) | Lowering::Select)
        })
    };
    let mut slices = HashMap::new();
    for product in live(&uses) {
        let Some(axis) = column_axis(graph, product) else { continue };
        let views = read_by(&product);
        let columns = views.iter().map(|&view| slice_of_columns(graph, product, view));
        let Some(columns) = columns.collect::<Option<Vec<_>>>() else { continue };
        let worked_on = views.iter().all(|view| read_by(view).iter().any(elementwise));
        if views.len() > 1
            && views.len() == uses[product.index()]
            && worked_on
            && are_apart(&columns)
        {
            let of_product = columns.into_iter().map(|columns| Slice { product, axis, columns });
            slices.extend(views.iter().copied().zip(of_product));
        }
    }
    slices
}

fn are_apart(columns: &[Range<usize>]) -> bool {
    let mut sorted: Vec<_> = columns.iter().map(|columns| (columns.start, columns.end)).collect();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0].1 <= pair[1].0)
}

fn contract_of(graph: &Graph, product: NodeId) -> Contract {
    match graph.node(product, |node| node.op.lower()) {
        Lowering::Contract(contract) => contract,
        _ => unreachable!("a slice that was found is of a product"),
    }
}

/// The one axis of the second factor of a product that its columns are.
fn column_axis(graph: &Graph, product: NodeId) -> Option<usize> {
    let Lowering::Contract(contract) = graph.node(product, |node| node.op.lower()) else {
        return None;
    };
    let rank = graph.node(graph.node_inputs(product)[1], |node| node.ty.shape.rank());
    let [axis] = contract.alone(1, rank)[..] else { return None };
    Some(axis)
}

/// From where to where a view is of the columns of a product, if it is of all its rows.
fn slice_of_columns(graph: &Graph, product: NodeId, view: NodeId) -> Option<Range<usize>> {
    let Lowering::View(place) = graph.node(view, |node| node.op.lower()) else { return None };
    let shape = graph.node(product, |node| node.ty.shape.clone());
    let (&columns, rows) = shape.split_last()?;
    let (&part, same) = place.shape.split_last()?;
    let slice = rows == same && place.strides == Place::whole(&shape).strides;
    let fits = part >= NARROWEST && place.offset + part <= columns;
    (slice && fits).then(|| place.offset..place.offset + part)
}

#[cfg(test)]
mod tests {
    use super::super::sweep;
    use super::super::testing::Passed;
    use super::*;
    use crate::compile::passes::expand::expand;

    fn passed(build: impl for<'g> Fn(&'g Graph) -> graph::Var<'g>) -> Passed {
        Passed::through(
            |target| slices_of_products(sweep(&expand(&target.graph, &target.outputs), &[])),
            build,
        )
    }

    #[test]
    fn slices_that_are_worked_on_are_products() {
        let halves = passed(|g| {
            let (x, w) = (g.input("x", [3, 4]), g.input("w", [4, 16]));
            let parts = x.matmul(w).split(&[8, 8], 1);
            parts[0].exp() * parts[1]
        });
        let text = halves.text();
        assert_eq!(text.matches("matmul(x, view)").count(), 2, "{text}");
        halves.keeps_values(1e-15);
    }

    #[test]
    fn a_product_that_is_read_whole_too_stays_one() {
        let both = passed(|g| {
            let (x, w) = (g.input("x", [3, 4]), g.input("w", [4, 16]));
            let z = x.matmul(w);
            let parts = z.split(&[8, 8], 1);
            (parts[0].exp() * parts[1]).sum() + z.sin().sum()
        });
        assert_eq!(both.text().matches("matmul(x").count(), 1, "{}", both.text());
    }
}

//! Many small products become one large one.
//!
//! What is written for every step of time, or every part of an array, by itself, costs more than it computes: each product
//! copies its factors, and adds to or reads a result that is larger than they are. A whole pass looks at uses, and so is no
//! rule for one node.

use std::collections::HashMap;

use graph::ops::Contract;
use graph::reading::NodeId;
use graph::rewriting::Target;
use graph::{Graph, Lowering, Place, Shape, Var, ZipWord};

/// Σₜ Aₜ·Bₜ becomes the product of all Aₜ, stacked, with all Bₜ, summed over t as well: the gradient of a weight that is used
/// at every step is one product. The stacks cost nothing where the parts are computed in them. Not the same bits: the same
/// terms in another order.
pub(super) fn sums_of_products(target: Target) -> Target {
    let found = Sums::of(&target);
    if found.products.is_empty() {
        return target;
    }
    recorded(&target, |graph, id, again, var| match found.products.get(&id) {
        None => again(),
        Some(Sum { products, others }) => {
            let factor = |of: usize| {
                let parts: Vec<Var<'_>> =
                    products.iter().map(|factors| var(factors.1[of])).collect();
                stacked(graph, &parts)
            };
            let mut contract = products[0].0.clone();
            for of in 0..2 {
                contract.batch[of]
                    .iter_mut()
                    .chain(&mut contract.sums[of])
                    .for_each(|axis| *axis += 1);
                contract.sums[of].insert(0, 0);
            }
            let sum = graph.apply(contract, &[factor(0), factor(1)]);
            others.iter().fold(sum, |sum, &other| sum + var(other))
        }
    })
}

/// A stack along a new first axis; of views at equal distances, a view.
fn stacked<'g>(graph: &'g Graph, parts: &[Var<'g>]) -> Var<'g> {
    if let Some((source, place)) = row_of_views(graph, parts) {
        return source.view(place);
    }
    let shape = parts[0].shape();
    let whole = Shape::from([&[parts.len()], &shape[..]].concat());
    let place = |i: usize| Place { offset: i * shape.size(), ..Place::whole(&shape) };
    let places: Vec<Place> = (0..parts.len()).map(place).collect();
    graph.embed(whole, parts, &places)
}

/// The view, with one more axis in front, that several views of one array at equal distances are.
fn row_of_views<'g>(graph: &'g Graph, parts: &[Var<'g>]) -> Option<(Var<'g>, Place)> {
    let look = |part: &Var<'g>| {
        let Lowering::View(place) = graph.node(part.id(), |node| node.op.lower()) else {
            return None;
        };
        Some((graph.node_inputs(part.id())[0], place))
    };
    let (source, first) = look(&parts[0])?;
    let mut distance = 0;
    for (i, part) in parts.iter().enumerate().skip(1) {
        let (other, place) = look(part)?;
        let moved = place.offset as isize - first.offset as isize;
        if i == 1 {
            distance = moved;
        }
        if other != source || place.strides != first.strides || moved != distance * i as isize {
            return None;
        }
    }
    let shape = Shape::from([&[parts.len()], &first.shape[..]].concat());
    let strides = [distance].into_iter().chain(first.strides).collect();
    Some((graph.var(source), Place { offset: first.offset, shape, strides }))
}

/// A sum with several products of one form.
struct Sum {
    products: Vec<(Contract, [NodeId; 2])>,
    others: Vec<NodeId>,
}

/// The sums of a graph, by the node of the last addition.
struct Sums {
    products: HashMap<NodeId, Sum>,
}

impl Sums {
    fn of(target: &Target) -> Self {
        let graph = &target.graph;
        let uses = uses(target);
        let is_sum =
            |id: NodeId| graph.node(id, |node| node.op.lower() == Lowering::Zip(ZipWord::Add));
        let same = |a: NodeId, b: NodeId| graph.node(a, |a| graph.node(b, |b| a.ty == b.ty));
        // A partial sum has one use, in a sum of its own shape.
        let mut inner = vec![false; uses.len()];
        for id in live(&uses).filter(|&id| is_sum(id)) {
            for input in graph.node_inputs(id) {
                inner[input.index()] |=
                    is_sum(input) && uses[input.index()] == 1 && same(input, id);
            }
        }
        let mut products = HashMap::new();
        for id in live(&uses).filter(|&id| is_sum(id) && !inner[id.index()]) {
            let mut terms = Vec::new();
            let mut pending = vec![id];
            while let Some(sum) = pending.pop() {
                for input in graph.node_inputs(sum).into_iter().rev() {
                    let partial = inner[input.index()] && same(input, id);
                    if partial { pending.push(input) } else { terms.push(input) }
                }
            }
            terms.sort_unstable();
            if let Some(sum) = split(graph, &terms, &uses, |term| same(term, id)) {
                products.insert(id, sum);
            }
        }
        Self { products }
    }
}

/// The terms that are products of one form, each used here alone, if there are several, and the others.
fn split(
    graph: &Graph,
    terms: &[NodeId],
    uses: &[usize],
    whole: impl Fn(NodeId) -> bool,
) -> Option<Sum> {
    let form = |term: NodeId| {
        let Lowering::Contract(contract) = graph.node(term, |node| node.op.lower()) else {
            return None;
        };
        let inputs = graph.node_inputs(term);
        let factors = [inputs[0], inputs[1]];
        let shapes = factors.map(|factor| graph.node(factor, |node| node.ty.shape.clone()));
        (uses[term.index()] == 1 && whole(term)).then_some((contract, shapes, factors))
    };
    let (contract, shapes, _) = terms.iter().find_map(|&term| form(term))?;
    let (mut products, mut others) = (Vec::new(), Vec::new());
    for &term in terms {
        match form(term) {
            Some((own, of, factors)) if own == contract && of == shapes => {
                products.push((own, factors))
            }
            _ => others.push(term),
        }
    }
    // One factor for all would be copied as often.
    let distinct = |of: usize| {
        let mut ids: Vec<NodeId> = products.iter().map(|product| product.1[of]).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len() == products.len()
    };
    (products.len() > 1 && distinct(0) && distinct(1)).then_some(Sum { products, others })
}

/// Products of slices of one array at equal distances with one factor become slices of the product of the array: what is
/// projected step by step is projected at once.
pub(super) fn products_of_slices(target: Target) -> Target {
    let graph = &target.graph;
    let uses = uses(&target);
    let mut alike: HashMap<(NodeId, NodeId, Shape), Vec<NodeId>> = HashMap::new();
    for id in live(&uses) {
        if let Lowering::Contract(contract) = graph.node(id, |node| node.op.lower()) {
            let inputs = graph.node_inputs(id);
            let is_view =
                graph.node(inputs[0], |node| matches!(node.op.lower(), Lowering::View(_)));
            if contract.batch[0].is_empty() && is_view {
                let shape = graph.node(inputs[0], |node| node.ty.shape.clone());
                let source = graph.node_inputs(inputs[0])[0];
                alike.entry((source, inputs[1], shape)).or_default().push(id);
            }
        }
    }
    // For every product, the first of its row, and its place in it.
    let mut rows: HashMap<NodeId, (usize, usize)> = HashMap::new();
    let mut members: Vec<Vec<NodeId>> = Vec::new();
    for row in alike.into_values().filter(|row| row.len() > 1) {
        let op = |id: NodeId| graph.node(id, |node| node.op.clone());
        let views: Vec<Var<'_>> =
            row.iter().map(|&id| graph.var(graph.node_inputs(id)[0])).collect();
        if row.iter().all(|&id| op(id) == op(row[0])) && row_of_views(graph, &views).is_some() {
            row.iter().enumerate().for_each(|(i, &id)| _ = rows.insert(id, (members.len(), i)));
            members.push(row);
        }
    }
    if rows.is_empty() {
        return target;
    }
    let mut products: Vec<Option<NodeId>> = vec![None; members.len()];
    recorded(&target, |new, id, again, var| {
        let Some(&(row, position)) = rows.get(&id) else { return again() };
        // The first is visited when its factors are there, and so are the views of all: they look at one array.
        let product = *products[row].get_or_insert_with(|| {
            let first = graph.node_inputs(id);
            let Lowering::Contract(mut contract) = graph.node(id, |node| node.op.lower()) else {
                unreachable!("a row has contractions")
            };
            contract.sums[0].iter_mut().for_each(|axis| *axis += 1);
            let views: Vec<Var<'_>> =
                members[row].iter().map(|&id| graph.var(graph.node_inputs(id)[0])).collect();
            let (source, place) = row_of_views(graph, &views).expect("it was one before");
            let all = var(source.id()).view(place);
            new.apply(contract, &[all, var(first[1])]).id()
        });
        new.var(product).index_axis(0, position as isize)
    })
}

/// How often each node is an input or an output; 0 for dead ones.
pub(super) fn uses(target: &Target) -> Vec<usize> {
    let alive = target.graph.ancestors(&target.outputs);
    let mut uses = vec![0; alive.len()];
    target.outputs.iter().for_each(|output| uses[output.index()] += 1);
    for id in (0..alive.len()).filter(|&index| alive[index]).map(NodeId::new) {
        target.graph.node_inputs(id).iter().for_each(|input| uses[input.index()] += 1);
    }
    uses
}

pub(super) fn live(uses: &[usize]) -> impl Iterator<Item = NodeId> + '_ {
    (0..uses.len()).filter(|&index| uses[index] > 0).map(NodeId::new)
}

/// Records the graph anew as `rule` says, which is given the old node, how it is recorded as it is, and the new variable of
/// every old node before it.
pub(super) fn recorded(
    target: &Target,
    mut rule: impl for<'g> FnMut(
        &'g Graph,
        NodeId,
        &dyn Fn() -> Var<'g>,
        &dyn Fn(NodeId) -> Var<'g>,
    ) -> Var<'g>,
) -> Target {
    let uses = uses(target);
    let mut ids = live(&uses);
    let mut new: Vec<NodeId> = vec![NodeId::default(); uses.len()];
    target.rewrite(|graph, visit, inputs| {
        let id = ids.next().expect("live nodes are visited in their order");
        let again = || visit.again(graph, inputs);
        let var = |old: NodeId| graph.var(new[old.index()]);
        let recorded = rule(graph, id, &again, &var);
        new[id.index()] = recorded.id();
        recorded
    })
}

#[cfg(test)]
mod tests {
    use super::super::expand::expand;
    use super::super::testing::Passed;
    use super::*;

    #[test]
    fn a_sum_of_products_is_a_product_of_stacks() {
        let passed = Passed::through(
            |target| sums_of_products(expand(&target.graph, &target.outputs)),
            |g| {
                let product = |i: usize| {
                    let (a, b) =
                        (g.input(&format!("a{i}"), [2, 3]), g.input(&format!("b{i}"), [3, 4]));
                    a.tanh().matmul(b.tanh())
                };
                (product(0) + product(1)) + (product(2) + 1.0)
            },
        );
        assert!(
            passed.text().contains("contract") || passed.text().contains("matmul(embed, embed)"),
            "{}",
            passed.text()
        );
        passed.keeps_values(1e-14);
    }

    #[test]
    fn products_of_slices_are_slices_of_a_product() {
        let passed = Passed::through(
            |target| products_of_slices(expand(&target.graph, &target.outputs)),
            |g| {
                let (x, w) = (g.input("x", [3, 2, 4]), g.input("w", [4, 5]));
                let step = |i| x.index_axis(0, i).matmul(w);
                step(0).tanh() * step(1) + step(2)
            },
        );
        assert_eq!(passed.text().matches("matmul(").count(), 1, "{}", passed.text());
        passed.keeps_values(1e-14);
    }
}

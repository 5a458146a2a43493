//! Where computed values lie: each in memory of its own, or in its part of an array that several make up.
//!
//! A value has one home. What cannot be computed in its part of an array (a leaf, a view, an output, a part of another
//! array, too) is copied there, and the copy is at home there.

use std::collections::HashSet;

use super::analysis::{Analysis, Work, spread};
use super::group::{Group, Read};
use super::place::{is_run, reshaped, within};
use graph::ops::Copy;
use graph::reading::NodeId;
use graph::rewriting::Target;
use graph::{Lowering, Place};

/// Where the elements of a value lie: in a place among the elements of `buffer`, which has memory of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Home {
    pub buffer: NodeId,
    pub place: Place,
}

/// An argument of an operation: the node, and its position.
pub(crate) type Argument = (NodeId, usize);

/// For every node that lies in another, where.
pub(crate) fn homes(analysis: &Analysis<'_>) -> Vec<Option<Home>> {
    let mut homes: Vec<Option<Home>> = vec![None; analysis.work.len()];
    // From the last to the first, so that an array that is a part itself is settled before its parts.
    for embed in analysis.nodes().collect::<Vec<_>>().into_iter().rev() {
        for (position, place) in places(analysis, embed).into_iter().enumerate() {
            let part = part(analysis, embed, position);
            let own = home_in(analysis, part, &place).expect("what has no home there is copied");
            homes[part.index()] = Some(match &homes[embed.index()] {
                Some(home) => Home {
                    buffer: home.buffer,
                    place: within(&home.place, &own).expect("what has no home there is copied"),
                },
                None => Home { buffer: embed, place: own },
            });
        }
    }
    homes
}

/// Records copies of all parts of arrays that cannot be computed where they belong, and of those that are `refused`.
pub(crate) fn settled(target: Target, refused: &HashSet<Argument>) -> Target {
    let unsettled = {
        let analysis = Analysis::new(&target.graph, &target.outputs);
        unsettled(&analysis, &target.outputs, refused)
    };
    if unsettled.is_empty() { target } else { copied(&target, &unsettled) }
}

/// The parts of arrays that cannot be computed where they belong.
fn unsettled(
    analysis: &Analysis<'_>,
    outputs: &[NodeId],
    refused: &HashSet<Argument>,
) -> HashSet<Argument> {
    let mut taken: HashSet<NodeId> = outputs.iter().copied().collect();
    let mut views: Vec<Vec<NodeId>> = vec![Vec::new(); analysis.work.len()];
    for id in analysis.nodes() {
        views[analysis.views[id.index()].base.index()].push(id);
    }
    let mut unsettled = HashSet::new();
    let mut homes: Vec<Option<Place>> = vec![None; analysis.work.len()];
    for embed in analysis.nodes().collect::<Vec<_>>().into_iter().rev() {
        for (position, place) in places(analysis, embed).into_iter().enumerate() {
            let input = &analysis.views[analysis.inputs[embed.index()][position].index()];
            let base = input.base;
            let own = home_in(analysis, base, &place).and_then(|own| match &homes[embed.index()] {
                Some(home) => within(home, &own),
                None => Some(own),
            });
            let seen = |home: &Place| {
                let views = views[base.index()].iter();
                views
                    .into_iter()
                    .all(|view| within(home, &analysis.views[view.index()].place).is_some())
            };
            let settles = !refused.contains(&(embed, position))
                && own.as_ref().is_some_and(|home| can_write(analysis, base, home))
                && input.is_whole(analysis.shape(base))
                && own.as_ref().is_some_and(seen)
                && own.as_ref().is_some_and(|home| holds_parts(analysis, base, home))
                && taken.insert(base);
            if settles {
                homes[base.index()] = own;
            } else {
                unsettled.insert((embed, position));
            }
        }
    }
    unsettled
}

/// Whether the parts that make up a value, if any do, have places where it lies in another array: they, and what they are
/// copied to.
fn holds_parts(analysis: &Analysis<'_>, value: NodeId, home: &Place) -> bool {
    places(analysis, value).iter().enumerate().all(|(position, place)| {
        let own = home_in(analysis, part(analysis, value, position), place);
        own.iter().chain([place]).all(|place| within(home, place).is_some())
    })
}

/// Whether what computes a value can write it to a part of an array: to any, or to one without gaps.
fn can_write(analysis: &Analysis<'_>, value: NodeId, part: &Place) -> bool {
    match analysis.work[value.index()] {
        Work::Elementwise { .. } | Work::Contract | Work::Embed => true,
        _ => analysis.writes_by_index(value) && is_run(part),
    }
}

/// What is computed of a part of an array that others make up.
fn part(analysis: &Analysis<'_>, embed: NodeId, position: usize) -> NodeId {
    analysis.views[analysis.inputs[embed.index()][position].index()].base
}

/// The places of the parts of an array that others make up.
fn places(analysis: &Analysis<'_>, id: NodeId) -> Vec<Place> {
    if analysis.work[id.index()] != Work::Embed {
        return Vec::new();
    }
    match analysis.graph.node(id, |node| node.op.lower()) {
        Lowering::Embed(places) => places,
        _ => unreachable!("only an embed has parts"),
    }
}

/// The place of an argument, for all elements of its base.
fn home_in(analysis: &Analysis<'_>, base: NodeId, place: &Place) -> Option<Place> {
    let shape = analysis.written_over(base).clone();
    if shape.size() != place.shape.size() {
        return None;
    }
    let strides = reshaped(place, &shape)?;
    Some(Place { offset: place.offset, shape, strides })
}

/// Records the graph anew, with copies for these arguments.
fn copied(target: &Target, arguments: &HashSet<Argument>) -> Target {
    let live = target.graph.ancestors(&target.outputs);
    let mut ids = (0..live.len()).filter(|&index| live[index]).map(NodeId::new);
    target.rewrite(|graph, visit, inputs| {
        let id = ids.next().expect("live nodes are visited in their order");
        let inputs: Vec<_> = (0..inputs.len())
            .map(|i| {
                let input = inputs[i];
                if arguments.contains(&(id, i)) { graph.apply(Copy, &[input]) } else { input }
            })
            .collect();
        visit.again(graph, &inputs)
    })
}

/// The parts that are computed from another part of the same array, or in one loop with another, of which it is not known that
/// they lie apart: no instruction reads where it writes, or writes to one place twice; and one that writes by index reads
/// nothing of the array.
pub(crate) fn conflicts(
    analysis: &Analysis<'_>,
    groups: &[Group],
    reads: &[smallvec::SmallVec<[Read; 6]>],
) -> HashSet<Argument> {
    let mut conflicts = HashSet::new();
    for (group, reads) in groups.iter().zip(reads) {
        for (i, &node) in group.stored.iter().enumerate() {
            let Some(home) = &analysis.homes[node.index()] else { continue };
            let beside = |read: &&Read| analysis.buffer(read.base) == home.buffer;
            let meets = |read: &Read| {
                let from = match read.whole {
                    true => Place::whole(analysis.shape(read.base)),
                    false => read.place(&group.space),
                };
                let from = analysis.located(read.base, &from).1;
                !spread(&from).is_apart_from(&spread(&home.place))
            };
            // Where indices say, part of a memory is taken out of it.
            let whole = group.alone && analysis.writes_by_index(node);
            let meets_stored = |other: &NodeId| {
                let other = analysis.homes[other.index()].as_ref();
                let other = other.filter(|other| other.buffer == home.buffer);
                other.is_some_and(|other| !spread(&other.place).is_apart_from(&spread(&home.place)))
            };
            if reads.iter().filter(beside).any(|read| whole || meets(read))
                || group.stored[..i].iter().any(meets_stored)
            {
                conflicts.extend(argument(analysis, node));
            }
        }
    }
    conflicts
}

/// The argument that a node is, where it is at home.
fn argument(analysis: &Analysis<'_>, node: NodeId) -> Option<Argument> {
    analysis.nodes().find_map(|embed| {
        let parts = analysis.work[embed.index()] == Work::Embed;
        let inputs = parts.then(|| &analysis.inputs[embed.index()])?;
        let is = |input: &NodeId| analysis.views[input.index()].base == node;
        inputs.iter().position(is).map(|position| (embed, position))
    })
}

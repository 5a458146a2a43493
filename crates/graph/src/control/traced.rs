//! Where in a loop a number that is not finite arose: which step, and which operation of it.

use ndarray::ArrayD;

use super::Body;
use super::body::{Before, view};
use super::part::Part;
use crate::arose::{Origin, extents, first_wild, has_body, is_constant, origin};
use crate::random::Seed;
use crate::{Fault, Place, Scalar, View};

/// The operation in which it began that a result of a body is not finite, by its number, with its fault; before it the step,
/// if bodies before it were gone through to find it.
///
/// `holes` answers what a step is given, of which the first `carries` are results of the step before.
pub(super) fn traced<'v, T: Scalar>(
    body: &Body,
    carries: usize,
    holes: impl Fn(usize) -> Vec<View<'v, T>>,
    (mut step, mut output): (usize, usize),
    seed: Seed,
) -> Result<(usize, usize, Fault), (usize, Fault)> {
    loop {
        let given = holes(step);
        let values = body.evaluate(&given, seed)?;
        let before: Before<'_, '_, T> = (&given, &values);
        let node = |number: usize| number.checked_sub(given.len()).map(|node| &body.nodes[node]);
        let followed = |input: usize| match node(input) {
            None => input < carries && step > 0,
            Some(node) => !is_constant(&node.op.lower()),
        };
        let found = origin(body.outputs[output], |number| {
            let inputs = node(number).into_iter().flat_map(|node| node.inputs.iter().copied());
            let followed = inputs.filter(|&input| followed(input));
            followed.filter_map(|input| Some((input, first_wild(&view(before, input))?))).collect()
        });
        match node(found.at) {
            None if found.at < carries && step > 0 => (step, output) = (step - 1, found.at),
            _ => return Ok((step, found.at, blamed(body, &found, before, seed))),
        }
    }
}

/// The fault of an operation that was found.
fn blamed<T: Scalar>(
    body: &Body,
    found: &Origin<usize>,
    before: Before<'_, '_, T>,
    seed: Seed,
) -> Fault {
    let node = &body.nodes[found.at - before.0.len()];
    if has_body(&node.op.lower()) {
        let part = found.seen_in.map(|part| &body.nodes[part - before.0.len()].op);
        let place = part_of(part.and_then(|op| op.downcast()), &node.ty.shape);
        if let Err(fault) = body.value(found.at - before.0.len(), before, (seed, Some(place))) {
            return fault;
        }
    }
    let value = first_wild(&view(before, found.at)).map_or(f64::NAN, |value| value.to_f64());
    let inputs = extents(node.inputs.iter().map(|&input| view(before, input)));
    Fault::Arose { value, backward: node.line.1, inputs }
}

/// Where in the results of an operation this part lies.
pub(crate) fn part_of(part: Option<&Part>, results: &[usize]) -> Place {
    part.map_or_else(|| Place::whole(results), |part| part.place.clone())
}

/// The first element of a place that is not finite.
pub(super) fn first_in<T: Scalar>(place: &Place, values: &[T]) -> Option<usize> {
    place.numbers().find(|&number| !values[number].is_finite())
}

/// Views of carries before the other inputs.
pub(super) fn given<'v, T>(
    carried: &'v [ArrayD<T>],
    others: impl Iterator<Item = View<'v, T>>,
) -> Vec<View<'v, T>> {
    carried.iter().map(|carry| View::Real(carry.view())).chain(others).collect()
}

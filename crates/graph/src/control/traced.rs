//! Where in a loop a number that is not finite arose: which step, and which operation of it.

use ndarray::ArrayD;

use super::Body;
use super::body::{Before, view};
use super::part::Part;
use crate::arose::{Origin, extents, first_wild, has_body, is_constant, origin};
use crate::random::Seed;
use crate::short::Short;
use crate::{Fault, Place, Scalar, View};

/// The step, and by its number the operation of the body, in which it began that an output of a step is not finite, with its
/// fault; none if it began outside, as an infinity that is meant.
///
/// `holes` answers what a step was given, of which the first `carries` are results of the step before. All steps have been
/// evaluated before.
pub(super) fn traced<'v, T: Scalar>(
    body: &Body,
    carries: usize,
    holes: &dyn Fn(usize) -> Vec<View<'v, T>>,
    (mut step, mut output): (usize, usize),
    seed: Seed,
) -> Option<(usize, usize, Fault)> {
    loop {
        let given = holes(step);
        let values = body.evaluate(&given, seed).expect("it was evaluated before");
        let before: Before<'_, '_, T> = (&given, &values);
        let node = |number: usize| number.checked_sub(given.len()).map(|node| &body.nodes[node]);
        let followed = |input: usize| match node(input) {
            None => input < carries && step > 0,
            Some(node) => !is_constant(&node.op.lower()),
        };
        let found = origin(body.outputs[output], |number| {
            let inputs = node(number).into_iter().flat_map(|node| node.inputs.iter().copied());
            let followed = inputs.filter(|&input| followed(input));
            followed.filter_map(|input| Some((input, first_wild(&view(before, input))?))).short()
        });
        match found.at.checked_sub(given.len()) {
            Some(number) => {
                return Some((step, number, blamed(body, number, &found, before, seed)));
            }
            None if followed(found.at) => (step, output) = (step - 1, found.at),
            None => return None,
        }
    }
}

/// The fault of an operation that was found.
fn blamed<T: Scalar>(
    body: &Body,
    number: usize,
    found: &Origin<usize>,
    before: Before<'_, '_, T>,
    seed: Seed,
) -> Fault {
    let node = &body.nodes[number];
    if has_body(&node.op.lower()) {
        let part = found.seen_in.map(|part| &body.nodes[part - before.0.len()].op);
        let place = part_of(part.and_then(|op| op.downcast()), &node.ty.shape);
        if let Err(fault) = body.value(number, before, (seed, Some(place))) {
            return fault;
        }
    }
    let value = first_wild(&view(before, found.at)).expect("it is where the numbers come from");
    let inputs = extents(node.inputs.iter().map(|&input| view(before, input)));
    Fault::Arose { value: value.to_f64(), backward: node.line.1, inputs }
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
    others: &mut dyn Iterator<Item = View<'v, T>>,
) -> Vec<View<'v, T>> {
    carried.iter().map(|carry| View::Real(carry.view())).chain(others).collect()
}

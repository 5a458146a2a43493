//! The plain evaluation of a loop.

use ndarray::{ArrayD, ArrayViewD, Axis};

use super::Scan;
use crate::control::in_step;
use crate::control::traced::{first_in, given, traced};
use crate::{Args, Out, Place, RunResult, Scalar, View};

/// Runs all steps. In a run whose results are suspected, every step's carries are kept, and looked at in the end.
pub(super) fn run<T: Scalar>(scan: &Scan, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
    let out = out.real().as_slice_mut().expect("an output is in row-major order");
    let (layout, carries) = (scan.layout(), scan.carries());
    let mut carried: Vec<ArrayD<T>> = (0..carries).map(|i| args.real(i).to_owned()).collect();
    let mut before = Vec::new();
    let mut put = |place: &Place, at: Option<usize>, value: ArrayViewD<'_, T>| {
        let start = place.offset + at.unwrap_or(0) * value.len();
        out[start..start + value.len()].iter_mut().zip(value).for_each(|(y, &x)| *y = x);
    };
    for (carry, start) in carried.iter().enumerate() {
        put(&layout.carries[carry], scan.kept[carry].then_some(0), start.view());
    }
    for step in 0..scan.steps {
        let slice = scan.slice(step);
        let holes = given(&carried, &mut others(scan, args, slice));
        let answered = scan.body.answer(&holes, args.seed());
        let mut outputs = answered.map_err(|fault| in_step(&scan.body, slice, fault))?;
        drop(holes);
        for (place, value) in layout.each.iter().zip(outputs.split_off(carries)) {
            put(place, Some(slice), value.view());
        }
        for (carry, value) in outputs.iter().enumerate() {
            put(&layout.carries[carry], scan.kept[carry].then_some(step + 1), value.view());
        }
        let done = std::mem::replace(&mut carried, outputs);
        if args.suspect().is_some() {
            before.push(done);
        }
    }
    match args.suspect().and_then(|place| first_in(place, out)) {
        Some(found) => look(scan, args, &before, found),
        None => Ok(()),
    }
}

/// What a step is given besides the carries: its slices, and what is the same for all.
fn others<'a, T: Scalar>(
    scan: &Scan,
    args: &'a Args<'_, T>,
    slice: usize,
) -> impl Iterator<Item = View<'a, T>> {
    let sliced = scan.carries()..scan.carries() + scan.slices;
    (scan.carries()..args.len()).map(move |i| match args.view(i) {
        View::Real(x) if sliced.contains(&i) => View::Real(x.index_axis(Axis(0), slice)),
        View::Index(x) if sliced.contains(&i) => View::Index(x.index_axis(Axis(0), slice)),
        view => view.view(),
    })
}

/// The fault of the operation in which it began that an element of the results is not finite.
fn look<T: Scalar>(
    scan: &Scan,
    args: &Args<'_, T>,
    before: &[Vec<ArrayD<T>>],
    found: usize,
) -> RunResult {
    let Some((step, output)) = computed(scan, found) else { return Ok(()) };
    let holes = |step: usize| given(&before[step], &mut others(scan, args, scan.slice(step)));
    match traced(&scan.body, scan.carries(), &holes, (step, output), args.seed()) {
        Some((step, number, fault)) => Err(in_step(&scan.body, scan.slice(step), (number, fault))),
        None => Ok(()),
    }
}

/// The step that computed an element of the results, and as which of its outputs; none if a carry started as it.
fn computed(scan: &Scan, found: usize) -> Option<(usize, usize)> {
    let layout = scan.layout();
    let places: Vec<&Place> = layout.carries.iter().chain(&layout.each).collect();
    let output = places.iter().position(|part| found < part.offset + part.shape.size())?;
    let place = places[output];
    let one: usize = scan.body.ty(scan.body.outputs[output]).shape.size();
    let row = (found - place.offset) / one.max(1);
    let step = match scan.kept.get(output) {
        Some(false) => scan.steps.checked_sub(1)?,
        Some(true) => row.checked_sub(1)?,
        None => scan.slice(row),
    };
    Some((step, output))
}

//! Where an array that others make up has elements that none of them writes: these are zeros, and nothing else need be.

use std::collections::HashMap;
use std::ops::Range;

use super::analysis::{Analysis, Work};
use graph::Place;
use graph::reading::NodeId;

/// An array whose parts lie in shorter runs than this, on average, is zeroed as a whole: what is faster then, and bounds how
/// much is kept of where its gaps are.
const SHORT: usize = 32;

/// So is one of more elements: it lies behind the caches, where to wait for each gap takes longer than to write all of it in a
/// row (measured: 0.5 ms and 0.35 ms for the border of eight images of 58 × 58 pixels and 64 channels).
const LARGE: usize = 1 << 20;

/// For every memory with such elements, their numbers in it.
pub(super) fn gaps(analysis: &Analysis<'_>) -> HashMap<NodeId, Vec<Range<usize>>> {
    let mut parts: HashMap<NodeId, Vec<&Place>> = HashMap::new();
    for id in analysis.nodes() {
        // An array within an array is where its parts are.
        if let (Some(home), true) =
            (&analysis.homes[id.index()], analysis.work[id.index()] != Work::Embed)
        {
            parts.entry(home.buffer).or_default().push(&home.place);
        }
    }
    let of_buffer = |(buffer, parts): (NodeId, Vec<&Place>)| {
        let gaps = between(&parts, analysis.shape(buffer).size());
        (!gaps.is_empty()).then_some((buffer, gaps))
    };
    parts.into_iter().filter_map(of_buffer).collect()
}

/// What lies between places that share no element, among so many.
fn between(places: &[&Place], size: usize) -> Vec<Range<usize>> {
    if places.iter().map(|place| place.shape.size()).sum::<usize>() == size {
        return Vec::new();
    }
    let runs: usize = places.iter().map(|place| place.shape.size() / run_of(place).1).sum();
    if runs > size / SHORT || size > LARGE {
        return std::iter::once(0..size).collect();
    }
    let mut runs: Vec<Range<usize>> = places.iter().flat_map(|place| runs_of(place)).collect();
    runs.sort_unstable_by_key(|run| run.start);
    let ends = std::iter::once(0).chain(runs.iter().map(|run| run.end));
    let starts = runs.iter().map(|run| run.start).chain([size]);
    ends.zip(starts).map(|(end, start)| end..start).filter(|gap| !gap.is_empty()).collect()
}

/// How many of the first axes lead from one run of neighbours to the next, and how long the runs are.
fn run_of(place: &Place) -> (usize, usize) {
    let (mut axes, mut len) = (place.shape.rank(), 1);
    for (axis, (&extent, &stride)) in place.shape.iter().zip(&place.strides).enumerate().rev() {
        if extent > 1 && stride != len as isize {
            break;
        }
        (axes, len) = (axis, len * extent);
    }
    (axes, len.max(1))
}

/// The runs of neighbours of a place, in any order.
fn runs_of(place: &Place) -> Vec<Range<usize>> {
    let (axes, len) = run_of(place);
    if place.shape.size() == 0 {
        return Vec::new();
    }
    let mut starts = vec![place.offset];
    for (&extent, &stride) in place.shape.iter().zip(&place.strides).take(axes) {
        let along = |start: &usize| {
            let start = *start;
            (0..extent).map(move |i| start.wrapping_add_signed(i as isize * stride))
        };
        starts = starts.iter().flat_map(along).collect();
    }
    starts.into_iter().map(|start| start..start + len).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallvec::smallvec;

    #[test]
    fn the_border_of_an_image_is_what_lies_around_its_rows() {
        // Two images of 2 × 2 pixels of 40 channels, within 4 × 4.
        let strides = smallvec![16 * 40, 4 * 40, 40, 1];
        let image = Place { offset: 5 * 40, shape: [2, 2, 2, 40].into(), strides };
        let expected = [0..200, 280..360, 440..840, 920..1000, 1080..1280];
        assert_eq!(between(&[&image], 1280), expected);
    }

    #[test]
    fn arrays_without_gaps_have_none_and_short_runs_are_not_told_apart() {
        let is = |gap: &Range<usize>, gaps: Vec<_>| assert_eq!(gaps, std::slice::from_ref(gap));
        let part = |offset| Place { offset, shape: [50].into(), strides: smallvec![1] };
        assert_eq!(between(&[&part(50), &part(0)], 100), []);
        is(&(100..130), between(&[&part(50), &part(0)], 130));
        let every_other = Place { offset: 0, shape: [50].into(), strides: smallvec![2] };
        is(&(0..100), between(&[&every_other], 100));
        let nothing = Place { offset: 0, shape: [0, 3].into(), strides: smallvec![3, 1] };
        is(&(0..100), between(&[&nothing], 100));
    }

    #[test]
    fn reversed_rows_leave_the_same_gaps() {
        let strides = smallvec![-100, 1];
        let reversed = Place { offset: 110, shape: [2, 80].into(), strides };
        assert_eq!(between(&[&reversed], 200), [0..10, 90..110, 190..200]);
    }
}

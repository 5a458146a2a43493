//! The values that contour lines carry.

use super::Grid;
use super::axis::Scale;
use crate::scientific;

/// How many lines of a figure carry their value.
const COUNT: usize = 4;

/// How long a contour line must be to carry a value, as a share of the frame.
const LONG: f64 = 0.12;

/// Some levels with the places where their values stand: on their lines, as far as can be from each
/// other and from `taken` (all places between the ends of the axes, which are 0 and 1).
pub(super) fn labels(
    grid: &Grid,
    levels: &[f64],
    [x, y]: [&Scale; 2],
    taken: &[(f64, f64)],
) -> Vec<(f64, (f64, f64))> {
    let mut labels: Vec<(f64, (f64, f64))> = Vec::new();
    let long: Vec<(f64, Vec<(f64, f64)>)> = levels
        .iter()
        .map(|&level| {
            let lines = grid.contour(level).into_iter().map(|line| {
                let places = line.into_iter().map(|(a, b)| (x.place(a), y.place(b)));
                places.collect::<Vec<_>>()
            });
            (level, lines.filter(|line| extent(line) > LONG).flatten().collect())
        })
        .filter(|(_, points): &(f64, Vec<_>)| !points.is_empty())
        .collect();
    let last = long.len().saturating_sub(1);
    let mut chosen: Vec<usize> = (0..COUNT).map(|i| i * last / (COUNT - 1)).collect();
    chosen.dedup();
    for (level, points) in chosen.into_iter().filter_map(|i| long.get(i)) {
        let free = |&(a, b): &(f64, f64)| {
            let others = taken.iter().chain(labels.iter().map(|label| &label.1));
            // A label is some three times as wide as high.
            let distance = |&(c, d): &(f64, f64)| ((a - c) / 3.0).hypot(b - d);
            others.map(distance).fold(f64::INFINITY, f64::min)
        };
        let fits = |&&(a, b): &&(f64, f64)| (0.08..0.92).contains(&a) && (0.05..0.95).contains(&b);
        let best = points.iter().filter(fits).max_by(|p, q| free(p).total_cmp(&free(q)));
        if let Some(&place) = best {
            labels.push((*level, place));
        }
    }
    labels
}

/// The greater of a line's width and height.
fn extent(line: &[(f64, f64)]) -> f64 {
    let span = |of: fn(&(f64, f64)) -> f64| {
        let ends = line.iter().map(of);
        ends.clone().fold(f64::NEG_INFINITY, f64::max) - ends.fold(f64::INFINITY, f64::min)
    };
    span(|place| place.0).max(span(|place| place.1))
}

/// A level as it is printed, which is all of its digits where it has two.
pub(super) fn printed(level: f64) -> String {
    if level == 0.0 || (1e-3..1e4).contains(&level.abs()) {
        format!("{}", (level * 1e9).round() / 1e9).replace('-', "−")
    } else {
        scientific(level, 2)
    }
}

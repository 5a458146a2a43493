//! Values on a grid, and the contour lines between them.

use std::collections::HashMap;
use std::ops::Range;

/// A function of two numbers, at the points of a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// The columns.
    pub xs: Vec<f64>,
    /// The rows.
    pub ys: Vec<f64>,
    /// The values, row by row.
    pub values: Vec<f64>,
}

/// An edge between two neighbouring points of a grid: column, row, and whether it runs upwards.
type Edge = (usize, usize, bool);

impl Grid {
    /// The values of `f` at `n` by `n` points, the ends of the ranges included.
    pub fn of(x: Range<f64>, y: Range<f64>, n: usize, f: impl FnMut(f64, f64) -> f64) -> Self {
        let spaced = |range: &Range<f64>| -> Vec<f64> {
            let step = (range.end - range.start) / (n - 1) as f64;
            (0..n).map(|i| range.start + i as f64 * step).collect()
        };
        Self::at(spaced(&x), spaced(&y), f)
    }

    /// The values of `f` at these columns and rows.
    pub fn at(xs: Vec<f64>, ys: Vec<f64>, mut f: impl FnMut(f64, f64) -> f64) -> Self {
        let mut grid = Self { xs, ys, values: Vec::new() };
        grid.values = grid.points().map(|(x, y)| f(x, y)).collect();
        grid
    }

    /// The points, in the order of the values.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.ys.iter().flat_map(|&y| self.xs.iter().map(move |&x| (x, y)))
    }

    /// The least and the greatest value.
    pub fn extent(&self) -> (f64, f64) {
        let finite = || self.values.iter().copied().filter(|value| value.is_finite());
        (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max))
    }

    /// Some `count` levels between the least and the greatest value, evenly spaced in their square
    /// roots, so that around a quadratic minimum the contour lines are equally far apart; to two
    /// digits, as they are printed.
    pub fn levels(&self, count: usize) -> Vec<f64> {
        let (low, high) = self.extent();
        let level = |i: usize| two_digits(low + (high - low) * (i as f64 / count as f64).powi(2));
        let mut levels: Vec<f64> = (1..count).map(level).collect();
        levels.dedup();
        levels
    }

    /// The lines on which the function has this value, by marching squares.
    pub fn contour(&self, level: f64) -> Vec<Vec<(f64, f64)>> {
        let mut neighbours: HashMap<Edge, Vec<Edge>> = HashMap::new();
        for row in 0..self.ys.len() - 1 {
            for column in 0..self.xs.len() - 1 {
                for (a, b) in self.crossings(column, row, level) {
                    neighbours.entry(a).or_default().push(b);
                    neighbours.entry(b).or_default().push(a);
                }
            }
        }
        chains(neighbours)
            .into_iter()
            .map(|chain| chain.into_iter().map(|edge| self.crossing(edge, level)).collect())
            .collect()
    }

    fn value(&self, column: usize, row: usize) -> f64 {
        self.values[row * self.xs.len() + column]
    }

    /// The pairs of edges of a cell that a contour line connects.
    fn crossings(&self, column: usize, row: usize, level: f64) -> Vec<(Edge, Edge)> {
        let corner = |dx, dy| self.value(column + dx, row + dy) > level;
        let corners = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
        // Bottom, right, top, left: the edge i lies between the corners i and i + 1.
        let edges = [
            (column, row, false),
            (column + 1, row, true),
            (column, row + 1, false),
            (column, row, true),
        ];
        let crossed: Vec<Edge> =
            (0..4).filter(|&i| corners[i] != corners[(i + 1) % 4]).map(|i| edges[i]).collect();
        match crossed[..] {
            [a, b] => vec![(a, b)],
            [a, b, c, d] => {
                // At a saddle the mean of the corners decides which of them belong together.
                let sum: f64 = [(0, 0), (1, 0), (1, 1), (0, 1)]
                    .iter()
                    .map(|&(dx, dy)| self.value(column + dx, row + dy))
                    .sum();
                match (sum / 4.0 > level) == corners[0] {
                    true => vec![(a, b), (c, d)],
                    false => vec![(a, d), (b, c)],
                }
            }
            _ => Vec::new(),
        }
    }

    /// Where on an edge the function has this value, between its ends in a straight line.
    fn crossing(&self, (column, row, upwards): Edge, level: f64) -> (f64, f64) {
        let (i, j) = if upwards { (column, row + 1) } else { (column + 1, row) };
        let (from, to) = (self.value(column, row), self.value(i, j));
        let t = (level - from) / (to - from);
        let along = |from: f64, to: f64| from + t * (to - from);
        (along(self.xs[column], self.xs[i]), along(self.ys[row], self.ys[j]))
    }
}

/// A number rounded to two significant digits.
fn two_digits(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
}

/// Joins neighbouring edges to lines, open ones first.
fn chains(mut neighbours: HashMap<Edge, Vec<Edge>>) -> Vec<Vec<Edge>> {
    let mut starts: Vec<Edge> = neighbours.keys().copied().collect();
    starts.sort_by_key(|edge| (neighbours[edge].len(), *edge));
    let mut lines = Vec::new();
    for start in starts {
        let mut line = vec![start];
        let mut here = start;
        while let Some(next) = neighbours.get_mut(&here).and_then(Vec::pop) {
            let back = neighbours.get_mut(&next).expect("neighbours are mutual");
            back.retain(|&edge| edge != here);
            line.push(next);
            here = next;
        }
        if line.len() > 1 {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contour_of_a_bowl_is_one_closed_circle() {
        let bowl = Grid::of(-2.0..2.0, -2.0..2.0, 81, |x, y| x * x + y * y);
        let lines = bowl.contour(1.0);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        assert!(lines[0].iter().all(|(x, y)| (x.hypot(*y) - 1.0).abs() < 2e-3));
    }

    #[test]
    fn levels_are_what_is_printed_of_them() {
        let bowl = Grid::of(0.0..2.0, 0.0..2.0, 3, |x, y| x * x + y * y);
        assert_eq!(bowl.levels(4), [0.5, 2.0, 4.5]);
        assert_eq!(two_digits(-0.123), -0.12);
    }

    #[test]
    fn the_contour_of_a_saddle_is_two_open_branches() {
        let saddle = Grid::of(-1.0..1.0, -1.0..1.0, 41, |x, y| x * x - y * y);
        let lines = saddle.contour(0.1);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.first() != line.last()));
        assert!(saddle.contour(5.0).is_empty());
    }
}

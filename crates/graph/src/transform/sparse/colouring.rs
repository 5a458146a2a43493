//! Groups of columns that one product tells apart (Curtis, Powell and Reid, 1974).

use super::pattern::SparsePattern;
use crate::sorted::sort_by;

/// The colour of what has no entries, and need not be told apart.
pub(super) const NONE: usize = usize::MAX;

/// A colour for each column, such that columns of one colour have no row in common: in the sum of the columns of a
/// colour, each entry stands alone.
#[derive(Debug)]
pub(super) struct Colouring {
    pub colours: Vec<usize>,
    /// How many colours there are.
    pub count: usize,
}

/// Which products recover a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Sᵀ·J, sums of rows.
    Rows,
    /// J·S, sums of columns.
    Columns,
}

/// The rows or the columns in colours, whichever need fewer; the rows where both need as many.
pub(super) fn fewest(pattern: &SparsePattern) -> (Side, Colouring) {
    let transposed = pattern.transposed();
    let rows = || of_columns(&transposed, pattern);
    let columns = || of_columns(pattern, &transposed);
    // No fewer colours do than the longest column has rows, and the other way round.
    let (rows_at_least, columns_at_least) = (transposed.longest(), pattern.longest());
    if rows_at_least <= columns_at_least {
        let rows = rows();
        if rows.count <= columns_at_least {
            return (Side::Rows, rows);
        }
        let columns = columns();
        if columns.count < rows.count { (Side::Columns, columns) } else { (Side::Rows, rows) }
    } else {
        let columns = columns();
        if columns.count < rows_at_least {
            return (Side::Columns, columns);
        }
        let rows = rows();
        if rows.count <= columns.count { (Side::Rows, rows) } else { (Side::Columns, columns) }
    }
}

/// The columns in colours, greedily: in the order in which they stand, and if that takes more colours than any must,
/// beginning with those that meet most others; the better of the two. In time Σ rᵢ², rᵢ being the entries of row i.
fn of_columns(pattern: &SparsePattern, transposed: &SparsePattern) -> Colouring {
    let mut order: Vec<usize> =
        (0..pattern.columns()).filter(|&column| !transposed.row(column).is_empty()).collect();
    if pattern.longest() == order.len() {
        let mut colours = vec![NONE; pattern.columns()];
        order.iter().enumerate().for_each(|(colour, &column)| colours[column] = colour);
        return Colouring { colours, count: order.len() };
    }
    let as_they_stand = greedy(pattern, transposed, &order);
    if as_they_stand.count == pattern.longest() {
        return as_they_stand;
    }
    let meets = |column: usize| -> usize {
        transposed.row(column).iter().map(|&row| pattern.row(row).len() - 1).sum()
    };
    let met: Vec<usize> = (0..pattern.columns()).map(meets).collect();
    sort_by(&mut order, &|a, b| met[b].cmp(&met[a]));
    let largest_first = greedy(pattern, transposed, &order);
    if largest_first.count < as_they_stand.count { largest_first } else { as_they_stand }
}

fn greedy(pattern: &SparsePattern, transposed: &SparsePattern, order: &[usize]) -> Colouring {
    let mut colours = vec![NONE; pattern.columns()];
    let mut palette = Palette::default();
    for &column in order {
        palette.begin();
        for &row in transposed.row(column) {
            pattern.row(row).iter().for_each(|&other| palette.forbid(colours[other]));
        }
        colours[column] = palette.first_allowed();
    }
    Colouring { colours, count: palette.count() }
}

/// The colours in use, of which some are forbidden for what is coloured next.
#[derive(Default)]
pub(super) struct Palette {
    /// Of each colour, for which choice it was forbidden last.
    forbidden: Vec<usize>,
    choice: usize,
}

impl Palette {
    /// Begins another choice.
    pub fn begin(&mut self) {
        self.choice += 1;
    }

    /// Forbids a colour, or nothing if it is none.
    pub fn forbid(&mut self, colour: usize) {
        if let Some(forbidden) = self.forbidden.get_mut(colour) {
            *forbidden = self.choice;
        }
    }

    /// The first colour that is not forbidden, perhaps a new one.
    pub fn first_allowed(&mut self) -> usize {
        let allowed = self.forbidden.iter().position(|&choice| choice != self.choice);
        allowed.unwrap_or_else(|| {
            self.forbidden.push(0);
            self.forbidden.len() - 1
        })
    }

    /// How many colours are in use.
    pub fn count(&self) -> usize {
        self.forbidden.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    /// A pattern of so many entries drawn at random.
    fn drawn(rows: usize, columns: usize, entries: usize, run: u64) -> SparsePattern {
        let bits = |i: usize| Seed { seed: 1, run }.bits(0, i as u64) as usize;
        let mut held = vec![vec![false; columns]; rows];
        if rows * columns > 0 {
            (0..entries).for_each(|i| held[bits(2 * i) % rows][bits(2 * i + 1) % columns] = true);
        }
        let of =
            |row: &Vec<bool>| (0..columns).filter(|&column| row[column]).collect::<Vec<usize>>();
        SparsePattern::of_rows(columns, held.iter().map(of))
    }

    #[test]
    fn columns_of_a_colour_have_no_row_in_common() {
        for run in 0..200 {
            let (rows, columns) = (run as usize % 13, run as usize % 17);
            let pattern = drawn(rows, columns, run as usize % 40, run);
            let (side, colouring) = fewest(&pattern);
            let lines = if side == Side::Rows { pattern.transposed() } else { pattern };
            assert!(colouring.count >= lines.longest());
            for row in 0..lines.rows() {
                let mut seen: Vec<usize> =
                    lines.row(row).iter().map(|&column| colouring.colours[column]).collect();
                assert!(seen.iter().all(|&colour| colour < colouring.count));
                seen.sort_unstable();
                seen.dedup();
                assert_eq!(seen.len(), lines.row(row).len(), "run {run}");
            }
        }
    }

    #[test]
    fn what_needs_fewer_colours_is_coloured() {
        // A dense row, and a diagonal.
        let row = |i: usize| if i == 0 { (0..50).collect() } else { vec![i] };
        let wide = SparsePattern::of_rows(50, (0..50).map(row));
        let (side, colouring) = fewest(&wide);
        assert_eq!((side, colouring.count), (Side::Rows, 2));
        let (side, colouring) = fewest(&wide.transposed());
        assert_eq!((side, colouring.count), (Side::Columns, 2));
    }
}

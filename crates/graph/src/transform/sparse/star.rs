//! Star colouring: the symmetric matrix from fewer products.

use super::colouring::{Colouring, NONE, Palette};
use super::pattern::SparsePattern;
use crate::sorted::sort_by;

/// A star colouring of a symmetric pattern, taken for a graph whose edges are the entries off the diagonal: neighbours differ
/// in colour, and no path of four vertices has two colours alone (Coleman and Moré, 1984). With S the sums of columns of a
/// colour, every entry of H then stands alone in H·S, at itself or at its mirror image (Gebremedhin, Tarafdar, Manne and
/// Pothen, 2007).
pub(super) struct Star {
    pub colouring: Colouring,
    around: Around,
}

/// Of each vertex, the colours around it, ascending, with the number of neighbours that have each.
type Around = Vec<Vec<(usize, usize)>>;

impl Star {
    /// Of a symmetric pattern, greedily: the vertices as they stand, those of most neighbours first, and those of fewest;
    /// the best of the three.
    pub fn of(pattern: &SparsePattern) -> Self {
        let mut order: Vec<usize> =
            (0..pattern.rows()).filter(|&vertex| !pattern.row(vertex).is_empty()).collect();
        let neighbours = |vertex: usize| pattern.row(vertex).len();
        let as_they_stand = Greedy::run(pattern, &order);
        sort_by(&mut order, &|a, b| neighbours(b).cmp(&neighbours(a)));
        let most_first = Greedy::run(pattern, &order);
        sort_by(&mut order, &|a, b| neighbours(a).cmp(&neighbours(b)));
        let fewest_first = Greedy::run(pattern, &order);
        let of_fewer = |a: Self, b: Self| if b.colouring.count < a.colouring.count { b } else { a };
        of_fewer(of_fewer(as_they_stand, most_first), fewest_first)
    }

    /// Where an entry stands alone: the colour of the product, and the element of it.
    pub fn entry(&self, row: usize, column: usize) -> (usize, usize) {
        let colours = &self.colouring.colours;
        if row == column || count(&self.around[row], colours[column]) == 1 {
            (colours[column], row)
        } else {
            (colours[row], column)
        }
    }
}

struct Greedy<'p> {
    pattern: &'p SparsePattern,
    colours: Vec<usize>,
    around: Around,
    /// Of each coloured vertex w, the colours of neighbours that have further neighbours of the colour of w: a vertex
    /// beyond w in one of them would end a path of two colours.
    ends: Vec<Vec<usize>>,
}

impl<'p> Greedy<'p> {
    /// In time Σ over the edges (v, w) of the number of colours around w.
    fn run(pattern: &'p SparsePattern, order: &[usize]) -> Star {
        let rows = pattern.rows();
        let (around, ends) = (vec![Vec::new(); rows], vec![Vec::new(); rows]);
        let mut greedy = Self { pattern, colours: vec![NONE; rows], around, ends };
        let mut palette = Palette::default();
        for &vertex in order {
            palette.begin();
            greedy.forbid(vertex, &mut palette);
            greedy.colour(vertex, palette.first_allowed());
        }
        let colouring = Colouring { colours: greedy.colours, count: palette.count() };
        Star { colouring, around: greedy.around }
    }

    fn neighbours(&self, vertex: usize) -> impl Iterator<Item = usize> + use<'p> {
        self.pattern.row(vertex).iter().copied().filter(move |&other| other != vertex)
    }

    fn forbid(&self, vertex: usize, palette: &mut Palette) {
        for near in self.neighbours(vertex).filter(|&near| self.colours[near] != NONE) {
            let colour = self.colours[near];
            palette.forbid(colour);
            if count(&self.around[vertex], colour) > 1 {
                // Paths from another neighbour of this colour through the vertex and this one.
                self.around[near].iter().for_each(|&(colour, _)| palette.forbid(colour));
            } else {
                self.ends[near].iter().for_each(|&colour| palette.forbid(colour));
            }
        }
    }

    fn colour(&mut self, vertex: usize, colour: usize) {
        self.colours[vertex] = colour;
        for near in self.neighbours(vertex) {
            let of_near = self.colours[near];
            match add(&mut self.around[near], colour) {
                _ if of_near == NONE => {}
                0 | 1 => {}
                2 => {
                    for other in self.neighbours(near) {
                        if self.colours[other] == colour {
                            insert(&mut self.ends[other], of_near);
                        }
                    }
                }
                _ => insert(&mut self.ends[vertex], of_near),
            }
        }
        for near in self.neighbours(vertex) {
            if self.colours[near] != NONE && count(&self.around[vertex], self.colours[near]) > 1 {
                insert(&mut self.ends[near], colour);
            }
        }
    }
}

/// How many have a colour.
fn count(around: &[(usize, usize)], colour: usize) -> usize {
    around.binary_search_by_key(&colour, |pair| pair.0).map_or(0, |at| around[at].1)
}

/// One more has a colour; answers how many now have.
fn add(around: &mut Vec<(usize, usize)>, colour: usize) -> usize {
    match around.binary_search_by_key(&colour, |pair| pair.0) {
        Ok(at) => {
            around[at].1 += 1;
            around[at].1
        }
        Err(at) => {
            around.insert(at, (colour, 1));
            1
        }
    }
}

fn insert(sorted: &mut Vec<usize>, colour: usize) {
    if let Err(at) = sorted.binary_search(&colour) {
        sorted.insert(at, colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    /// A symmetric pattern of a diagonal, and so many edges drawn at random.
    fn drawn(vertices: usize, edges: usize, run: u64) -> SparsePattern {
        let bits = |i: usize| Seed { seed: 2, run }.bits(0, i as u64) as usize % vertices;
        let mut held = vec![vec![false; vertices]; vertices];
        for i in 0..edges {
            held[bits(2 * i)][bits(2 * i + 1)] = true;
        }
        let of = |row: &Vec<bool>| (0..vertices).filter(|&j| row[j]).collect::<Vec<usize>>();
        SparsePattern::of_rows(vertices, held.iter().map(of)).symmetrized()
    }

    /// By the definition.
    fn is_star(pattern: &SparsePattern, colours: &[usize]) -> bool {
        let off = |v: usize| pattern.row(v).iter().copied().filter(move |&w| w != v);
        let bicoloured = |a: usize, b: usize, c: usize, d: usize| {
            a != c && b != d && colours[a] == colours[c] && colours[b] == colours[d]
        };
        (0..pattern.rows()).all(|a| {
            off(a).all(|b| {
                colours[a] != colours[b] && off(b).all(|c| off(c).all(|d| !bicoloured(a, b, c, d)))
            })
        })
    }

    #[test]
    fn no_path_of_four_has_two_colours() {
        for run in 0..300 {
            let vertices = 1 + run as usize % 19;
            let pattern = drawn(vertices, run as usize % 60, run);
            let star = Star::of(&pattern);
            let colours = &star.colouring.colours;
            assert!(is_star(&pattern, colours), "run {run}: {colours:?}");
            for (row, column) in pattern.positions() {
                let (colour, at) = star.entry(row, column);
                let alone = pattern.row(at).iter().filter(|&&other| colours[other] == colour);
                let alone: Vec<usize> = alone.copied().collect();
                assert_eq!(alone, [if at == row { column } else { row }], "run {run}");
            }
        }
    }

    #[test]
    fn arrows_need_two_and_paths_three() {
        let arrow = |i: usize| if i == 7 { (0..100).collect() } else { vec![i.min(7), i.max(7)] };
        let arrow = SparsePattern::of_rows(100, (0..100).map(arrow));
        assert_eq!(Star::of(&arrow).colouring.count, 2);
        let path = |i: usize| (i.saturating_sub(1)..(i + 2).min(100)).collect::<Vec<usize>>();
        let path = SparsePattern::of_rows(100, (0..100).map(path));
        assert_eq!(Star::of(&path).colouring.count, 3);
        // A bipartite graph that is complete: its smaller side, and one colour more.
        let row = |i: usize| if i < 3 { (3..20).collect() } else { (0..3).collect::<Vec<_>>() };
        let bipartite = SparsePattern::of_rows(20, (0..20).map(row));
        assert_eq!(Star::of(&bipartite).colouring.count, 4);
    }
}

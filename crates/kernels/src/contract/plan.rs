//! How a product is computed: which operand is read by vectors, what is copied, which tiles.

use super::group::Group;
use super::strip::{MAX_VECTORS, TileShape};

/// The most depth of a block: what a tile of C gathers before it is written.
const DEPTH: usize = 384;

/// The most where the results are few and the depth is cut for threads.
const LONG_DEPTH: usize = 2048;

/// A depth is cut for threads where it is so many times as long as a block.
const MANY_BLOCKS: usize = 4;

/// X is copied when at least this many tiles lie along a panel of it, and read in place when fewer do.
const MANY_TILES: usize = 8;

/// A block of Y larger than this is dear to read in place again and again: tiles wait for each of its rows, if it is not
/// in a cache, and touch many memory pages.
const IN_PLACE: usize = 1 << 12;

/// The operands in the order of their use: X, of which a tile broadcasts numbers, and Y, of which it loads vectors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides<'p> {
    pub(super) x_rows: &'p Group,
    pub(super) x_depth: &'p Group,
    pub(super) y_depth: &'p Group,
    pub(super) y_columns: &'p Group,
    pub(super) c_rows: &'p Group,
    pub(super) c_columns: &'p Group,
}

impl Sides<'_> {
    /// How many steps of the depth, from the first on and again and again, have one stride in X and one in Y; `None` where the
    /// strides of one change within those of the other.
    pub(super) fn even_run(&self) -> Option<usize> {
        let [x, y] = [self.x_depth, self.y_depth].map(Group::run_len);
        let run = x.min(y);
        (x.is_multiple_of(run) && y.is_multiple_of(run)).then_some(run)
    }

    /// The transposed product, Cᵀ = Bᵀ·Aᵀ: the same sums of the same products.
    pub(super) fn turned(self) -> Self {
        Sides {
            x_rows: self.y_columns,
            x_depth: self.y_depth,
            y_depth: self.x_depth,
            y_columns: self.x_rows,
            c_rows: self.c_columns,
            c_columns: self.c_rows,
        }
    }
}

/// How the vectors of Y are had.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Read {
    /// From a copy.
    Copied,
    /// Where they lie.
    InPlace,
    /// From squares that are turned in registers: where Y's depth lies side by side, all of it or in runs of whole vectors (the
    /// channels of a row of a window), and few rows make use of it.
    Squares,
}

/// How a product is computed on one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    /// A and B have changed their roles.
    pub(super) turned: bool,
    /// The most rows and vectors of a tile.
    pub(super) tile: TileShape,
    pub(super) y: Read,
    pub(super) x_packed: bool,
    /// The columns of a tile lie side by side in C.
    pub(super) direct: bool,
    /// What it is believed to cost, in clock cycles.
    pub(super) cost: f64,
    /// What a thread more costs that needs all of X, or all of Y.
    pub(super) again: [f64; 2],
}

/// The depth of a block, by the numbers of results and the depth alone: sums are the same on every machine of a level.
/// `most` is how many numbers of partial results there is room for.
pub(super) fn depth_block(results: usize, depth: usize, most: usize) -> usize {
    let for_room = depth.div_ceil((most / results.max(1)).max(1));
    let long =
        depth > MANY_BLOCKS * DEPTH && for_room <= LONG_DEPTH && results < most / MANY_BLOCKS;
    even_part(depth, if long { DEPTH.max(for_room) } else { DEPTH })
}

/// The size of equal parts of `total`, as few as possible and none above `limit`.
pub(super) fn even_part(total: usize, limit: usize) -> usize {
    total.div_ceil(total.div_ceil(limit))
}

impl Plan {
    /// The cheapest way, among those for a level whose tiles these are, of so many rows and columns.
    pub(super) fn cheapest(
        sides: Sides<'_>,
        part: (usize, usize),
        depth_block: usize,
        tiles: &[TileShape],
    ) -> Plan {
        let straight = Plan::ways(sides, part, depth_block, tiles, false);
        let turned = Plan::ways(sides.turned(), (part.1, part.0), depth_block, tiles, true);
        let ways = straight.chain(turned);
        ways.min_by(|x, y| x.cost.total_cmp(&y.cost)).expect("there is more than one way")
    }

    /// The cheapest way to multiply with a B that was packed before.
    pub(super) fn prepacked(
        sides: Sides<'_>,
        part: (usize, usize),
        depth_block: usize,
        tile: TileShape,
    ) -> Plan {
        let plan = Plan::way(sides, part, depth_block, tile, Read::Copied, false);
        Plan { again: [plan.again[0], 0.0], ..plan }
    }

    fn ways<'p>(
        sides: Sides<'p>,
        part: (usize, usize),
        depth_block: usize,
        tiles: &'p [TileShape],
        turned: bool,
    ) -> impl Iterator<Item = Plan> + 'p {
        let beside = |group: &Group| group.stride() == 1;
        let can = move |way: &Read| match way {
            Read::Copied => true,
            Read::InPlace => beside(sides.y_columns),
            Read::Squares => {
                let (depth, lanes) = (sides.y_depth.len(), tiles[0].lanes);
                let fits = |run: usize| run == depth || run.is_multiple_of(lanes);
                beside(sides.y_depth) && depth > 1 && sides.even_run().is_some_and(fits)
            }
        };
        [Read::Copied, Read::InPlace, Read::Squares].into_iter().filter(can).flat_map(move |y| {
            let way = move |&tile: &TileShape| {
                let tile = if y == Read::Squares { tile.of_squares() } else { tile };
                Plan::way(sides, part, depth_block, tile, y, turned)
            };
            tiles.iter().filter(move |tile| y == Read::InPlace || !tile.is_flat()).map(way)
        })
    }

    /// One way and its cost.
    fn way(
        sides: Sides<'_>,
        part: (usize, usize),
        depth_block: usize,
        tile: TileShape,
        y: Read,
        turned: bool,
    ) -> Plan {
        let Sides { x_rows, x_depth, y_depth, y_columns, c_rows, c_columns } = sides;
        let (rows, columns, depth) = (part.0 as f64, part.1 as f64, x_depth.len() as f64);
        let direct =
            c_columns.stride() == 1 && c_columns.run_len() >= tile.lanes.min(c_columns.len());
        // Panels end with runs, in which the columns lie side by side where they are read and where they are written.
        let mut run = part.1;
        if y == Read::InPlace {
            run = run.min(y_columns.run_len());
        }
        if direct {
            run = run.min(c_columns.run_len());
        }
        let vectors = run.div_ceil(tile.lanes);
        let along = vectors.div_ceil(tile.vectors);
        let panels = along as f64 * (columns / run as f64);
        let runs = y == Read::InPlace && !y_depth.is_run();
        let packs = tile.vectors == MAX_VECTORS && y != Read::Squares;
        let x_packed = panels >= MANY_TILES as f64 && !runs && packs;
        let tile = if x_packed { tile } else { tile.apart(x_rows.stride()) };
        let strips = part.0.div_ceil(tile.rows) as f64;
        let high = rows / strips;
        let by_halves = tile.is_by_halves(part.0.div_ceil(part.0.div_ceil(tile.rows)))
            && !x_packed
            && y != Read::Squares;
        let taken =
            if by_halves { run.div_ceil(tile.lanes / 2) as f64 / 2.0 } else { vectors as f64 };
        let wide = taken / along as f64;
        let mut step = (high * wide / 2.0).max((high + wide) / 2.0).max(4.0);
        if y == Read::Squares {
            step = step.max(wide * (TURNING * tile.lanes as f64 + high / 2.0));
        }
        let mut cost = panels * strips * (step * depth + 20.0) + strips * 60.0;
        let of_y_number = if y == Read::Copied { pack_cost(y_columns, y_depth) } else { IN_ORDER };
        let of_y = columns * depth * of_y_number;
        if y == Read::Copied {
            cost += of_y;
        } else {
            // Windows that overlap are few numbers, read often.
            let span = (y_columns.span() + y_depth.span() + 1) as f64;
            let distinct = (columns * depth).min(span * columns / y_columns.len() as f64);
            if distinct > IN_PLACE as f64 {
                cost += distinct * strips * 0.11;
            }
        }
        let of_x_number =
            if x_packed { pack_cost(x_rows, x_depth) } else { read_cost(x_depth, tile.bytes) };
        let of_x = rows * depth * of_x_number;
        cost += of_x;
        if !direct {
            // As if each block of the depth were written there, though results are gathered where there is room. With what that
            // takes, products are turned where it does not pay: X is then read across memory, which costs more than is said here.
            let of_one = if c_rows.stride() == 1 && c_rows.run_len() >= 4 { 0.7 } else { 1.5 };
            cost += rows * columns * (depth / depth_block as f64).ceil() * of_one;
        }
        if tile.vectors == 1 && vectors > 1 && y != Read::Squares {
            // Higher tiles are for columns that fill no more than a vector.
            cost = f64::INFINITY;
        }
        if tile.is_flat() && (part.0 > tile.rows || runs || !x_depth.is_run()) {
            // Flat ones are for few rows, and there is code for steps of one stride alone.
            cost = f64::INFINITY;
        }
        Plan { turned, tile, y, x_packed, direct, cost, again: [of_x, of_y] }
    }
}

/// The clock cycles of reading a number that follows the one before, for what comes from behind the caches.
const IN_ORDER: f64 = 0.2;

/// The clock cycles of turning a number of Y in registers.
const TURNING: f64 = 0.25;

/// A step of so many bytes is to another page of memory.
const PAGE: usize = 1 << 12;

/// The clock cycles of reading a number of X, of so many bytes, where it lies, beyond those of a tile: more if each step is in
/// another line, and most if steps leap from page to page, which no processor foresees.
fn read_cost(depth: &Group, bytes: usize) -> f64 {
    let goes_on = depth.stride() == 1 && depth.run_len() >= 16.min(depth.len());
    match depth.is_run() {
        _ if goes_on => IN_ORDER,
        true if depth.stride().unsigned_abs() * bytes >= PAGE => 2.0,
        true => 0.5,
        false => 0.8,
    }
}

/// The clock cycles of copying a number.
fn pack_cost(lanes: &Group, depth: &Group) -> f64 {
    if lanes.stride() == 1 && lanes.run_len() >= 4 {
        0.7 + 2.0 / lanes.run_len() as f64
    } else if depth.stride() == 1 && depth.run_len() >= 4 {
        1.0
    } else {
        2.0
    }
}

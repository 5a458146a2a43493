//! Attention in memory that grows with the number of queries, and not with its product with that of keys.

use graph::Var;

use super::dot_product::{DotProductAttention, Rows};

/// How many weights of an attention are in memory at a time.
///
/// In blocks, a loop goes from one block of queries to the next, and its gradient computes the weights of each
/// again: what is kept are queries, keys, values and the result. Queries of a causal attention that begin with the keys are
/// taken in up to four stretches, so that early ones do not look at keys that come after all of them. Dropout draws block by
/// block, and the same again for the gradient. A mask of all queries and keys has their product in numbers itself.
///
/// For an example see [`DotProductAttention`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Blocks {
    /// In blocks of 64 queries where there are more than 1024·1024 weights in each product, else at once.
    #[default]
    Auto,
    /// All at once.
    Whole,
    /// Those of so many queries.
    Of(usize),
}

/// From how many weights on blocks are taken, and of how many queries.
const LARGE: usize = 1024 * 1024;
const BLOCK: usize = 64;

/// In how many stretches a causal attention is taken: they look at 5/8 of the keys in place of all.
const STRETCHES: usize = 4;

impl Blocks {
    /// The extent of a block, if there are blocks.
    #[track_caller]
    pub(super) fn extent(self, queries: usize, keys: usize) -> Option<usize> {
        match self {
            Blocks::Auto => (queries * keys > LARGE && queries > BLOCK).then_some(BLOCK),
            Blocks::Whole => None,
            Blocks::Of(extent) => {
                assert!(extent > 0, "a block must have a query, and 0 are asked for");
                (extent < queries).then_some(extent)
            }
        }
    }
}

impl<'g> DotProductAttention<'g> {
    /// Block by block; the queries that are left over are the last block.
    pub(super) fn in_blocks(
        &self,
        block: usize,
        rows: Rows<'g>,
        k: Var<'g>,
        v: Var<'g>,
    ) -> Var<'g> {
        let (queries, all_keys) = (rows.position.shape()[0], k.shape()[k.rank() - 2]);
        let whole = queries / block;
        let aligned = self.is_aligned();
        let stretches = if aligned { STRETCHES.min(whole) } else { 1 };
        let bounds = (0..=stretches).map(|i| block * (i * whole / stretches));
        let mut bounds: Vec<usize> = bounds.collect();
        if whole * block < queries {
            bounds.push(queries);
        }
        let part = |from: usize, to: usize| {
            let keys = if aligned { to.min(all_keys) } else { all_keys };
            let rows = rows.between(from, to, keys);
            let [k, v] = [k, v].map(|x| cut(x, -2, 0, keys));
            if to - from <= block {
                self.attend(rows, k, v)
            } else {
                self.looped(block, rows, k, v)
            }
        };
        let parts: Vec<Var<'g>> = bounds.windows(2).map(|ends| part(ends[0], ends[1])).collect();
        if let [alone] = parts[..] { alone } else { k.graph().concat(&parts, -2) }
    }

    /// Of as many queries as some blocks have.
    fn looped(&self, block: usize, rows: Rows<'g>, k: Var<'g>, v: Var<'g>) -> Var<'g> {
        let queries = rows.position.shape()[0];
        let [q, position] = [blocks(rows.q, -2, block), blocks(rows.position, -1, block)];
        let for_each = |mask: Option<Var<'g>>| mask.filter(|mask| extent(*mask, -2) > 1);
        let each = [for_each(rows.added), for_each(rows.seen)];
        let masks = each.iter().flatten().map(|&mask| blocks(mask, -2, block));
        let xs: Vec<Var<'g>> = [q, position].into_iter().chain(masks).collect();
        let (_, out) = k.graph().scan_recomputed(&[], &xs, |_, xs| {
            let mut masks = xs[2..].iter().copied();
            let mut one = |of_all: Option<Var<'g>>, of_each: Option<Var<'g>>| match of_each {
                Some(_) => masks.next(),
                None => of_all,
            };
            let (added, seen) = (one(rows.added, each[0]), one(rows.seen, each[1]));
            let rows = Rows { q: xs[0], position: xs[1], added, seen };
            (vec![], vec![self.attend(rows, k, v)])
        });
        // [blocks, .., block, E] to [.., queries, E].
        let rank = rows.q.rank() as isize;
        let order: Vec<isize> = (1..rank - 1).chain([0, rank - 1, rank]).collect();
        let mut shape = rows.q.shape().to_vec();
        shape[rank as usize - 2] = queries;
        shape[rank as usize - 1] = extent(v, -1);
        out[0].permute(order).reshape_to(shape)
    }
}

impl<'g> Rows<'g> {
    /// Some of the queries, with the masks of the first keys.
    fn between(self, from: usize, to: usize, keys: usize) -> Self {
        let of_mask = |mask: Var<'g>| {
            let rows = if extent(mask, -2) > 1 { cut(mask, -2, from, to) } else { mask };
            if extent(mask, -1) > 1 { cut(rows, -1, 0, keys) } else { rows }
        };
        Self {
            q: cut(self.q, -2, from, to),
            position: cut(self.position, -1, from, to),
            added: self.added.map(of_mask),
            seen: self.seen.map(of_mask),
        }
    }
}

/// The extent of an axis counted from the last; 1 if there is none.
pub(super) fn extent(x: Var<'_>, axis: isize) -> usize {
    let shape = x.shape();
    shape.rank().checked_add_signed(axis).map_or(1, |axis| shape[axis])
}

fn cut(x: Var<'_>, axis: isize, from: usize, to: usize) -> Var<'_> {
    match (from, to) {
        (0, to) if to == extent(x, axis) => x,
        (from, to) => x.slice_axis(axis, from..to),
    }
}

/// An axis, counted from the last, as blocks along a new first one.
fn blocks(x: Var<'_>, axis: isize, block: usize) -> Var<'_> {
    let shape = x.shape();
    let axis = shape.rank().checked_add_signed(axis).expect("the axis was looked at");
    let mut split = shape.to_vec();
    split[axis] = block;
    split.insert(axis, shape[axis] / block);
    let ahead = (0..split.len()).filter(|&other| other != axis).map(|other| other as isize);
    let order: Vec<isize> = [axis as isize].into_iter().chain(ahead).collect();
    x.reshape_to(split).permute(order)
}

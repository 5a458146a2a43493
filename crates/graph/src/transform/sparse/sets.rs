//! Sets of positions, each stored once.

use std::collections::HashMap;
use std::rc::Rc;

/// The number of a set among the [`Sets`] that are known. Equal sets have equal numbers.
pub(super) type SetId = u32;

/// The set of nothing.
pub(super) const EMPTY: SetId = 0;

/// Sets of positions below a bound, as sorted lists, each stored once: an element of an array has a number of 4 bytes,
/// and what many elements share costs nothing more.
pub(super) struct Sets {
    bound: usize,
    lists: Vec<Rc<[u32]>>,
    numbers: HashMap<Rc<[u32]>, SetId>,
    /// Of pairs that were united before.
    unions: HashMap<(SetId, SetId), SetId>,
}

impl Sets {
    /// No sets but the empty one; positions will be less than `bound`.
    ///
    /// # Panics
    /// If positions do not fit in 32 bits.
    pub fn below(bound: usize) -> Self {
        assert!(
            u32::try_from(bound).is_ok(),
            "sparsity: a pattern has at most {} rows and columns, and was asked for {bound}",
            u32::MAX
        );
        let mut sets =
            Self { bound, lists: Vec::new(), numbers: HashMap::new(), unions: HashMap::new() };
        sets.number(Rc::from([]));
        sets
    }

    /// The elements of a set, sorted.
    pub fn elements(&self, id: SetId) -> &[u32] {
        &self.lists[id as usize]
    }

    /// The set of one position.
    pub fn single(&mut self, position: usize) -> SetId {
        self.number(Rc::from([position as u32]))
    }

    /// The number of a sorted list.
    fn number(&mut self, list: Rc<[u32]>) -> SetId {
        if let Some(&id) = self.numbers.get(&list) {
            return id;
        }
        let id = self.lists.len() as SetId;
        self.lists.push(Rc::clone(&list));
        self.numbers.insert(list, id);
        id
    }

    /// a ∪ b.
    pub fn union(&mut self, a: SetId, b: SetId) -> SetId {
        let (a, b) = (a.min(b), a.max(b));
        if a == b || a == EMPTY {
            return b;
        }
        if let Some(&id) = self.unions.get(&(a, b)) {
            return id;
        }
        let (of_a, of_b) = (Rc::clone(&self.lists[a as usize]), Rc::clone(&self.lists[b as usize]));
        let id = if within(&of_a, &of_b) {
            b
        } else if within(&of_b, &of_a) {
            a
        } else {
            self.number(merged(&of_a, &of_b).into())
        };
        self.unions.insert((a, b), id);
        id
    }

    /// The union of all. In time linear in what they hold together, or in the bound where that is less.
    pub fn union_all(&mut self, ids: impl IntoIterator<Item = SetId>) -> SetId {
        self.united(ids.into_iter().collect())
    }

    /// Not generic, and so compiled once.
    fn united(&mut self, mut ids: Vec<SetId>) -> SetId {
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|&id| id != EMPTY);
        match ids[..] {
            [] => return EMPTY,
            [one] => return one,
            [a, b] => return self.union(a, b),
            _ => {}
        }
        let total: usize = ids.iter().map(|&id| self.elements(id).len()).sum();
        let mut union: Vec<u32>;
        if total < self.bound / 4 {
            union = ids.iter().flat_map(|&id| self.elements(id)).copied().collect();
            union.sort_unstable();
            union.dedup();
        } else {
            let mut holds = vec![false; self.bound];
            for &id in &ids {
                self.elements(id).iter().for_each(|&position| holds[position as usize] = true);
            }
            union = (0..self.bound as u32).filter(|&position| holds[position as usize]).collect();
        }
        self.number(union.into())
    }
}

/// Whether a sorted list holds all of one that is much shorter; of others it is not asked.
fn within(few: &[u32], many: &[u32]) -> bool {
    few.len() * 16 <= many.len() && few.iter().all(|position| many.binary_search(position).is_ok())
}

/// The union of two sorted lists.
fn merged(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut union = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let least = a[i].min(b[j]);
        union.push(least);
        i += usize::from(a[i] == least);
        j += usize::from(b[j] == least);
    }
    union.extend_from_slice(&a[i..]);
    union.extend_from_slice(&b[j..]);
    union
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sets_are_one_however_they_were_united() {
        let mut sets = Sets::below(100);
        let of: Vec<SetId> = (0..100).map(|i| sets.single(i)).collect();
        let (ab, bc) = (sets.union(of[7], of[3]), sets.union(of[3], of[50]));
        let abc = sets.union(ab, bc);
        assert_eq!(sets.elements(abc), [3, 7, 50]);
        assert_eq!(sets.union_all([of[50], EMPTY, of[7], of[3], of[7]]), abc);
        assert_eq!(sets.union(EMPTY, abc), abc);
        // By the marks of many, and by the search in many.
        let all = sets.union_all(of.iter().copied());
        assert_eq!(sets.elements(all), (0..100).collect::<Vec<u32>>());
        assert_eq!(sets.union(all, abc), all);
        assert_eq!(sets.union_all([]), EMPTY);
    }
}

//! Mini-batches: how a data set reaches a training loop.

use std::iter::FusedIterator;
use std::ops::Range;

use ndarray::{Array1, Array2};

use crate::random::ShuffleRows;
use crate::{DataError, Dataset, Rows, Shuffle};

/// One pass through a data set in mini-batches, made by [`Dataset::batches`].
///
/// As an iterator it yields `(features, labels)`, or targets: arrays as those of the data set, with a
/// batch along the first axis. Its `len` is the number of batches to come. By default the rows come
/// in the order of the data set and the last batch holds what is left, so that each row comes exactly
/// once.
///
/// ```
/// # fn main() -> Result<(), cotangent::data::DataError> {
/// let train = cotangent::data::digits();
/// let seed = 0;
/// for epoch in 0..2 {
///     for (x, labels) in train.batches(64)?.shuffled((seed, epoch)) {
///         assert_eq!(x.dim(), (labels.len(), 64));
///     }
/// }
/// assert_eq!(train.batches(64)?.len(), 29); // 28 of 64 rows, and one of 5
/// assert_eq!(train.batches(64)?.drop_last().len(), 28);
/// # Ok(())
/// # }
/// ```
///
/// A loop that must not allocate keeps two arrays and fills them again with
/// [`next_into`](Self::next_into).
#[derive(Clone, Debug)]
pub struct Batches<'a, X = Array2<f32>, Y = Array1<i64>> {
    data: &'a Dataset<X, Y>,
    size: usize,
    order: Option<Vec<usize>>, // none: the order of the data set
    next: usize,               // positions in that order
    end: usize,
    part: (usize, usize), // which of how many parts of each batch
}

/// The rows that one of `of` parts has of so many: those from ⌊part·rows/of⌋ on, to where the next part begins. Parts differ by
/// one row at most, together they are all rows, and where `of` is a multiple of a smaller number, its parts are made of whole
/// ones.
///
/// ```
/// use cotangent::data::part_of;
/// assert_eq!([0, 1, 2].map(|part| part_of(8, part, 3)), [0..2, 2..5, 5..8]);
/// assert_eq!(part_of(9, 0, 2), 0..part_of(9, 1, 4).end);
/// ```
///
/// # Panics
/// Unless `part < of`.
#[track_caller]
pub fn part_of(rows: usize, part: usize, of: usize) -> Range<usize> {
    assert!(part < of, "part {part} is none of {of} parts, which are counted from 0");
    // Not `part * rows / of`, which could wrap around.
    let start = |part: usize| rows / of * part + rows % of * part / of;
    start(part)..start(part + 1)
}

impl<'a, X: Rows, Y: Rows> Batches<'a, X, Y> {
    pub(crate) fn new(data: &'a Dataset<X, Y>, size: usize) -> Result<Self, DataError> {
        if size == 0 {
            return Err(DataError::BatchSizeZero);
        }
        Ok(Self { data, size, order: None, next: 0, end: data.len(), part: (0, 1) })
    }

    /// Puts the rows to come in a random order; each order is equally likely.
    ///
    /// The order depends on what is given alone: a seed, a seed and the number of the epoch, which
    /// gives each epoch an order of its own, or a generator of random numbers (see [`Shuffle`]). A
    /// seed means the same order for ever.
    ///
    /// ```
    /// # fn main() -> Result<(), cotangent::data::DataError> {
    /// let train = cotangent::data::digits();
    /// let first = |order| train.batches(4).map(|batches| batches.shuffled(order).next());
    /// assert_eq!(first((7, 0))?, first((7, 0))?);
    /// assert_ne!(first((7, 0))?, first((7, 1))?);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn shuffled(mut self, by: impl Shuffle) -> Self {
        self.shuffle(by);
        self
    }

    fn shuffle(&mut self, by: impl ShuffleRows) {
        let order = self.order.get_or_insert_with(|| (0..self.data.len()).collect());
        by.shuffle(&mut order[self.next..]);
    }

    /// Leaves out the last batch if it is smaller than the others, so that all have one shape.
    ///
    /// A last batch of one example has no batch statistics: training with
    /// batch normalisation is where this is wanted most. With a batch size above the number of rows,
    /// nothing is left.
    #[must_use]
    pub fn drop_last(mut self) -> Self {
        self.end -= (self.end - self.next) % self.size;
        self
    }

    /// Only a part of the rows of each batch.
    pub(crate) fn part(self, part: usize, of: usize) -> Self {
        Self { part: (part, of), ..self }
    }

    /// Goes back to the first batch, with the rows in another random order if there is one.
    pub(crate) fn restart(&mut self, by: Option<impl ShuffleRows>) {
        self.next = 0;
        if let Some(by) = by {
            if let Some(order) = &mut self.order {
                order.clear();
                order.extend(0..self.data.len());
            }
            self.shuffle(by);
        }
    }

    /// Goes on to a batch by its number, which must be one of the epoch.
    pub(crate) fn go_to(&mut self, batch: usize) {
        self.next = batch * self.size;
    }

    /// The number of the batch to come.
    pub(crate) fn batch(&self) -> usize {
        self.next / self.size
    }

    /// The size of a batch.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The rows of the data set.
    pub(crate) fn rows(&self) -> usize {
        self.data.len()
    }

    /// Writes the next batch over `features` and `targets`, whose memory it reuses, and returns
    /// whether there was one.
    ///
    /// The arrays take the shape of the batch, whatever shape they had; they grow at the first
    /// batch and are not allocated again. After the last batch they are left as they were.
    ///
    /// ```
    /// use cotangent::ndarray::{Array1, Array2};
    ///
    /// # fn main() -> Result<(), cotangent::data::DataError> {
    /// let train = cotangent::data::digits();
    /// let (mut x, mut labels) = (Array2::default((0, 0)), Array1::default(0));
    /// let mut batches = train.batches(64)?;
    /// while batches.next_into(&mut x, &mut labels) {
    ///     assert_eq!(x.dim(), (labels.len(), 64));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn next_into(&mut self, features: &mut X, targets: &mut Y) -> bool {
        if self.next == self.end {
            return false;
        }
        let start = self.next;
        self.next = self.end.min(start.saturating_add(self.size));
        let order = self.order.as_ref();
        let part = part_of(self.next - start, self.part.0, self.part.1);
        let rows = part.map(|row| start + row).map(|at| order.map_or(at, |order| order[at]));
        self.data.gather(rows, features, targets);
        true
    }
}

impl<X: Rows, Y: Rows> Iterator for Batches<'_, X, Y> {
    type Item = (X, Y);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut features, mut targets) = Default::default();
        self.next_into(&mut features, &mut targets).then_some((features, targets))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let batches = (self.end - self.next).div_ceil(self.size);
        (batches, Some(batches))
    }
}

impl<X: Rows, Y: Rows> ExactSizeIterator for Batches<'_, X, Y> {}
impl<X: Rows, Y: Rows> FusedIterator for Batches<'_, X, Y> {}

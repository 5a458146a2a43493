//! Mini-batches: how a data set reaches a training loop.

use std::iter::FusedIterator;
use std::mem;

use ndarray::{Array1, Array2};
use rand::Rng;
use rand::seq::SliceRandom;

use crate::{DataError, Dataset, Real};

/// One pass through a data set in mini-batches, made by [`Dataset::batches`].
///
/// As an iterator it yields `(features, labels)`: arrays of shape `[batch, columns]` and `[batch]`.
/// Its `len` is the number of batches to come. By default the rows come in the order of the data
/// set and the last batch holds what is left, so that each row comes exactly once.
///
/// ```
/// use rand::{SeedableRng, rngs::StdRng};
///
/// # fn main() -> Result<(), data::DataError> {
/// let train = data::digits();
/// let mut rng = StdRng::seed_from_u64(0);
/// for _epoch in 0..2 {
///     for (x, labels) in train.batches(64)?.shuffled(&mut rng) {
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
pub struct Batches<'a, T = f32> {
    data: &'a Dataset<T>,
    size: usize,
    order: Option<Vec<usize>>, // none: the order of the data set
    next: usize,               // positions in that order
    end: usize,
}

impl<'a, T: Real> Batches<'a, T> {
    pub(crate) fn new(data: &'a Dataset<T>, size: usize) -> Result<Self, DataError> {
        if size == 0 {
            return Err(DataError::BatchSizeZero);
        }
        Ok(Self { data, size, order: None, next: 0, end: data.len() })
    }

    /// Puts the rows to come in a random order; each order is equally likely.
    ///
    /// The order depends on `rng` alone, so a generator with a fixed seed repeats a training run.
    /// Call it anew for each epoch, with the same `rng`.
    #[must_use]
    pub fn shuffled<R: Rng + ?Sized>(mut self, rng: &mut R) -> Self {
        self.shuffle(rng);
        self
    }

    fn shuffle<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let order = self.order.get_or_insert_with(|| (0..self.data.len()).collect());
        order[self.next..].shuffle(rng);
    }

    /// Leaves out the last batch if it is smaller than the others, so that all have one shape.
    ///
    /// With a batch size above the number of rows, nothing is left.
    #[must_use]
    pub fn drop_last(mut self) -> Self {
        self.end -= (self.end - self.next) % self.size;
        self
    }

    /// Goes back to the first batch, with the rows in a new random order if there is a generator.
    pub(crate) fn restart<R: Rng>(&mut self, rng: Option<R>) {
        self.next = 0;
        if let Some(mut rng) = rng {
            if let Some(order) = &mut self.order {
                order.clear();
                order.extend(0..self.data.len());
            }
            self.shuffle(&mut rng);
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

    /// Writes the next batch over `features` and `labels`, whose memory it reuses, and returns
    /// whether there was one.
    ///
    /// The arrays take the shape of the batch, whatever shape they had; they grow at the first
    /// batch and are not allocated again. After the last batch they are left as they were.
    ///
    /// ```
    /// use ndarray::{Array1, Array2};
    ///
    /// # fn main() -> Result<(), data::DataError> {
    /// let train = data::digits();
    /// let (mut x, mut labels) = (Array2::default((0, 0)), Array1::default(0));
    /// let mut batches = train.batches(64)?;
    /// while batches.next_into(&mut x, &mut labels) {
    ///     assert_eq!(x.dim(), (labels.len(), 64));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn next_into(&mut self, features: &mut Array2<T>, labels: &mut Array1<i64>) -> bool {
        if self.next == self.end {
            return false;
        }
        let start = self.next;
        self.next = self.end.min(start.saturating_add(self.size));
        self.gather(start, features, labels);
        true
    }

    /// Copies the rows from position `start` up to `next`.
    fn gather(&self, start: usize, features: &mut Array2<T>, labels: &mut Array1<i64>) {
        let rows =
            || (start..self.next).map(|at| self.order.as_ref().map_or(at, |order| order[at]));
        let dim = (self.next - start, self.data.width());

        let mut buffer = emptied(mem::take(features).into_raw_vec_and_offset().0, dim.0 * dim.1);
        rows().for_each(|row| buffer.extend_from_slice(self.data.row(row)));
        *features =
            Array2::from_shape_vec(dim, buffer).expect("as many values as rows times columns");

        let mut buffer = emptied(mem::take(labels).into_raw_vec_and_offset().0, dim.0);
        buffer.extend(rows().map(|row| self.data.labels()[row]));
        *labels = Array1::from_vec(buffer);
    }
}

/// The same memory, without its values, with room for `capacity` of them.
fn emptied<E>(mut buffer: Vec<E>, capacity: usize) -> Vec<E> {
    buffer.clear();
    buffer.reserve(capacity);
    buffer
}

impl<T: Real> Iterator for Batches<'_, T> {
    type Item = (Array2<T>, Array1<i64>);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut features, mut labels) = Default::default();
        self.next_into(&mut features, &mut labels).then_some((features, labels))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let batches = (self.end - self.next).div_ceil(self.size);
        (batches, Some(batches))
    }
}

impl<T: Real> ExactSizeIterator for Batches<'_, T> {}
impl<T: Real> FusedIterator for Batches<'_, T> {}

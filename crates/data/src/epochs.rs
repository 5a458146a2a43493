//! Epoch after epoch in mini-batches, from a place that can be saved.

use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use crate::{Batches, DataError, Dataset, Rows};

/// Mini-batches of one epoch after another, without end, made by [`Dataset::epochs`].
///
/// Unlike [`Batches`], it knows its [place](Self::order): a run that was interrupted
/// [resumes](Self::resume) with the very batch that was to come, also in the middle of an epoch.
/// For that the order of an epoch is a function of the seed and the epoch's number alone.
///
/// ```
/// use cotangent::data::DataOrder;
///
/// # fn main() -> Result<(), cotangent::data::DataError> {
/// let train = cotangent::data::digits();
/// let mut whole = train.epochs(64)?.shuffled(7);
/// whole.nth(39);                                      // 40 batches: an epoch of 29, and 11
/// let place: DataOrder = whole.order();               // plain data: save it with the model
/// assert_eq!((place.epoch, place.batch), (1, 11));
///
/// let mut resumed = train.epochs(64)?.shuffled(7);
/// resumed.resume(&place)?;
/// assert_eq!(resumed.next(), whole.next());
/// # Ok(())
/// # }
/// ```
///
/// As an iterator it yields `(features, labels)`, or targets, and never ends: a loop asks for the
/// [`epoch`](Self::epoch). One that must not allocate uses [`next_into`](Self::next_into).
#[derive(Clone, Debug)]
pub struct Epochs<'a, X = Array2<f32>, Y = Array1<i64>> {
    batches: Batches<'a, X, Y>,
    seed: Option<u64>,
    drop_last: bool,
    epoch: u64,
}

/// The order in which a data set is walked through, and the place in it: plain data, to be saved in
/// any format.
///
/// [`Epochs`] answer it and take it up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataOrder {
    /// The rows of the data set.
    pub rows: usize,
    /// The rows of a batch.
    pub batch_size: usize,
    /// Whether a smaller last batch is left out.
    pub drop_last: bool,
    /// The seed that the rows are shuffled by, if they are.
    pub seed: Option<u64>,
    /// The epoch of the batch to come: how many are complete.
    pub epoch: u64,
    /// The number of the batch to come in its epoch, from 0.
    pub batch: usize,
}

impl<'a, X: Rows, Y: Rows> Epochs<'a, X, Y> {
    pub(crate) fn new(data: &'a Dataset<X, Y>, size: usize) -> Result<Self, DataError> {
        let batches = Batches::new(data, size)?;
        Ok(Self { batches, seed: None, drop_last: false, epoch: 0 })
    }

    /// Starts at the first epoch, each in a random order of its own, which is a function of the seed
    /// and the epoch's number: that of [`Batches::shuffled`] for both.
    #[must_use]
    pub fn shuffled(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self.begin(0);
        self
    }

    /// Leaves out the last batch of each epoch if it is smaller than the others.
    ///
    /// # Errors
    ///
    /// [`EpochWithoutBatch`](DataError::EpochWithoutBatch) if nothing would be left.
    pub fn drop_last(mut self) -> Result<Self, DataError> {
        let (rows, size) = (self.batches.rows(), self.batches.size());
        if size > rows {
            return Err(DataError::EpochWithoutBatch { rows, size });
        }
        self.begin(0);
        self.batches = self.batches.drop_last();
        self.drop_last = true;
        Ok(self)
    }

    /// Yields of each batch only the rows of one of `of` parts, counted from 0: what one of several processes trains on, that
    /// go through the epochs together. All parts together are the batch, in its order; they differ by one row at most, and are
    /// empty where a batch has fewer rows than there are parts ([`part_of`](crate::part_of) says which are whose). The [order](Self::order) is
    /// that of the whole batches, and so another number of processes can go on from it.
    ///
    /// ```
    /// use cotangent::ndarray::concatenate;
    /// use cotangent::ndarray::Axis;
    ///
    /// # fn main() -> Result<(), cotangent::data::DataError> {
    /// let train = cotangent::data::digits();
    /// let mut whole = train.epochs(64)?.shuffled(7);
    /// let mut parts = [0, 1].map(|part| train.epochs(64).map(|epochs| epochs.shuffled(7).part(part, 2)));
    /// let [Ok(first), Ok(second)] = &mut parts else { unreachable!("batches of 64") };
    /// for (x, _) in whole.by_ref().take(29) {
    ///     let [one, two] = [first.next().unwrap().0, second.next().unwrap().0];
    ///     assert_eq!(concatenate![Axis(0), one, two], x);
    /// }
    /// assert_eq!(first.order(), whole.order());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// Unless `part < of`.
    #[must_use]
    #[track_caller]
    pub fn part(mut self, part: usize, of: usize) -> Self {
        assert!(part < of, "part {part} is none of {of} parts, which are counted from 0");
        self.batches = self.batches.part(part, of);
        self
    }

    /// The epoch of the batch to come, from 0: how many are complete.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The order, and the place of the batch to come.
    pub fn order(&self) -> DataOrder {
        DataOrder {
            rows: self.batches.rows(),
            batch_size: self.batches.size(),
            drop_last: self.drop_last,
            seed: self.seed,
            epoch: self.epoch,
            batch: self.batches.batch(),
        }
    }

    /// Goes to the place of an order that was saved.
    ///
    /// # Errors
    ///
    /// [`OtherOrder`](DataError::OtherOrder) unless rows, batch size, seed and the last batch are
    /// treated here as there, and the epoch has such a batch; nothing is changed then.
    pub fn resume(&mut self, order: &DataOrder) -> Result<(), DataError> {
        let here = self.order();
        let mut start = self.clone();
        start.begin(order.epoch);
        let batches_left = start.batches.len();
        let fits = DataOrder { epoch: here.epoch, batch: here.batch, ..*order } == here;
        if !fits || order.batch >= batches_left {
            return Err(DataError::OtherOrder { here, saved: *order });
        }
        start.batches.go_to(order.batch);
        *self = start;
        Ok(())
    }

    /// Writes the next batch over `features` and `targets`, as [`Batches::next_into`] does; there
    /// always is one.
    pub fn next_into(&mut self, features: &mut X, targets: &mut Y) {
        self.batches.next_into(features, targets);
        if self.batches.len() == 0 {
            self.begin(self.epoch + 1);
        }
    }

    fn begin(&mut self, epoch: u64) {
        self.epoch = epoch;
        self.batches.restart(self.seed.map(|seed| (seed, epoch)));
    }
}

impl<X: Rows, Y: Rows> Iterator for Epochs<'_, X, Y> {
    type Item = (X, Y);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut features, mut targets) = Default::default();
        self.next_into(&mut features, &mut targets);
        Some((features, targets))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

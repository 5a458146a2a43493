//! Data sets whose types are forgotten: the loop is compiled once, not for each kind of arrays.

use cotangent::data::{DataOrder, Dataset, Epochs, Rows};
use cotangent::{Feed, IntoFeed};

use crate::FitError;

/// Arrays that a data set holds and a program of this precision reads: of reals in it, or of indices.
///
/// Nobody implements it: [`Trainer::fit`](crate::Trainer::fit) asks for it.
pub trait Given<T>: Rows {
    #[doc(hidden)]
    fn given(&self) -> Feed<'_, T>;
}

impl<T, X: Rows> Given<T> for X
where
    for<'x> &'x X: IntoFeed<'x, T>,
{
    fn given(&self) -> Feed<'_, T> {
        self.into_feed()
    }
}

/// Batches of features and targets, one after the other.
pub(crate) trait Source<T> {
    /// Goes on to the next batch, whose number of rows is answered, if there is one.
    fn advance(&mut self) -> Option<usize>;

    /// The batch.
    fn feeds(&self) -> [Feed<'_, T>; 2];
}

/// A source without end, whose place is saved.
pub(crate) trait Course<T>: Source<T> {
    fn order(&self) -> DataOrder;

    fn resume(&mut self, order: &DataOrder) -> Result<(), FitError>;
}

/// A data set to be walked through once, as often as asked.
pub(crate) trait Whole<T> {
    fn pass(&self, batch_size: usize) -> Result<Box<dyn Source<T> + '_>, FitError>;
}

/// An iterator over batches, with the last of them.
pub(crate) struct Walk<I, X, Y> {
    batches: I,
    batch: (X, Y),
}

impl<I, X: Rows, Y: Rows> Walk<I, X, Y> {
    pub(crate) fn new(batches: I) -> Self {
        Self { batches, batch: Default::default() }
    }
}

impl<T, I, X: Given<T>, Y: Given<T>> Source<T> for Walk<I, X, Y>
where
    I: Iterator<Item = (X, Y)>,
{
    fn advance(&mut self) -> Option<usize> {
        self.batch = self.batches.next()?;
        let [x, _] = Source::<T>::feeds(self);
        Some(match x {
            Feed::Real(x) => x.shape()[0],
            Feed::Index(x) => x.shape()[0],
        })
    }

    fn feeds(&self) -> [Feed<'_, T>; 2] {
        [self.batch.0.given(), self.batch.1.given()]
    }
}

impl<T, X: Given<T>, Y: Given<T>> Course<T> for Walk<Epochs<'_, X, Y>, X, Y> {
    fn order(&self) -> DataOrder {
        self.batches.order()
    }

    fn resume(&mut self, order: &DataOrder) -> Result<(), FitError> {
        Ok(self.batches.resume(order)?)
    }
}

impl<T, X: Given<T>, Y: Given<T>> Whole<T> for Dataset<X, Y> {
    fn pass(&self, batch_size: usize) -> Result<Box<dyn Source<T> + '_>, FitError> {
        Ok(Box::new(Walk::new(self.batches(batch_size)?)))
    }
}

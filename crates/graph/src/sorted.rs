//! Sorting.

use std::cmp::Ordering;

/// Sorts the numbers of things by what is said of the things; equal ones stay as they were. The standard library's sort is a
/// dozen functions, which are compiled for each order again; here they are compiled once.
pub(crate) fn sort_by(numbers: &mut [usize], order: &dyn Fn(usize, usize) -> Ordering) {
    numbers.sort_by(|&a, &b| order(a, b));
}

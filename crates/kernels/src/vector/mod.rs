//! Vector registers by name, for the loops that the compiler cannot be trusted to vectorise: the tile of a matrix
//! product, the packing of its panels, the accumulators of a reduction, and chains of operations.

mod plain;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
mod tests;

pub(crate) use plain::Plain;

/// A vector register of `LANES` numbers.
///
/// # Safety
///
/// The methods of a type for an instruction set may be called only on a processor that has it, and inline into a
/// function compiled for it.
pub unsafe trait Vector<T>: Copy {
    /// How many numbers it holds.
    const LANES: usize;

    /// As many vectors as one has lanes.
    type Square: AsRef<[Self]>;

    /// A vector half as long, of which a processor may take two in the time of one; itself, where there is none.
    type Half: Vector<T>;

    /// `x` in every lane.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn splat(x: T) -> Self;

    /// The numbers from `from` on.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set, and `LANES` numbers can be read.
    unsafe fn load(from: *const T) -> Self;

    /// The first `count` numbers from `from` on, and zeros; reads no others.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set, and `count` ≤ `LANES` numbers can be read.
    unsafe fn load_first(from: *const T, count: usize) -> Self;

    /// Writes all lanes.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set, and `LANES` numbers can be written.
    unsafe fn store(self, to: *mut T);

    /// Writes the first `count` lanes; touches nothing beyond.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set, and `count` ≤ `LANES` numbers can be written.
    unsafe fn store_first(self, to: *mut T, count: usize);

    /// self·a + b.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn mul_add(self, a: Self, b: Self) -> Self;

    /// self + a.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn add(self, a: Self) -> Self;

    /// self·a.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn mul(self, a: Self) -> Self;

    /// self − a.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn sub(self, a: Self) -> Self;

    /// self/a.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn div(self, a: Self) -> Self;

    /// √self.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn sqrt(self) -> Self;

    /// `yes` in each lane where a comparison of self with `a` holds, of those below, and `no` elsewhere.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn choose<const COMPARISON: i32>(self, a: Self, yes: Self, no: Self) -> Self;

    /// The larger in each lane, NaN where either is.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn max(self, a: Self) -> Self;

    /// The smaller in each lane, NaN where either is.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn min(self, a: Self) -> Self;

    /// A square of numbers, read by rows that begin anywhere and answered by columns: lane j of vector i is number i of row j.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set; there are `LANES` rows, of which as many numbers can be read.
    unsafe fn columns_of(rows: &[*const T]) -> Self::Square;
}

/// Comparisons, by their numbers in x86: none signals, and those with NaN fail but `NE`.
pub(crate) const EQ: i32 = 0x00;
pub(crate) const NE: i32 = 0x04;
pub(crate) const LT: i32 = 0x11;
pub(crate) const LE: i32 = 0x12;

/// The most lanes of any vector.
pub(crate) const MAX_LANES: usize = 16;

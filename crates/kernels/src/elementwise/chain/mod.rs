//! Operations in a row, each on the result of the one before, which stays in registers of the processor.
//!
//! A pass of its own for each operation loads and stores the result every time, which takes longer than to compute it, and
//! waits for each division before it begins with what follows. A chain goes through some vectors with all its operations,
//! and then through the next.

#[cfg(target_arch = "x86_64")]
mod threaded;

#[cfg(test)]
mod tests;

use std::ptr;

use crate::elementary::Lane;
use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;
use crate::vector::{EQ, LE, LT, MAX_LANES, NE, Plain, Vector};

/// Writes the enum, and its list, from one.
macro_rules! links {
    ($($(#[$doc:meta])* $name:ident),*) => {
        /// What a link does with its first operand x, which is the result of the link before unless it takes another, and
        /// with what a and b are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Link { $($(#[$doc])* $name),* }

        impl Link {
            /// Every one, in the order of the enum.
            pub const ALL: &'static [Link] = &[$(Link::$name),*];
        }
    };
}

links! {
    /// x.
    Same,
    /// x + a.
    Add,
    /// x − a.
    Sub,
    /// a − x.
    SubFrom,
    /// x·a.
    Mul,
    /// x/a.
    Div,
    /// a/x.
    DivInto,
    /// −x.
    Neg,
    /// 1/x.
    Recip,
    /// √x.
    Sqrt,
    /// x².
    Square,
    /// As the function of the same name; likewise below.
    Abs,
    /// As above.
    Sign,
    /// As above.
    Relu,
    /// Of x and a.
    Max,
    /// Of a and x.
    MaxOf,
    /// Of x and a.
    Min,
    /// Of a and x.
    MinOf,
    /// Of x and a.
    Eq,
    /// Of x and a.
    Ne,
    /// Of x and a.
    Lt,
    /// Of x and a.
    Le,
    /// Of x and a.
    Gt,
    /// Of x and a.
    Ge,
    /// Of x and a.
    MulNoNan,
    /// Of a and x.
    MulNoNanOf,
    /// a where x ≠ 0, and b elsewhere.
    Select,
    /// x where a ≠ 0, and b elsewhere.
    SelectThis,
    /// b where a ≠ 0, and x elsewhere.
    SelectElse,
    /// x + a·b, rounded twice.
    AddProduct,
    /// a + x·b, rounded twice.
    MulAdd
}

/// Rows of numbers: where the first begins, and how far it is from each to the next.
#[derive(Clone, Copy, Debug)]
pub struct Rows<T> {
    pub(crate) first: *mut T,
    pub(crate) apart: isize,
}

impl<T> Rows<T> {
    pub(crate) const NONE: Rows<T> = Rows { first: ptr::null_mut(), apart: 0 };

    #[inline(always)]
    fn exist(self) -> bool {
        !self.first.is_null()
    }

    /// From a row and a column on.
    #[inline(always)]
    fn from<const BY_ROWS: bool>(self, row: usize, column: usize) -> Self {
        let first = self.first.wrapping_add(column);
        let down = if BY_ROWS { row as isize * self.apart } else { 0 };
        Rows { first: first.wrapping_offset(down), ..self }
    }

    /// Where vector number `i` is of so many lanes: of the row of that number, or of the only one.
    #[inline(always)]
    fn vector<const BY_ROWS: bool>(self, i: usize, lanes: usize) -> *mut T {
        let apart = if BY_ROWS { self.apart } else { lanes as isize };
        self.first.wrapping_offset(i as isize * apart)
    }
}

/// A link with where its operands and its result are.
#[derive(Clone, Copy, Debug)]
pub struct Bound<T> {
    pub(crate) link: Link,
    /// Another first operand, if there is one.
    pub(crate) take: Rows<T>,
    /// The second operand; the same `number` everywhere if none.
    pub(crate) place: Rows<T>,
    pub(crate) number: T,
    /// The third, likewise.
    pub(crate) third: Rows<T>,
    pub(crate) third_number: T,
    /// Where the result is kept, if it is.
    pub(crate) keep: Rows<T>,
    /// What computes it: a function of the vectors' type, or null.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    pub(crate) code: *const (),
}

impl<T: Scalar> Bound<T> {
    pub(crate) fn new(link: Link) -> Self {
        let (none, zero) = (Rows::NONE, T::zero());
        Self {
            link,
            take: none,
            place: none,
            number: zero,
            third: none,
            third_number: zero,
            keep: none,
            code: ptr::null(),
        }
    }
}

/// Which numbers a chain goes through.
#[derive(Clone, Copy, Debug)]
pub enum Span {
    /// So many side by side, a multiple of [`UNIT`]; how far rows are apart does not matter.
    Dense(usize),
    /// So many rows, a multiple of [`ABREAST`], and columns, a multiple of [`LINE`].
    Rows(usize, usize),
}

/// See [`Span::Dense`].
pub(crate) const UNIT: usize = 64;

/// See [`Span::Rows`].
pub(crate) const ABREAST: usize = 8;

/// See [`Span::Rows`].
pub(crate) const LINE: usize = MAX_LANES;

impl Span {
    /// How many rows there are, how many columns, and by how many of both a step goes on whose vectors are of so many
    /// `lanes` and so many `abreast`. Dense numbers are one row.
    #[inline(always)]
    fn steps(self, abreast: usize, lanes: usize) -> [(usize, usize); 2] {
        match self {
            Span::Dense(len) => [(1, 1), (len, abreast * lanes)],
            Span::Rows(rows, columns) => [(rows, abreast), (columns, lanes)],
        }
    }
}

/// Runs a chain. The last link is there for what comes after the chain, and its operation is not done.
///
/// # Safety
///
/// The span is not empty, and each link can read, or write, its numbers at its places. What is written overlaps what is read
/// only where it is the same place. The first link takes an operand.
pub(crate) unsafe fn chain<T: Scalar>(isa: Isa, links: &mut [Bound<T>], span: Span) {
    isa.run(Chain { links, span });
}

struct Chain<'a, T> {
    links: &'a mut [Bound<T>],
    span: Span,
}

impl<T: Scalar> Kernel for Chain<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        // SAFETY: this is the copy for level `S`; the caller of `chain` vouches for the rest.
        unsafe { T::Vector::<S>::chain(self.links, self.span) }
    }
}

/// Vectors that chains go through.
///
/// # Safety
///
/// As of [`Vector`].
pub unsafe trait Chained<T>: Vector<T> {
    /// See [`chain()`].
    ///
    /// # Safety
    ///
    /// As of [`chain()`], and the processor has the instruction set.
    unsafe fn chain(links: &mut [Bound<T>], span: Span);
}

macro_rules! plain {
    ($($float:ty, $lanes:literal;)*) => {$(
        // SAFETY: no special instructions are used.
        unsafe impl Chained<$float> for Plain<$float, $lanes> {
            #[inline(always)]
            unsafe fn chain(links: &mut [Bound<$float>], span: Span) {
                const ROWS: usize = 4;
                const _: () = assert!(ABREAST % ROWS == 0 && LINE % $lanes == 0 && UNIT % (ROWS * $lanes) == 0);
                let [(rows, down), (columns, right)] = span.steps(ROWS, $lanes);
                let links = &links[..links.len() - 1];
                for row in (0..rows).step_by(down) {
                    for column in (0..columns).step_by(right) {
                        // SAFETY: as the caller vouches.
                        unsafe {
                            let mut x = [Self::splat(0.0); ROWS];
                            for bound in links {
                                let at = (row, column);
                                x = match span {
                                    Span::Dense(_) => computed::<_, _, ROWS, false>(bound.link, bound, at, x),
                                    Span::Rows(..) => computed::<_, _, ROWS, true>(bound.link, bound, at, x),
                                };
                            }
                        }
                    }
                }
            }
        }
    )*};
}

plain! {
    f32, 4;
    f64, 2;
}

/// The result of a link, from a column on: for a vector of each of the rows from one on, or for vectors of the only row.
///
/// # Safety
///
/// As of `chain`, and the processor has the instruction set of `V`.
#[inline(always)]
unsafe fn computed<T: Lane, V: Vector<T>, const N: usize, const BY_ROWS: bool>(
    link: Link,
    bound: &Bound<T>,
    (row, column): (usize, usize),
    mut x: [V; N],
) -> [V; N] {
    /// The link with each vector of the second operand.
    macro_rules! both {
        (|$x:ident, $a:ident| $result:expr) => {
            if !bound.place.exist() {
                let $a = V::splat(bound.number);
                for x in &mut x {
                    let $x = *x;
                    *x = $result;
                }
            } else {
                let place = bound.place.from::<BY_ROWS>(row, column);
                for (i, x) in x.iter_mut().enumerate() {
                    let ($x, $a) = (*x, V::load(place.vector::<BY_ROWS>(i, V::LANES)));
                    *x = $result;
                }
            }
        };
    }
    /// The link with each vector of both other operands.
    macro_rules! all {
        (|$x:ident, $a:ident, $b:ident| $result:expr) => {{
            let (place, third) = (bound.place, bound.third);
            let (place, third) =
                (place.from::<BY_ROWS>(row, column), third.from::<BY_ROWS>(row, column));
            for (i, x) in x.iter_mut().enumerate() {
                let $x = *x;
                let $a = if bound.place.exist() {
                    V::load(place.vector::<BY_ROWS>(i, V::LANES))
                } else {
                    V::splat(bound.number)
                };
                let $b = if bound.third.exist() {
                    V::load(third.vector::<BY_ROWS>(i, V::LANES))
                } else {
                    V::splat(bound.third_number)
                };
                *x = $result;
            }
        }};
    }
    /// The link with each vector, which needs no second operand.
    macro_rules! alone {
        (|$x:ident| $result:expr) => {
            for x in &mut x {
                let $x = *x;
                *x = $result;
            }
        };
    }
    // Loops over arrays, as their `map` might be compiled by itself, without the instructions.
    // SAFETY: as the caller vouches.
    unsafe {
        if bound.take.exist() {
            let take = bound.take.from::<BY_ROWS>(row, column);
            for (i, x) in x.iter_mut().enumerate() {
                *x = V::load(take.vector::<BY_ROWS>(i, V::LANES));
            }
        }
        let (zero, one, minus) = (V::splat(T::zero()), V::splat(T::one()), V::splat(-T::one()));
        match link {
            Link::Same => {}
            Link::Add => both!(|x, a| x.add(a)),
            Link::Sub => both!(|x, a| x.sub(a)),
            Link::SubFrom => both!(|x, a| a.sub(x)),
            Link::Mul => both!(|x, a| x.mul(a)),
            Link::Div => both!(|x, a| x.div(a)),
            Link::DivInto => both!(|x, a| a.div(x)),
            Link::Neg => alone!(|x| x.mul(minus)),
            Link::Recip => alone!(|x| one.div(x)),
            Link::Sqrt => alone!(|x| x.sqrt()),
            Link::Square => alone!(|x| x.mul(x)),
            Link::Abs => alone!(|x| x.choose::<LT>(zero, x.mul(minus), x.add(zero))),
            Link::Sign => {
                alone!(|x| x.choose::<LT>(zero, minus, zero.choose::<LT>(x, one, x.add(zero))));
            }
            Link::Relu => alone!(|x| x.choose::<LE>(zero, zero, x)),
            Link::Max => both!(|x, a| x.max(a)),
            Link::MaxOf => both!(|x, a| a.max(x)),
            Link::Min => both!(|x, a| x.min(a)),
            Link::MinOf => both!(|x, a| a.min(x)),
            Link::Eq => both!(|x, a| x.choose::<EQ>(a, one, zero)),
            Link::Ne => both!(|x, a| x.choose::<NE>(a, one, zero)),
            Link::Lt => both!(|x, a| x.choose::<LT>(a, one, zero)),
            Link::Le => both!(|x, a| x.choose::<LE>(a, one, zero)),
            Link::Gt => both!(|x, a| a.choose::<LT>(x, one, zero)),
            Link::Ge => both!(|x, a| a.choose::<LE>(x, one, zero)),
            Link::MulNoNan => both!(|x, a| x.choose::<EQ>(zero, zero, x.mul(a))),
            Link::MulNoNanOf => both!(|x, a| a.choose::<EQ>(zero, zero, a.mul(x))),
            Link::Select => all!(|x, a, b| x.choose::<NE>(zero, a, b)),
            Link::SelectThis => all!(|x, a, b| a.choose::<NE>(zero, x, b)),
            Link::SelectElse => all!(|x, a, b| a.choose::<NE>(zero, b, x)),
            Link::AddProduct => all!(|x, a, b| x.add(a.mul(b))),
            Link::MulAdd => all!(|x, a, b| a.add(x.mul(b))),
        }
        if bound.keep.exist() {
            let keep = bound.keep.from::<BY_ROWS>(row, column);
            for (i, x) in x.iter().enumerate() {
                x.store(keep.vector::<BY_ROWS>(i, V::LANES));
            }
        }
    }
    x
}

//! The kernels as functions of a concrete type.
//!
//! A generic function is compiled in the crate that calls it, with that crate's optimisation, again in each. Behind
//! this trait the loops are compiled once, here.

use std::ops::Range;

use crate::Isa;
use crate::contract::{BOrPacked, Work};
use crate::elementwise::chain::{Bound, Span, chain};
use crate::elementwise::{Arg, Binary, Unary, select};
use crate::extremum::ArgExtremum;
use crate::finite::AllFinite;
use crate::fused;
use crate::pool::Pool;
use crate::reduce::Reduce;
use crate::scatter::{Part, Scatter};

/// The entry points of all kernels, implemented by [`f32`] and [`f64`] alone.
pub trait Compiled: Sized {
    fn unary_blocks(isa: Isa, f: Unary, x: Arg<'_, Self>, out: &mut [Self]);
    fn binary_blocks(isa: Isa, f: Binary, a: Arg<'_, Self>, b: Arg<'_, Self>, out: &mut [Self]);
    fn select_blocks(
        isa: Isa,
        condition: Arg<'_, Self>,
        a: Arg<'_, Self>,
        b: Arg<'_, Self>,
        out: &mut [Self],
    );
    /// See [`chain()`].
    ///
    /// # Safety
    ///
    /// As described there.
    unsafe fn chain(isa: Isa, links: &mut [Bound<Self>], span: Span);
    fn reduce_rows(isa: Isa, f: Reduce, x: &[Self], columns: usize, out: &mut [Self]);
    fn reduce_columns(isa: Isa, f: Reduce, x: &[Self], stride: usize, out: &mut [Self]);
    /// See [`Work::run`].
    ///
    /// # Safety
    ///
    /// As described there.
    unsafe fn contract(
        isa: Isa,
        pool: &Pool,
        work: &Work,
        a: *const Self,
        b: BOrPacked<Self>,
        c: *mut Self,
    );
    /// See [`Work::pack_b`].
    ///
    /// # Safety
    ///
    /// As described there.
    unsafe fn contract_pack_b(isa: Isa, pool: &Pool, work: &Work, b: *const Self, to: *mut Self);
    /// See [`Work::rectangle`].
    ///
    /// # Safety
    ///
    /// As described there.
    unsafe fn contract_rectangle(
        isa: Isa,
        work: &Work,
        a: *const Self,
        b: BOrPacked<Self>,
        batch: usize,
        ranges: (Range<usize>, Range<usize>),
        to: (*mut Self, usize),
    );
    /// See [`Scatter::add`].
    ///
    /// # Safety
    ///
    /// As described there.
    unsafe fn scatter(
        isa: Isa,
        scatter: &Scatter,
        part: Part,
        source: *const Self,
        indices: *const i64,
        result: *mut Self,
    );
    fn positions(isa: Isa, of: &ArgExtremum, x: &[Self], grid: fused::Grid, out: &mut [i64]);
    fn accumulate(isa: Isa, f: Reduce, x: &[Self], first: bool, sum: &mut [Self]);
    fn spread(isa: Isa, x: &[Self], columns: usize, out: &mut [Self]);
    fn tile(isa: Isa, x: &[Self], columns: usize, rows: usize, out: &mut [Self]);
    fn all_finite(isa: Isa, x: &[Self]) -> bool;
}

macro_rules! compiled {
    ($float:ty) => {
        impl Compiled for $float {
            fn unary_blocks(isa: Isa, f: Unary, x: Arg<'_, Self>, out: &mut [Self]) {
                f.blocks(isa, x, out);
            }

            fn binary_blocks(
                isa: Isa,
                f: Binary,
                a: Arg<'_, Self>,
                b: Arg<'_, Self>,
                out: &mut [Self],
            ) {
                f.blocks(isa, a, b, out);
            }

            fn select_blocks(
                isa: Isa,
                condition: Arg<'_, Self>,
                a: Arg<'_, Self>,
                b: Arg<'_, Self>,
                out: &mut [Self],
            ) {
                select::blocks(isa, condition, a, b, out);
            }

            unsafe fn chain(isa: Isa, links: &mut [Bound<Self>], span: Span) {
                // SAFETY: as the caller vouches.
                unsafe { chain(isa, links, span) }
            }

            fn reduce_rows(isa: Isa, f: Reduce, x: &[Self], columns: usize, out: &mut [Self]) {
                f.rows(isa, x, columns, out);
            }

            fn reduce_columns(isa: Isa, f: Reduce, x: &[Self], stride: usize, out: &mut [Self]) {
                f.columns(isa, x, stride, out);
            }

            unsafe fn contract(
                isa: Isa,
                pool: &Pool,
                work: &Work,
                a: *const Self,
                b: BOrPacked<Self>,
                c: *mut Self,
            ) {
                // SAFETY: as the caller vouches.
                unsafe { work.run(isa, pool, a, b, c) }
            }

            unsafe fn contract_pack_b(
                isa: Isa,
                pool: &Pool,
                work: &Work,
                b: *const Self,
                to: *mut Self,
            ) {
                // SAFETY: as the caller vouches.
                unsafe { work.pack_b(isa, pool, b, to) }
            }

            unsafe fn contract_rectangle(
                isa: Isa,
                work: &Work,
                a: *const Self,
                b: BOrPacked<Self>,
                batch: usize,
                ranges: (Range<usize>, Range<usize>),
                to: (*mut Self, usize),
            ) {
                // SAFETY: as the caller vouches.
                unsafe { work.rectangle(isa, a, b, batch, ranges, to) }
            }

            unsafe fn scatter(
                isa: Isa,
                scatter: &Scatter,
                part: Part,
                source: *const Self,
                indices: *const i64,
                result: *mut Self,
            ) {
                // SAFETY: as the caller vouches.
                unsafe { scatter.add(isa, part, source, indices, result) }
            }

            fn positions(
                isa: Isa,
                of: &ArgExtremum,
                x: &[Self],
                grid: fused::Grid,
                out: &mut [i64],
            ) {
                of.search(isa, x, grid, out);
            }

            fn accumulate(isa: Isa, f: Reduce, x: &[Self], first: bool, sum: &mut [Self]) {
                fused::accumulate(isa, f, x, first, sum);
            }

            fn spread(isa: Isa, x: &[Self], columns: usize, out: &mut [Self]) {
                fused::spread(isa, x, columns, out);
            }

            fn tile(isa: Isa, x: &[Self], columns: usize, rows: usize, out: &mut [Self]) {
                fused::tile(isa, x, columns, rows, out);
            }

            fn all_finite(isa: Isa, x: &[Self]) -> bool {
                isa.run(AllFinite(x))
            }
        }
    };
}

compiled!(f32);
#[cfg(feature = "double")]
compiled!(f64);

//! The columns of a block as panels of the width of a tile.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::block::{Factor, Job, most_columns};
use super::plan::Read;
use super::strip::Panel;
use crate::scalar::Scalar;

/// The most panels of a block.
pub(super) const MAX_PANELS: usize = 256;

/// The panels of a block, from left to right.
pub(super) struct Panels<T> {
    panels: [MaybeUninit<Panel<T>>; MAX_PANELS],
    count: usize,
}

impl<T: Scalar> Panels<T> {
    pub(super) fn new() -> Self {
        Panels { panels: [const { MaybeUninit::uninit() }; MAX_PANELS], count: 0 }
    }

    pub(super) fn as_slice(&self) -> &[Panel<T>] {
        // SAFETY: `add` has written so many.
        unsafe { std::slice::from_raw_parts(self.panels.as_ptr().cast(), self.count) }
    }

    fn add(&mut self, panel: Panel<T>) {
        self.panels[self.count].write(panel);
        self.count += 1;
    }

    /// Cuts `columns` until there is no room for more, and returns where it ended. `layer` is the first step of the depth
    /// and the number of steps; copies begin at `room`.
    pub(super) fn cut(
        &mut self,
        job: &Job<'_, T>,
        columns: Range<usize>,
        layer: (usize, usize),
        room: *mut T,
    ) -> usize {
        let mut column = columns.start;
        let (mut copied, fits) = (0, most_columns::<T>(layer.1, job.plan.tile.lanes));
        while column < columns.end && copied < fits {
            let (c, left) =
                if job.plan.direct { job.sides.c_columns.at(column) } else { (0, usize::MAX) };
            let left = left.min(columns.end - column);
            let done = match job.y {
                Factor::Packed(start) => self.of_copy(job, (column, left), layer, (start, c)),
                Factor::Slice(start) if job.plan.y == Read::Squares => {
                    self.run(job, (column, left), (start, 0, Some(0)), c)
                }
                Factor::Slice(start) if job.plan.y == Read::InPlace => {
                    let (y, along) = job.sides.y_columns.at(column);
                    let mut y = start.wrapping_offset(y);
                    let mut step = 0;
                    if !job.is_listed() {
                        y = y.wrapping_offset(job.sides.y_depth.at(layer.0).0);
                        step = job.sides.y_depth.stride();
                    }
                    self.run(job, (column, left.min(along)), (y, 1, Some(step)), c)
                }
                Factor::Slice(_) => {
                    let left = left.min(fits - copied);
                    let y = room.wrapping_add(copied * layer.1).cast_const();
                    self.run(job, (column, left), (y, layer.1, None), c)
                }
            };
            if done == 0 {
                break;
            }
            copied += done.next_multiple_of(job.plan.tile.lanes);
            column += done;
        }
        column
    }

    /// Cuts a run of columns evenly, all of it or, where there is no room, nothing. In Y, columns are so far `apart`, and steps
    /// of the depth likewise (0, where the offsets of turned columns are yet to come); `None` stands for panels that are copied,
    /// each as wide as whole halves of vectors.
    fn run(
        &mut self,
        job: &Job<'_, T>,
        (first, mut columns): (usize, usize),
        (y, apart, step): (*const T, usize, Option<isize>),
        c: isize,
    ) -> usize {
        let (lanes, most) = (job.plan.tile.lanes, job.plan.tile.vectors);
        let room = MAX_PANELS - self.count;
        if columns.div_ceil(lanes).div_ceil(most) > room {
            if self.count > 0 {
                return 0;
            }
            columns = room * most * lanes;
        }
        let vectors = columns.div_ceil(lanes);
        let count = vectors.div_ceil(most);
        let (each, more) = (vectors / count, vectors % count);
        let mut at = 0;
        for i in 0..count {
            let wide = (each + usize::from(i < more)) * lanes;
            let width = wide.min(columns - at);
            let y = y.wrapping_add(at * apart);
            let y_step = step.unwrap_or(job.plan.tile.copied(width) as isize);
            let (first, c) = (first + at, c + at as isize);
            self.add(Panel { y, y_step, columns: width, first, c });
            at += width;
        }
        columns
    }

    /// One panel of a copy of all of Y, whose panels have the full width.
    fn of_copy(
        &mut self,
        job: &Job<'_, T>,
        (first, left): (usize, usize),
        layer: (usize, usize),
        (start, c): (*const T, isize),
    ) -> usize {
        if self.count == MAX_PANELS {
            return 0;
        }
        let wide = job.plan.tile.copied(job.sides.y_columns.len());
        let (panel, within) = (first / wide, first % wide);
        let columns = left.min(wide - within);
        let padded = job.sides.y_columns.len().next_multiple_of(wide);
        let place = padded * layer.0 + panel * wide * layer.1 + within;
        let y = start.wrapping_add(place);
        self.add(Panel { y, y_step: wide as isize, columns, first, c });
        columns
    }
}

//! How a window moves, axis by axis.

use std::fmt;

use smallvec::SmallVec;

use crate::Shape;
use crate::short::Short;

/// A number for each of `N` axes, made of one for all or of a list.
///
/// What a [`Window`](super::Window) is made of; its example shows one number for both axes, and two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes<const N: usize>(pub [usize; N]);

impl<const N: usize> From<usize> for Sizes<N> {
    fn from(all: usize) -> Self {
        Self([all; N])
    }
}

impl<const N: usize> From<[usize; N]> for Sizes<N> {
    fn from(each: [usize; N]) -> Self {
        Self(each)
    }
}

/// As `3×2`.
impl<const N: usize> fmt::Display for Sizes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.map(|size| size.to_string()).join("×"))
    }
}

/// Names with their sizes, of those that are not what they are by default: `stride 2`, or `stride 2×1` where axes differ.
pub(super) fn told<const N: usize>(sizes: &[(&str, &[usize; N], usize)]) -> Vec<String> {
    let told = sizes.iter().filter(|(_, sizes, default)| sizes.iter().any(|size| size != default));
    told.map(|&(name, sizes, _)| match sizes.iter().all(|size| *size == sizes[0]) {
        true => format!("{name} {}", sizes[0]),
        false => format!("{name} {}", Sizes(*sizes)),
    })
    .collect()
}

/// How a window moves along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Move {
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    pub dilation: usize,
    /// Whether one more window may reach beyond the padding.
    pub ceil: bool,
}

/// How a window moves over the last axes of an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moves(pub SmallVec<[Move; 3]>);

impl Move {
    /// The number of windows along an axis of this extent and name.
    fn count(&self, extent: usize, name: &str) -> Result<usize, String> {
        let &Self { kernel, stride, padding, dilation, ceil } = self;
        if [kernel, stride, dilation].contains(&0) {
            return Err(format!(
                "kernel, stride and dilation must be at least 1, and along the {name} are {kernel}, \
                 {stride} and {dilation}"
            ));
        }
        // What is too large to be counted has no shape either.
        let (span, padded) = (self.span(), padding.saturating_mul(2).saturating_add(extent));
        let whole = padded.checked_sub(span).map(|room| (room / stride).saturating_add(1));
        let start = whole.unwrap_or(0).saturating_mul(stride);
        // Less than a stride is missing at its end, and it begins no later than the array ends.
        let is_near = padded.saturating_add(stride) > start.saturating_add(span);
        if ceil && is_near && start < padding.saturating_add(extent) {
            return Ok(whole.unwrap_or(0).saturating_add(1));
        }
        whole.ok_or_else(|| {
            format!(
                "the window spans {span} positions of the {name}, and there are {padded} with the \
                 padding"
            )
        })
    }

    /// How many positions a window spans.
    fn span(&self) -> usize {
        self.dilation.saturating_mul(self.kernel - 1).saturating_add(1)
    }

    /// How many positions the last of so many windows reaches beyond the padding.
    fn beyond(&self, extent: usize, count: usize) -> usize {
        let end = count.saturating_sub(1).saturating_mul(self.stride).saturating_add(self.span());
        end.saturating_sub(self.padding.saturating_mul(2).saturating_add(extent))
    }

    /// The position along an axis that element `k` of window `i` looks at; none in the padding.
    pub fn source(&self, extent: usize, i: usize, k: usize) -> Option<usize> {
        let padded = i * self.stride + k * self.dilation;
        padded.checked_sub(self.padding).filter(|&position| position < extent)
    }
}

impl Moves {
    /// The number of axes.
    pub fn axes(&self) -> usize {
        self.0.len()
    }

    /// The extents of the window.
    pub fn kernel(&self) -> Shape {
        self.0.iter().map(|along| along.kernel).collect()
    }

    /// The number of windows along each axis; the error is the rule that was broken.
    pub fn counts(&self, extents: &[usize]) -> Result<Shape, String> {
        let along =
            |(axis, each): (usize, &Move)| each.count(extents[axis], name(self.axes(), axis));
        self.0.iter().enumerate().map(along).collect()
    }

    /// The rule of windows of which one number is made: the padding is at most half of each.
    pub fn check_padding(&self) -> Result<(), String> {
        for (axis, along) in self.0.iter().enumerate() {
            if along.padding > along.kernel / 2 {
                return Err(format!(
                    "the padding must be at most half of the window, and along the {} they are {} and {}: pad less, or pad \
                     the array before, as by `x.pad(…)`",
                    name(self.axes(), axis),
                    along.padding,
                    along.kernel
                ));
            }
        }
        Ok(())
    }

    /// [`counts`](Self::counts) of windows of which one number is made that must not be of padding alone.
    pub fn pooled(&self, extents: &[usize]) -> Result<Shape, String> {
        self.check_padding()?;
        let counts = self.counts(extents)?;
        if self.has_empty(extents, &counts) {
            let rule = "a window holds padding alone: there must be an element in each, of which a dilation may leave none";
            return Err(rule.to_owned());
        }
        Ok(counts)
    }

    /// The numbers of the elements, in row-major order of the last axes, that each window looks at, one
    /// window after the other; none in the padding.
    pub fn seen(&self, extents: &[usize], counts: &[usize]) -> Vec<Option<usize>> {
        let number = |mut window: usize, mut element: usize| {
            let (mut number, mut apart) = (0, 1);
            for (axis, along) in self.0.iter().enumerate().rev() {
                let (i, k) = (window % counts[axis], element % along.kernel);
                number += along.source(extents[axis], i, k)? * apart;
                (window, element) = (window / counts[axis], element / along.kernel);
                apart *= extents[axis];
            }
            Some(number)
        };
        let (windows, elements) = (counts.iter().product::<usize>(), self.kernel().size());
        (0..windows)
            .flat_map(|i| (0..elements).map(move |k| (i, k)))
            .map(|(i, k)| number(i, k))
            .collect()
    }

    /// How many elements of the array each window has.
    pub fn sizes(&self, extents: &[usize], counts: &[usize]) -> Vec<f64> {
        let seen = self.seen(extents, counts);
        let windows = seen.chunks_exact(self.kernel().size());
        windows.map(|window| window.iter().flatten().count() as f64).collect()
    }

    /// Whether some window has none.
    fn has_empty(&self, extents: &[usize], counts: &[usize]) -> bool {
        let fits = |((along, &extent), &count): ((&Move, &usize), &usize)| {
            (0..count).all(|i| (0..along.kernel).any(|k| along.source(extent, i, k).is_some()))
        };
        !self.0.iter().zip(extents).zip(counts).all(fits)
    }

    /// The same over an array that has the padding already.
    pub fn inside(&self) -> Self {
        Self(self.0.iter().map(|along| Move { padding: 0, ceil: false, ..*along }).short())
    }

    /// The extents with the padding.
    pub fn padded(&self, extents: &[usize]) -> Shape {
        self.0.iter().zip(extents).map(|(along, &extent)| 2 * along.padding + extent).collect()
    }

    /// Whether some window reaches beyond the padding.
    pub fn reach_beyond(&self, extents: &[usize], counts: &[usize]) -> bool {
        let each = self.0.iter().zip(extents).zip(counts);
        each.into_iter().any(|((along, &extent), &count)| along.beyond(extent, count) > 0)
    }

    /// The border around these extents in which windows look, behind as many axes: the padding, and what the last windows
    /// reach beyond it.
    pub fn border(&self, axes: usize, extents: &[usize], counts: &[usize]) -> Vec<(usize, usize)> {
        let around = |((along, &extent), &count): ((&Move, &usize), &usize)| {
            (along.padding, along.padding + along.beyond(extent, count))
        };
        let around = self.0.iter().zip(extents).zip(counts).map(around);
        vec![(0, 0); axes].into_iter().chain(around).collect()
    }
}

/// What messages call an axis, of so many.
pub(super) fn name(axes: usize, axis: usize) -> &'static str {
    match axes {
        1 => "length",
        2 => ["height", "width"][axis],
        3 => ["depth", "height", "width"][axis],
        _ => "axis",
    }
}

/// What messages call so many axes.
pub(super) fn listed(axes: usize) -> &'static str {
    match axes {
        1 => "one axis: length",
        2 => "two axes: height and width",
        3 => "three axes: depth, height and width",
        _ => "an axis for each of the window",
    }
}

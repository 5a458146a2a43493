//! What a convolution takes back to the image: convolutions again.

use super::Conv2d;
use crate::ops::Embed;
use crate::{Place, Shape, Span, Var};

/// The adjoint of a convolution with respect to an image of this height and width.
///
/// Along one axis, position q of the padded image gets Σ v(i)·w(k) over all i·s + k·d = q. Positions
/// q = r + s·t of one phase r see the elements k = r + s·u of the kernel alone, and
/// Σᵤ v(t − u)·w(r + s·u) is the convolution, with stride 1, of v with these elements turned round. (With
/// a dilation beside the stride, v is spread to the distance s first, and there is one phase.)
pub(super) struct Transposed {
    pub conv: Conv2d,
    pub image: [usize; 2],
}

/// One phase along one axis.
struct Phase {
    /// The elements of the kernel: the first, and the distance.
    kernel: (usize, usize),
    /// How many positions are added to v in front, and how many of it there are in all.
    v: (isize, usize),
    /// The positions of the image: the first, the distance and the number.
    image: (usize, usize, usize),
}

impl Transposed {
    /// The cotangent of the image for the cotangent `v` of the result.
    pub fn of<'g>(&self, v: Var<'g>, w: Var<'g>) -> Var<'g> {
        if (0..2).any(|axis| self.conv.stride[axis] > 1 && self.conv.dilation[axis] > 1) {
            let dense = Transposed { conv: self.conv.clone().stride(1), image: self.image };
            return dense.of(self.spread(v), w);
        }
        let (batch, channels) = (v.shape()[0], w.shape()[1] * self.conv.groups);
        let whole = Shape::from([batch, channels, self.image[0], self.image[1]]);
        let kernels = self.turned(w);
        let (mut parts, mut places) = (Vec::new(), Vec::new());
        for rows in self.phases(0, w.shape()[2]) {
            for columns in &self.phases(1, w.shape()[3]) {
                let seen = shifted(shifted(v, 2, rows.v), 3, columns.v);
                let every = |(first, step): (usize, usize)| {
                    Span::from(first as isize..).step(step as isize)
                };
                let part = kernels
                    .slice(&[(..).into(), (..).into(), every(rows.kernel), every(columns.kernel)])
                    .flip([2, 3]);
                let conv = self.conv.clone().stride(1).padding(0);
                parts.push(seen.conv2d(part, conv));
                let along = |place: Place, axis, (first, step, count): (usize, usize, usize)| {
                    place.along(axis, first, step as isize, count)
                };
                places.push(along(along(Place::whole(&whole), 2, rows.image), 3, columns.image));
            }
        }
        if places.is_empty() {
            return v.graph().full(whole, 0.0);
        }
        v.graph().apply(Embed { name: "embed", shape: whole, places }, &parts)
    }

    /// The phases along an axis in which some position of the image is seen.
    fn phases(&self, axis: usize, kernel: usize) -> Vec<Phase> {
        let Conv2d { stride, padding, dilation, .. } = self.conv;
        let (s, p, d, image) = (stride[axis], padding[axis], dilation[axis], self.image[axis]);
        let phase = |r: usize| {
            let elements = kernel.checked_sub(r)?.div_ceil(s);
            // The positions q = r + s·t of the padded image that lie in the image: p ≤ q < p + image.
            let first = p.saturating_sub(r).div_ceil(s);
            let count = (p + image).saturating_sub(r).div_ceil(s).checked_sub(first)?;
            (elements > 0 && count > 0).then(|| Phase {
                kernel: (r, s),
                v: ((d * (elements - 1)) as isize - first as isize, count + d * (elements - 1)),
                image: (r + s * first - p, s, count),
            })
        };
        (0..s).filter_map(phase).collect()
    }

    /// The kernels by what they take: [channels, outputs of a group, height, width].
    fn turned<'g>(&self, w: Var<'g>) -> Var<'g> {
        let &[outputs, channels, height, width] = &*w.shape() else {
            unreachable!("the shape rule checked the axes")
        };
        let groups = self.conv.groups;
        let turned = self.conv.grouped(w).permute([0, 2, 1, 3, 4]);
        turned.reshape_to([groups * channels, outputs / groups, height, width])
    }

    /// v with zeros between, at the distance of the stride.
    fn spread<'g>(&self, v: Var<'g>) -> Var<'g> {
        let mut shape = v.shape();
        for (axis, stride) in [2, 3].into_iter().zip(self.conv.stride) {
            shape = shape.with(axis, (shape[axis].max(1) - 1) * stride + 1);
        }
        let along = |place: Place, axis: usize| {
            place.along(axis, 0, self.conv.stride[axis - 2] as isize, v.shape()[axis])
        };
        let places = vec![along(along(Place::whole(&shape), 2), 3)];
        v.graph().apply(Embed { name: "embed", shape, places }, &[v])
    }
}

/// `extent` positions along an axis, of which the first are `before` zeros, or from that position on
/// if it is negative; zeros at the end.
fn shifted<'g>(v: Var<'g>, axis: usize, (before, extent): (isize, usize)) -> Var<'g> {
    let own = v.shape()[axis];
    let skipped = before.min(0).unsigned_abs().min(own);
    let before = before.max(0) as usize;
    let kept = (own - skipped).min(extent.saturating_sub(before));
    if kept == own && extent == own {
        return v;
    }
    let part = v.slice_axis(axis as isize, skipped as isize..(skipped + kept) as isize);
    if kept == extent {
        return part;
    }
    let shape = v.shape().with(axis, extent);
    let places = vec![Place::whole(&shape).along(axis, before.min(extent), 1, kept)];
    v.graph().apply(Embed { name: "pad", shape, places }, &[part])
}

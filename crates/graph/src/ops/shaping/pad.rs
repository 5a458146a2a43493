//! A border around an array.

use super::super::registry::{Example, shaped};
use super::view::Embed;
use crate::{Place, Shape, Var, misfit};

impl<'g> Var<'g> {
    /// The array with a border of one number: (positions before, positions after) for each axis.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0]);
    /// assert_eq!(x.pad([(1, 2)], 0.5).eval()?, array![0.5, 1.0, 2.0, 0.5, 0.5].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// Unless this is real, and one pair is given for each axis.
    #[track_caller]
    pub fn pad(self, border: impl AsRef<[(usize, usize)]>, value: f64) -> Var<'g> {
        let (border, shape) = (border.as_ref(), self.shape());
        if border.len() != shape.rank() {
            let rule = format!(
                "{} borders are given for the {} axes of {shape}: each axis has its pair (before, after), in order, and (0, 0) \
                 where nothing is added",
                border.len(),
                shape.rank()
            );
            misfit("pad", rule, &[self]);
        }
        if !self.is_real() {
            misfit("pad", "the argument must be real", &[self]);
        }
        let padded = |(&extent, &(before, after)): (&usize, &(usize, usize))| {
            before.saturating_add(extent).saturating_add(after)
        };
        let whole: Shape = shape.iter().zip(border).map(padded).collect();
        if let Err(rule) = whole.check_size() {
            misfit("pad", rule, &[self]);
        }
        let (mut parts, mut places) = (vec![self], Vec::new());
        // Slabs before and after along each axis, as wide as the array along the axes so far.
        let mut inside = Place::whole(&whole);
        for (axis, (&extent, &(before, after))) in shape.iter().zip(border).enumerate() {
            for (start, count) in [(0, before), (before + extent, after)] {
                if value.to_bits() != 0 && count > 0 {
                    let slab = inside.clone().along(axis, start, 1, count);
                    parts.push(self.graph().full(&slab.shape, value));
                    places.push(slab);
                }
            }
            inside = inside.along(axis, before, 1, extent);
        }
        places.insert(0, inside);
        self.graph().apply(Embed { name: "pad", shape: whole, places }, &parts)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("pad", [2, 3], |x| x.pad([(1, 0), (2, 1)], 0.5).square()),
        shaped("pad", [2, 3], |x| x.square().pad([(0, 1), (2, 0)], 0.0).square()),
    ]
}

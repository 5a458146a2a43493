//! Which parameters an optimizer is responsible for, and where they lie.

use std::ops::Range;
use std::panic::Location;

use graph::{Gradients, Param, ParamId, Params, Shape};
use kernels::{Isa, all_finite};
use program::{Scalar, default_pool};

use crate::{OptimError, Pattern};

/// The trainable parameters of a store, or some of them.
#[derive(Clone, Copy, Debug)]
pub struct Selected<'a, T> {
    params: &'a Params<T>,
    /// For each trainable parameter whether it is selected; `None` selects all.
    mask: Option<&'a [bool]>,
    /// The gradients of the step to come, if they are to be finite and it is not known that they are.
    gradients: Option<&'a [T]>,
}

impl<'a, T: Scalar> Selected<'a, T> {
    /// All trainable parameters.
    pub fn all(params: &'a Params<T>) -> Self {
        Self { params, mask: None, gradients: None }
    }

    /// For a step by these gradients: who prepares an update of weights [checks](Self::check_gradients)
    /// that those selected are finite.
    pub fn with_gradients(self, gradients: Gradients<'a, T>) -> Self {
        let unknown = !gradients.is_known_finite();
        Self { gradients: unknown.then_some(gradients.values()), ..self }
    }

    /// For a step by any gradients: what asks for it keeps those that are not finite from weights.
    pub fn with_any_gradients(self) -> Self {
        Self { gradients: None, ..self }
    }

    /// Fails if a gradient of the selected parameters is infinite or NaN, for an optimizer that has
    /// made so many updates and would make the next at this rate.
    ///
    /// # Errors
    /// [`OptimError::NonFiniteGradient`].
    pub fn check_gradients(self, step: u64, learning_rate: f64) -> Result<(), OptimError> {
        let Some(gradients) = self.gradients else { return Ok(()) };
        let pool = default_pool();
        let finite = |of: &[T]| all_finite(Isa::best(), &pool, of);
        let Some((_, param, range)) =
            self.iter().find(|(_, _, range)| !finite(&gradients[range.clone()]))
        else {
            return Ok(());
        };
        let of_param = &gradients[range];
        let place = of_param.iter().position(|g| !g.is_finite()).expect("one is not finite");
        let (shape, strides) = (param.shape(), param.shape().strides());
        Err(OptimError::NonFiniteGradient {
            path: param.path().to_owned(),
            position: shape
                .iter()
                .zip(strides)
                .map(|(extent, stride)| place / stride % extent)
                .collect(),
            value: of_param[place].to_f64(),
            step,
            learning_rate,
        })
    }

    /// The trainable parameters at the positions where the mask holds.
    pub(crate) fn masked(self, mask: &'a [bool]) -> Self {
        Self { mask: Some(mask), ..self }
    }

    /// The store.
    pub fn params(self) -> &'a Params<T> {
        self.params
    }

    /// Position, parameter and place in [`Params::trainable`], in order.
    pub(crate) fn iter(self) -> impl Iterator<Item = (usize, &'a Param, Range<usize>)> {
        let selected = move |position: usize| self.mask.is_none_or(|mask| mask[position]);
        self.params
            .trainable_entries()
            .enumerate()
            .filter(move |(position, _)| selected(*position))
            .map(move |(position, param)| (position, param, self.params.range(param.id())))
    }
}

/// A parameter that an optimizer is responsible for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    pub id: ParamId,
    pub path: String,
    /// The line that built it.
    pub location: &'static Location<'static>,
    pub shape: Shape,
    /// Where its values lie in [`Params::trainable`].
    pub range: Range<usize>,
}

impl Segment {
    fn is(&self, param: &Param, range: &Range<usize>) -> bool {
        self.id == param.id() && self.shape == *param.shape() && self.range == *range
    }
}

/// Neighbouring parameters that are updated in one pass.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    /// Which segments.
    pub segments: Range<usize>,
    /// Where their values lie in [`Params::trainable`].
    pub range: Range<usize>,
    /// Whether weight decay applies to them.
    pub decays: bool,
}

/// The segments of a selection.
pub(crate) fn segments<T: Scalar>(selected: Selected<'_, T>) -> Vec<Segment> {
    let segment = |(_, param, range): (usize, &Param, Range<usize>)| Segment {
        id: param.id(),
        path: param.path().to_owned(),
        location: param.location(),
        shape: param.shape().clone(),
        range,
    };
    selected.iter().map(segment).collect()
}

/// Fails unless the segments are those of the selection.
pub(crate) fn check<T: Scalar>(
    segments: &[Segment],
    selected: Selected<'_, T>,
) -> Result<(), OptimError> {
    let changed = |change| Err(OptimError::ParametersChanged { change });
    let mut known = segments.iter();
    for (_, param, range) in selected.iter() {
        match known.next() {
            Some(segment) if segment.is(param, &range) => {}
            Some(Segment { id, path, .. }) if *id == param.id() => {
                return changed(format!("{path:?} lies elsewhere"));
            }
            Some(Segment { path, location, .. }) if path == param.path() => {
                return changed(format!(
                    "its {path:?} was built at {location}, and that of this store at {}: another \
                     store takes an optimizer of its own",
                    param.location()
                ));
            }
            Some(segment) => {
                let (path, now) = (&segment.path, param.path());
                return changed(format!("where {path:?} was is now {now:?} {}", param.shape()));
            }
            None => return changed(format!("{:?} is new", param.path())),
        }
    }
    match known.next() {
        None => Ok(()),
        Some(segment) => changed(format!("{:?} is gone", segment.path)),
    }
}

/// One run for each parameter.
pub(crate) fn separate(segments: &[Segment], decays: impl Fn(&Segment) -> bool) -> Vec<Run> {
    let run = |(i, segment): (usize, &Segment)| Run {
        segments: i..i + 1,
        range: segment.range.clone(),
        decays: decays(segment),
    };
    segments.iter().enumerate().map(run).collect()
}

/// As few runs as there can be: neighbours that decay alike are joined.
pub(crate) fn joined(segments: &[Segment], decays: impl Fn(&Segment) -> bool) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for run in separate(segments, decays) {
        match runs.last_mut() {
            Some(last) if last.range.end == run.range.start && last.decays == run.decays => {
                last.range.end = run.range.end;
                last.segments.end = run.segments.end;
            }
            _ => runs.push(run),
        }
    }
    runs
}

/// Fails if a pattern selects none of the segments.
pub(crate) fn check_patterns(segments: &[Segment], patterns: &[Pattern]) -> Result<(), OptimError> {
    let unmatched = |pattern: &&Pattern| !segments.iter().any(|s| pattern.matches(&s.path));
    match patterns.iter().find(unmatched) {
        None => Ok(()),
        Some(pattern) => Err(OptimError::UnmatchedPattern { pattern: pattern.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array;

    fn three() -> Params<f64> {
        let mut params = Params::with_seed(0);
        let mut root = params.root();
        for name in ["a", "b", "c"] {
            root.parameter(name, Array::zeros(2).into_dyn());
        }
        params
    }

    #[test]
    fn neighbours_that_decay_alike_are_one_run() {
        let segments = segments(Selected::all(&three()));
        assert_eq!(joined(&segments, |_| true).len(), 1);
        let runs = joined(&segments, |segment| segment.path != "c");
        assert_eq!(runs[0], Run { segments: 0..2, range: 0..4, decays: true });
        assert_eq!(runs[1], Run { segments: 2..3, range: 4..6, decays: false });
        assert_eq!(separate(&segments, |_| true).len(), 3);
    }

    #[test]
    fn what_is_not_selected_parts_a_run() {
        let params = three();
        let segments = segments(Selected::all(&params).masked(&[true, false, true]));
        let runs = joined(&segments, |_| true);
        assert_eq!(runs.iter().map(|run| run.range.clone()).collect::<Vec<_>>(), [0..2, 4..6]);
    }

    #[test]
    fn a_change_of_the_parameters_is_named() {
        let mut params = three();
        let segments = segments(Selected::all(&params));
        assert_eq!(check(&segments, Selected::all(&params)), Ok(()));
        params.root().parameter("d", Array::zeros(1).into_dyn());
        let error = check(&segments, Selected::all(&params)).unwrap_err();
        assert!(error.to_string().ends_with("\"d\" is new"), "{error}");
    }
}

//! Which parameters an optimizer is responsible for, and where they lie.

use std::ops::Range;
use std::panic::Location;

use graph::{Gradients, Param, ParamId, Params, Pattern, Role, Shape};
use kernels::{Isa, all_finite};
use program::default_pool;

use crate::{OptimError, Precision, Unit};

/// Some of the trainable parameters of a store: those that a step has gradients of.
///
/// An [`Optimizer`](crate::Optimizer) of one's own is handed it, and hands it on.
#[derive(Clone, Copy, Debug)]
pub struct Selected<'a, T> {
    params: &'a Params<T>,
    by: By<'a, T>,
    /// For each entry of the store whether it may be selected; `None` admits all.
    mask: Option<&'a [bool]>,
    /// As the mask, but that patterns are not held against it.
    part: Option<&'a [bool]>,
    /// Gradients that are not finite are not refused.
    any: bool,
}

/// What parameters are selected by.
#[derive(Clone, Copy, Debug)]
enum By<'a, T> {
    Gradients(Gradients<'a, T>),
    Name(&'a [Param]),
}

/// A selected parameter.
pub(crate) struct Chosen<'a> {
    pub param: &'a Param,
    /// Where its values lie in [`Params::trainable`].
    pub weights: Range<usize>,
    /// Where its gradient lies among those of the step, if it was selected for one.
    pub gradient: Option<Range<usize>>,
}

impl<'a, T: Precision> Selected<'a, T> {
    /// For a step by these gradients: the parameters that they are of, but for those that are
    /// [frozen](Params::freeze). Who prepares an update of weights
    /// [checks](Self::check_gradients) that the gradients are finite.
    pub fn of(params: &'a Params<T>, gradients: Gradients<'a, T>) -> Self {
        let any = gradients.is_known_finite();
        Self { params, by: By::Gradients(gradients), mask: None, part: None, any }
    }

    /// These parameters, without a step.
    pub(crate) fn named(params: &'a Params<T>, of: &'a [Param]) -> Self {
        Self { params, by: By::Name(of), mask: None, part: None, any: true }
    }

    /// For a step by any gradients: what asks for it keeps those that are not finite from weights.
    pub fn with_any_gradients(self) -> Self {
        Self { any: true, ..self }
    }

    /// Those that the mask admits, which has a place for each entry of the store.
    pub(crate) fn masked(self, mask: &'a [bool]) -> Self {
        Self { mask: Some(mask), ..self }
    }

    /// Those of them that are also in a part of the store, given by a place for each of its entries: what one of several
    /// processes looks after. Patterns may match what others look after.
    pub fn part(self, part: &'a [bool]) -> Self {
        Self { part: Some(part), ..self }
    }

    /// Whether they are selected for a step.
    pub(crate) fn is_step(self) -> bool {
        matches!(self.by, By::Gradients(_))
    }

    /// The store.
    pub fn params(self) -> &'a Params<T> {
        self.params
    }

    /// Fails if a gradient of the selected parameters is infinite or NaN, for an optimizer that has
    /// made so many updates and would make the next at this rate.
    ///
    /// # Errors
    /// [`OptimError::NonFiniteGradient`].
    pub fn check_gradients(self, step: u64, learning_rate: f64) -> Result<(), OptimError> {
        let By::Gradients(gradients) = self.by else { return Ok(()) };
        if self.any {
            return Ok(());
        }
        let pool = default_pool();
        for Chosen { param, gradient, .. } in self.iter() {
            let of_param = &gradients.values()[gradient.expect("selected by gradients")];
            if all_finite(Isa::best(), &pool, of_param) {
                continue;
            }
            let place = of_param.iter().position(|g| !g.is_finite()).expect("one is not finite");
            let (shape, strides) = (param.shape(), param.shape().strides());
            return Err(OptimError::NonFiniteGradient {
                path: param.path().to_owned(),
                position: shape
                    .iter()
                    .zip(strides)
                    .map(|(extent, stride)| place / stride % extent)
                    .collect(),
                value: of_param[place].to_f64(),
                step,
                learning_rate,
            });
        }
        Ok(())
    }

    /// The selected parameters, in the order of their values.
    pub(crate) fn iter(self) -> impl Iterator<Item = Chosen<'a>> {
        let count = match self.by {
            By::Gradients(gradients) => gradients.layout().entries().len(),
            By::Name(entries) => entries.len(),
        };
        (0..count).filter_map(move |position| self.chosen(position))
    }

    fn chosen(self, position: usize) -> Option<Chosen<'a>> {
        let (id, gradient) = match self.by {
            By::Gradients(gradients) => {
                let layout = gradients.layout();
                (layout.entries()[position].id(), Some(layout.range(position)))
            }
            By::Name(entries) => (entries[position].id(), None),
        };
        let of_part = |param: &Param| self.part.is_none_or(|part| part[param.id().index()]);
        let admitted = |param: &&Param| self.admits(param) && of_part(param);
        let param = self.params.entry(id).filter(admitted)?;
        // What is frozen takes no part in a step, whoever computed a gradient of it.
        let waits = gradient.is_some() && self.params.is_frozen(id);
        (!waits).then(|| Chosen { param, weights: self.params.range(id), gradient })
    }

    /// Whether an optimizer may ever be responsible for a parameter.
    fn admits(self, param: &Param) -> bool {
        let admitted = self.mask.is_none_or(|mask| mask[param.id().index()]);
        param.role() == Role::Trainable && admitted
    }

    /// The trainable parameters that could be selected, whether they have gradients or not.
    pub(crate) fn candidates(self) -> impl Iterator<Item = &'a Param> {
        self.params.entries().iter().filter(move |param| self.admits(param))
    }

    /// Fails if a pattern matches none of the parameters that could be selected.
    pub(crate) fn check_patterns<'p>(
        self,
        patterns: impl IntoIterator<Item = &'p Pattern>,
    ) -> Result<(), OptimError> {
        let unmatched =
            |pattern: &&Pattern| !self.candidates().any(|param| pattern.matches(param.path()));
        match patterns.into_iter().find(unmatched) {
            None => Ok(()),
            Some(pattern) => Err(OptimError::UnmatchedPattern {
                pattern: pattern.to_string(),
                known: Param::list(self.candidates()),
            }),
        }
    }
}

/// A parameter that something is remembered of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    pub id: ParamId,
    pub path: String,
    /// The line that built it.
    pub location: &'static Location<'static>,
    pub shape: Shape,
    /// Where its values lie in [`Params::trainable`].
    pub weights: Range<usize>,
    /// Whether weight decay applies to it.
    pub decays: bool,
    /// How many steps were made with it: fewer than with others if it was frozen for a time.
    pub steps: u64,
    /// Single numbers that are remembered of it.
    pub numbers: Vec<f64>,
}

impl Segment {
    /// A parameter that no step was made with.
    pub fn new(chosen: &Chosen<'_>) -> Self {
        Self {
            id: chosen.param.id(),
            path: chosen.param.path().to_owned(),
            location: chosen.param.location(),
            shape: chosen.param.shape().clone(),
            weights: chosen.weights.clone(),
            decays: true,
            steps: 0,
            numbers: Vec::new(),
        }
    }

    /// Whether a rule treats it as it does the other.
    fn is_like(&self, other: &Self) -> bool {
        self.decays == other.decays && self.steps == other.steps && self.numbers == other.numbers
    }
}

/// Neighbouring parameters that are updated in one pass.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    /// Which segments.
    pub segments: Range<usize>,
    /// Where their values lie in [`Params::trainable`].
    pub weights: Range<usize>,
    /// Where their gradients lie.
    pub gradients: Range<usize>,
}

/// As few runs as there can be of these segments, which are given by position with the places of
/// their gradients: neighbours are joined that are alike, where a rule takes several at a time.
pub(crate) fn runs(
    segments: &[Segment],
    of: impl IntoIterator<Item = (usize, Range<usize>)>,
    unit: Unit,
) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (position, gradient) in of {
        let segment = &segments[position];
        match runs.last_mut() {
            Some(last)
                if unit == Unit::Element
                    && last.segments.end == position
                    && last.weights.end == segment.weights.start
                    && last.gradients.end == gradient.start
                    && segments[last.segments.start].is_like(segment) =>
            {
                last.segments.end = position + 1;
                last.weights.end = segment.weights.end;
                last.gradients.end = gradient.end;
            }
            _ => runs.push(Run {
                segments: position..position + 1,
                weights: segment.weights.clone(),
                gradients: gradient,
            }),
        }
    }
    runs
}

/// How many of these segments, from the first on, are neighbours that are alike: one, where they are taken one by one.
pub(crate) fn alike(segments: &[Segment], unit: Unit) -> usize {
    if unit == Unit::Parameter {
        return 1;
    }
    let joined = |pair: &&[Segment]| {
        pair[0].weights.end == pair[1].weights.start && pair[0].is_like(&pair[1])
    };
    1 + segments.windows(2).take_while(joined).count()
}

/// Sorts by parameter: for no precision, as sorting is much code.
pub(crate) fn in_order(segments: &mut [Segment]) {
    segments.sort_by_key(|segment| segment.id);
}

/// Fails unless everything that is remembered is of this store.
pub(crate) fn check<T: Precision>(
    segments: &[Segment],
    params: &Params<T>,
) -> Result<(), OptimError> {
    let foreign = |segment: &&Segment| params.entry(segment.id).is_none();
    let Some(Segment { path, location, .. }) = segments.iter().find(foreign) else {
        return Ok(());
    };
    let here = match params.id(path).and_then(|id| params.entry(id)) {
        Some(param) => format!("that of this store at {}", param.location()),
        None => "this store has none of this name".to_owned(),
    };
    Err(OptimError::ParametersChanged {
        change: format!(
            "its {path:?} was built at {location}, and {here}: another store takes an optimizer of \
             its own"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph::GradientLayout;
    use ndarray::Array;

    fn three() -> Params<f64> {
        let mut params = Params::with_seed(0);
        let mut root = params.root();
        for name in ["a", "b", "c"] {
            root.parameter(name, Array::zeros(2).into_dyn());
        }
        params
    }

    /// The segments of a step by gradients of some parameters, and where those lie.
    fn step(params: &Params<f64>, of: &[&str]) -> Vec<(Segment, Range<usize>)> {
        let chosen = params.trainable_entries().filter(|param| of.contains(&param.path()));
        let layout = GradientLayout::new(chosen);
        let values = vec![0.0; layout.size()];
        let selected = Selected::of(params, Gradients::new(&layout, &values));
        selected.iter().map(|c| (Segment::new(&c), c.gradient.unwrap())).collect()
    }

    fn runs_of(step: &[(Segment, Range<usize>)], unit: Unit) -> Vec<Run> {
        let (segments, gradients): (Vec<_>, Vec<_>) = step.iter().cloned().unzip();
        runs(&segments, gradients.into_iter().enumerate(), unit)
    }

    #[test]
    fn neighbours_that_are_alike_are_one_run() {
        let mut step = step(&three(), &["a", "b", "c"]);
        assert_eq!(runs_of(&step, Unit::Element).len(), 1);
        assert_eq!(runs_of(&step, Unit::Parameter).len(), 3);
        step[2].0.decays = false;
        let runs = runs_of(&step, Unit::Element);
        assert_eq!(runs[0], Run { segments: 0..2, weights: 0..4, gradients: 0..4 });
        assert_eq!(runs[1], Run { segments: 2..3, weights: 4..6, gradients: 4..6 });
        step[2].0.decays = true;
        step[0].0.steps = 7;
        assert_eq!(runs_of(&step, Unit::Element).len(), 2, "they are not of one age");
    }

    #[test]
    fn what_is_known_is_taken_in_runs_of_one_age() {
        let (mut segments, _): (Vec<_>, Vec<_>) =
            step(&three(), &["a", "b", "c"]).into_iter().unzip();
        assert_eq!(alike(&segments, Unit::Element), 3);
        assert_eq!(alike(&segments, Unit::Parameter), 1);
        segments[2].steps = 1;
        assert_eq!([&segments[..], &segments[2..]].map(|from| alike(from, Unit::Element)), [2, 1]);
        // Its neighbour is not known.
        segments.remove(1);
        segments[1].steps = 0;
        assert_eq!(alike(&segments, Unit::Element), 1);
    }

    #[test]
    fn what_takes_no_part_parts_a_run() {
        let mut params = three();
        let places = |step: &[(Segment, Range<usize>)]| {
            let places = runs_of(step, Unit::Element).into_iter();
            places.map(|run| (run.weights, run.gradients)).collect::<Vec<_>>()
        };
        assert_eq!(places(&step(&params, &["a", "c"])), [(0..2, 0..2), (4..6, 2..4)]);
        params.freeze("b").unwrap();
        assert_eq!(places(&step(&params, &["a", "b", "c"])), [(0..2, 0..2), (4..6, 4..6)]);
    }
}

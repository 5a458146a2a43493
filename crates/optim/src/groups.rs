//! Different optimizers for different parameters.

use program::Scalar;

use crate::segments::{self, Selected};
use crate::state::Ledger;
use crate::{OptimError, Optimizer, Pattern};

/// Parameters in groups by their paths, each with an optimizer of its own, or frozen.
///
/// A parameter belongs to the first group whose pattern matches its path, and to the rest if there
/// is none. Each group has its rule, schedules, decay and parts; what is around all groups (a clip
/// by global norm, say) goes around the whole.
///
/// ```
/// use optim::{Adam, ClipGlobalNorm, Groups, Muon, Optimizer};
/// let optimizer = Groups::new(Adam::<f32>::new(1e-3))
///     .freeze("embedding.*")
///     .group("*.bias", Adam::new(2e-3))
///     .group("block*.weight", Muon::new(0.02))
///     .with(ClipGlobalNorm::new(1.0));
/// ```
#[derive(Debug)]
pub struct Groups<T = f32> {
    groups: Vec<Group<T>>,
    rest: Box<dyn Optimizer<T>>,
    /// For each group, and then for the rest, which of the trainable parameters belong to it.
    masks: Vec<Vec<bool>>,
}

#[derive(Debug)]
struct Group<T> {
    pattern: Pattern,
    /// Without an optimizer, the group is frozen.
    optimizer: Option<Box<dyn Optimizer<T>>>,
}

impl<T: Scalar> Groups<T> {
    /// One group: all parameters that no other will match.
    pub fn new(rest: impl Optimizer<T> + 'static) -> Self {
        Self { groups: Vec::new(), rest: Box::new(rest), masks: Vec::new() }
    }

    /// A group with an optimizer of its own.
    pub fn group(
        mut self,
        pattern: impl Into<Pattern>,
        optimizer: impl Optimizer<T> + 'static,
    ) -> Self {
        let optimizer: Box<dyn Optimizer<T>> = Box::new(optimizer);
        self.groups.push(Group { pattern: pattern.into(), optimizer: Some(optimizer) });
        self
    }

    /// A group whose parameters stay as they are.
    pub fn freeze(mut self, pattern: impl Into<Pattern>) -> Self {
        self.groups.push(Group { pattern: pattern.into(), optimizer: None });
        self
    }

    /// The optimizers, each with its mask: empty before the first step.
    fn members(&mut self) -> impl Iterator<Item = (&mut dyn Optimizer<T>, &[bool])> {
        let rest: (_, &mut dyn Optimizer<T>) = (self.groups.len(), &mut *self.rest);
        let groups = self.groups.iter_mut().enumerate().filter_map(|(i, group)| {
            let optimizer: &mut dyn Optimizer<T> = &mut **group.optimizer.as_mut()?;
            Some((i, optimizer))
        });
        let masks = &self.masks;
        groups
            .chain([rest])
            .map(|(i, member)| (member, masks.get(i).map_or(&[][..], Vec::as_slice)))
    }

    /// Decides which parameter belongs to which group.
    fn lay_out(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        let patterns: Vec<Pattern> =
            self.groups.iter().map(|group| group.pattern.clone()).collect();
        segments::check_patterns(&segments::segments(selected), &patterns)?;
        let count = selected.params().trainable_entries().count();
        let mut masks = vec![vec![false; count]; patterns.len() + 1];
        for (position, param, _) in selected.iter() {
            let matching = patterns.iter().position(|pattern| pattern.matches(param.path()));
            masks[matching.unwrap_or(patterns.len())][position] = true;
        }
        self.masks = masks;
        Ok(())
    }
}

impl<T: Scalar> Optimizer<T> for Groups<T> {
    fn prepare(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        let known = self.masks.first().map(Vec::len);
        if known != Some(selected.params().trainable_entries().count()) {
            self.lay_out(selected)?;
        }
        self.members().try_for_each(|(member, mask)| member.prepare(selected.masked(mask)))
    }

    fn update(&mut self, weights: &mut [T], gradients: &[T]) {
        self.members().for_each(|(member, _)| member.update(weights, gradients));
    }

    /// That of the rest.
    fn steps(&self) -> u64 {
        self.rest.steps()
    }

    /// That of the rest.
    fn learning_rate(&self) -> f64 {
        self.rest.learning_rate()
    }

    fn observe(&mut self, metric: f64) {
        self.members().for_each(|(member, _)| member.observe(metric));
    }

    fn set_rate_factor(&mut self, factor: f64) {
        self.members().for_each(|(member, _)| member.set_rate_factor(factor));
    }

    fn transfer(&mut self, ledger: &mut Ledger<'_, T>) {
        for (i, Group { pattern, optimizer }) in self.groups.iter_mut().enumerate() {
            ledger.section(&format!("group_{i}"), |ledger| {
                ledger.setting("pattern", pattern);
                match optimizer {
                    Some(optimizer) => optimizer.transfer(ledger),
                    None => ledger.setting("frozen", &true),
                }
            });
        }
        ledger.section("rest", |ledger| self.rest.transfer(ledger));
    }
}

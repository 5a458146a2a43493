//! Different optimizers for different parameters.

use graph::Pattern;

use crate::segments::Selected;
use crate::state::Ledger;
use crate::{OptimError, Optimizer, Precision};

/// Parameters in groups by their paths, each with an optimizer of its own.
///
/// A parameter belongs to the first group whose pattern matches its path, and to the rest if there
/// is none. Each group has its rule, schedules, decay and parts; what is around all groups (a clip
/// by global norm, say) goes around the whole. What is to stay as it is, is frozen in the store
/// ([`Params::freeze`](graph::Params::freeze)), which spares its gradient, too.
///
/// ```
/// use cotangent::optim::{Adam, ClipGlobalNorm, Groups, Muon, Optimizer};
/// let optimizer = Groups::new(Adam::<f32>::new(1e-3))
///     .group("*.bias", Adam::new(2e-3))
///     .group("block*.weight", Muon::new(0.02))
///     .with(ClipGlobalNorm::new(1.0));
/// ```
#[derive(Debug)]
pub struct Groups<T = f32> {
    groups: Vec<Group<T>>,
    rest: Box<dyn Optimizer<T>>,
    /// For each group, and then for the rest, which entries of the store belong to it.
    masks: Vec<Vec<bool>>,
    /// The structure of the store that the masks are for.
    structure: Option<u64>,
}

#[derive(Debug)]
struct Group<T> {
    pattern: Pattern,
    optimizer: Box<dyn Optimizer<T>>,
}

impl<T: Precision> Groups<T> {
    /// One group: all parameters that no other will match.
    pub fn new(rest: impl Optimizer<T> + 'static) -> Self {
        let rest = Box::new(rest);
        Self { groups: Vec::new(), rest, masks: Vec::new(), structure: None }
    }

    /// A group with an optimizer of its own.
    pub fn group(
        mut self,
        pattern: impl Into<Pattern>,
        optimizer: impl Optimizer<T> + 'static,
    ) -> Self {
        let optimizer: Box<dyn Optimizer<T>> = Box::new(optimizer);
        self.groups.push(Group { pattern: pattern.into(), optimizer });
        self
    }

    /// The optimizers, each with its mask: empty before the first step.
    fn members(&mut self) -> impl Iterator<Item = (&mut dyn Optimizer<T>, &[bool])> {
        let rest: &mut dyn Optimizer<T> = &mut *self.rest;
        let groups = self.groups.iter_mut().map(|group| {
            let optimizer: &mut dyn Optimizer<T> = &mut *group.optimizer;
            optimizer
        });
        let masks = &self.masks;
        let masked =
            move |(i, member)| (member, masks.get(i).map_or(&[][..], |mask: &Vec<_>| mask));
        groups.chain([rest]).enumerate().map(masked)
    }

    /// Decides which parameter belongs to which group, if the store has changed.
    fn divide(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        let params = selected.params();
        if self.structure == Some(params.structure()) {
            return Ok(());
        }
        selected.check_patterns(self.groups.iter().map(|group| &group.pattern))?;
        let mut masks = vec![vec![false; params.entries().len()]; self.groups.len() + 1];
        for param in selected.candidates() {
            let matching = self.groups.iter().position(|g| g.pattern.matches(param.path()));
            masks[matching.unwrap_or(self.groups.len())][param.id().index()] = true;
        }
        (self.masks, self.structure) = (masks, Some(params.structure()));
        Ok(())
    }
}

impl<T: Precision> Optimizer<T> for Groups<T> {
    fn prepare(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        self.divide(selected)?;
        self.members().try_for_each(|(member, mask)| member.prepare(selected.masked(mask)))
    }

    fn remember(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        self.divide(selected)?;
        self.members().try_for_each(|(member, mask)| member.remember(selected.masked(mask)))
    }

    fn update(&mut self, weights: &mut [T], gradients: &[T]) {
        self.members().for_each(|(member, _)| member.update(weights, gradients));
    }

    fn begin(&mut self) {
        self.members().for_each(|(member, _)| member.begin());
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
                ledger.setting("pattern", &pattern.to_string());
                optimizer.transfer(ledger);
            });
        }
        ledger.section("rest", |ledger| self.rest.transfer(ledger));
    }
}

//! What was measured, and what follows from it. [`crate::table`], [`crate::markdown`] and [`crate::picture`] show it.

use crate::fresh::Fresh;
use crate::models::Group;
use crate::peers::OURS;
use crate::stats::geometric_mean;

/// A framework with its settings.
#[derive(Clone)]
pub struct Framework {
    /// `ours`, `torch-eager`, …
    pub name: String,
    /// What it says it is.
    pub version: String,
}

impl Framework {
    /// What comes before the settings: `ours`, `torch`, …
    pub fn family(&self) -> &str {
        self.name.split('-').next().unwrap_or(&self.name)
    }

    /// The version, and the settings where a framework takes part with more than one.
    pub fn label(&self) -> String {
        match self.name.split_once('-') {
            Some((_, settings)) => format!("{}, {settings}", self.version),
            None => self.version.clone(),
        }
    }
}

/// What was measured for one step. Lists are in the order of the frameworks; none for those left out.
pub struct Measured {
    /// Its name.
    pub name: String,
    /// Network, batch and update rule in a few words.
    pub summary: String,
    /// What kind of network it is.
    pub group: Group,
    /// Its floor in microseconds.
    pub floor: f64,
    /// The median of each framework in microseconds.
    pub medians: Vec<Option<f64>>,
    /// What each framework needs in a process that does nothing else.
    pub fresh: Vec<Option<Fresh>>,
}

/// The whole run.
pub struct Results {
    /// Who took part, ours first.
    pub frameworks: Vec<Framework>,
    /// What was measured, step by step.
    pub steps: Vec<Measured>,
}

/// One framework at one step.
#[derive(Clone, Copy)]
pub struct Entry<'r> {
    /// Who.
    pub framework: &'r Framework,
    /// The median in microseconds.
    pub us: f64,
    /// First step and memory, if they were taken.
    pub fresh: Option<&'r Fresh>,
}

impl Results {
    /// Everyone who did a step.
    pub fn entries<'r>(&'r self, step: &'r Measured) -> impl Iterator<Item = Entry<'r>> {
        self.frameworks.iter().enumerate().filter_map(|(i, framework)| {
            let fresh = step.fresh.get(i).and_then(Option::as_ref);
            step.medians[i].map(|us| Entry { framework, us, fresh })
        })
    }

    /// Ours.
    pub fn ours<'r>(&'r self, step: &'r Measured) -> Option<Entry<'r>> {
        self.entries(step).find(|entry| entry.framework.name == OURS)
    }

    /// The fastest settings of a family.
    pub fn best_of<'r>(&'r self, step: &'r Measured, family: &str) -> Option<Entry<'r>> {
        fastest(self.entries(step).filter(|entry| entry.framework.family() == family))
    }

    /// The fastest of the others.
    pub fn best_other<'r>(&'r self, step: &'r Measured) -> Option<Entry<'r>> {
        fastest(self.entries(step).filter(|entry| entry.framework.name != OURS))
    }

    /// The fastest of the others, over ours: how many times faster we are.
    pub fn against_best(&self, step: &Measured) -> Option<f64> {
        Some(self.best_other(step)?.us / self.ours(step)?.us)
    }

    /// The geometric mean of [`against_best`](Self::against_best) over the steps that are picked.
    pub fn mean(&self, picked: impl Fn(&Measured) -> bool) -> Option<f64> {
        let steps = self.steps.iter().filter(|step| picked(step));
        geometric_mean(&steps.filter_map(|step| self.against_best(step)).collect::<Vec<_>>())
    }

    /// The families other than ours, in the order of the frameworks, and what they are called.
    pub fn others(&self) -> Vec<(&str, &str)> {
        let mut families: Vec<(&str, &str)> = Vec::new();
        for framework in self.frameworks.iter().filter(|framework| framework.name != OURS) {
            let called = framework.version.split_whitespace().next().unwrap_or("");
            if families.iter().all(|(family, _)| *family != framework.family()) {
                families.push((framework.family(), called));
            }
        }
        families
    }
}

fn fastest<'r>(entries: impl Iterator<Item = Entry<'r>>) -> Option<Entry<'r>> {
    entries.reduce(|best, entry| if entry.us < best.us { entry } else { best })
}

/// Microseconds with three significant digits, in the unit that suits.
pub fn time(us: f64) -> String {
    let (value, unit) = match us {
        us if us < 1e3 => (us, "µs"),
        us if us < 1e6 => (us / 1e3, "ms"),
        us => (us / 1e6, "s"),
    };
    let digits = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// How many times, with as many digits as can be trusted.
pub fn times(ratio: f64) -> String {
    if ratio < 9.95 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Two steps of three frameworks.
    pub fn example() -> Results {
        let frameworks =
            [("ours", "Cotangent 0.1.0"), ("torch-fused", "PyTorch 9"), ("jax-jit", "JAX 1")];
        let step = |name: &str, group, medians: [Option<f64>; 3]| Measured {
            name: name.into(),
            summary: "a-b-c".into(),
            group,
            floor: 2.0,
            medians: medians.to_vec(),
            fresh: medians.iter().map(|us| us.map(|us| Fresh::example(1e3 * us))).collect(),
        };
        Results {
            frameworks: frameworks
                .map(|(name, version)| Framework { name: name.into(), version: version.into() })
                .into(),
            steps: vec![
                step("tiny", Group::Dense, [Some(4.0), Some(16.0), Some(8.0)]),
                step("lenet", Group::Image, [Some(10.0), None, Some(80.0)]),
            ],
        }
    }

    #[test]
    fn ratios_are_taken_against_the_best_other() {
        let results = example();
        let ratios: Vec<_> =
            results.steps.iter().map(|step| results.against_best(step).unwrap()).collect();
        assert_eq!(ratios, [2.0, 8.0]);
        assert!((results.mean(|_| true).unwrap() - 4.0).abs() < 1e-12);
        assert_eq!(results.mean(|step| step.group == Group::Second), None);
        assert_eq!(results.others(), [("torch", "PyTorch"), ("jax", "JAX")]);
        assert!(results.best_of(&results.steps[1], "torch").is_none());
    }

    #[test]
    fn three_digits() {
        let shown = [5.234, 45.06, 285.0, 1165.0, 88_123.0, 2.5e6].map(time);
        assert_eq!(shown, ["5.23 µs", "45.1 µs", "285 µs", "1.17 ms", "88.1 ms", "2.50 s"]);
        assert_eq!([0.3, 4.123, 17.2].map(times), ["0.30", "4.12", "17"]);
    }
}

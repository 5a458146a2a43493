//! Values that a step or a function answers besides its own.

use std::panic::Location;

use graph::{Graph, Kind, RunError, Var};

/// What a report is asked for by: its position among those recorded, or the name of the value.
///
/// ```
/// use cotangent::{Params, Step};
/// use cotangent::ndarray::array;
///
/// let mut step = Step::reporting(|_, [x]| (x.sum(), vec![x.square().named("squares")]));
/// step.run(&mut Params::seeded(0), (&array![1.0_f32, 2.0],))?;
/// assert_eq!(step.report(0), array![1.0, 4.0].into_dyn());
/// assert_eq!(step.report("squares"), step.report(0));
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Reported<'a> {
    /// The position in what the closure answers to be reported.
    Position(usize),
    /// The name that the value was [given](Var::named).
    Name(&'a str),
}

impl From<usize> for Reported<'_> {
    fn from(position: usize) -> Self {
        Self::Position(position)
    }
}

impl<'a> From<&'a str> for Reported<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

/// The reports of a compiled program, which are outputs one after the other.
#[derive(Debug)]
pub struct Reports {
    /// The position of the first among the outputs.
    first: usize,
    /// How many the closure answered; those asked for by name come after them.
    answered: usize,
    names: Vec<Option<String>>,
}

impl Reports {
    /// Adds to `outputs` what is reported: what the closure answered, and what is watched by name.
    pub fn record<'g>(
        graph: &'g Graph,
        outputs: &mut Vec<Var<'g>>,
        answered: &[Var<'g>],
        watched: &[String],
        location: &'static Location<'static>,
    ) -> Result<Self, RunError> {
        let name = |var: &Var<'g>| graph::reading::name(*var);
        let mut names: Vec<Option<String>> = answered.iter().map(name).collect();
        let first = outputs.len();
        outputs.extend(answered.iter().copied().map(as_numbers));
        for name in watched {
            outputs.push(as_numbers(only_named(graph, name, location)?));
            names.push(Some(name.clone()));
        }
        Ok(Self { first, answered: answered.len(), names })
    }

    /// The position of a report among the program's outputs.
    #[track_caller]
    pub fn position(&self, report: Reported<'_>) -> usize {
        let known = match report {
            Reported::Position(position) => Some(position).filter(|&at| at < self.answered),
            Reported::Name(name) => {
                self.names.iter().rposition(|known| known.as_deref() == Some(name))
            }
        };
        match known {
            Some(position) => self.first + position,
            None => {
                let names: Vec<&String> = self.names.iter().flatten().collect();
                panic!(
                    "there is no report {report:?}: {} are recorded, and named are {names:?}",
                    self.answered
                )
            }
        }
    }
}

/// Indices as reals, which is what is answered.
pub(crate) fn as_numbers(var: Var<'_>) -> Var<'_> {
    if var.kind() == Kind::Index { var.to_real() } else { var }
}

/// The variable of this name, of which there must be one.
fn only_named<'g>(
    graph: &'g Graph,
    name: &str,
    location: &'static Location<'static>,
) -> Result<Var<'g>, RunError> {
    let found = match graph.all_named(name)[..] {
        [var] => return Ok(var),
        [] => format!("none is; there are {}", names(graph).join(", ")),
        ref several => {
            let lines: Vec<String> = several.iter().map(|var| var.location().to_string()).collect();
            format!("{} are: {}", several.len(), lines.join(", "))
        }
    };
    Err(RunError::Reported { name: name.to_owned(), found, location })
}

/// The names that the graph's variables have.
fn names(graph: &Graph) -> Vec<String> {
    graph.dag(|dag| {
        dag.node_weights()
            .filter_map(|node| node.name.as_deref())
            .map(|name| format!("{name:?}"))
            .collect()
    })
}

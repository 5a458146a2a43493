//! From a graph to a program: differentiate first, optimise after.
//!
//! [`passes`] turn the graph into one with the same values that is cheaper to run. [`grouping`] decides
//! which nodes run together, [`plan`] where every value lies, and [`emit`] writes the instructions.

mod analysis;
mod arithmetic;
#[cfg(test)]
mod as_written;
mod chosen;
mod cut;
#[cfg(test)]
mod differential;
mod emit;
mod factors;
mod gaps;
#[cfg(test)]
mod golden;
mod group;
mod grouping;
mod home;
mod indexed;
mod lending;
mod looped;
mod nested;
mod packing;
mod passes;
mod place;
mod plan;
mod repeated;

pub use arithmetic::Arithmetic;
pub(crate) use cut::Cut;
pub(crate) use lending::Lending;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::Precision;
use crate::instruction::{Action, Instruction, Memory};
use crate::program::{Input, Output};
use crate::workspace::{Aligned, Constants};
use analysis::{Analysis, Work};
use graph::Args;
use graph::Seed;
use graph::ops::{Copy, Embed};
use graph::reading::{NodeId, check_parameters, sources};
use graph::rewriting::Target;
use graph::{Graph, Lowering, Type, Value, Var};
use graph::{Param, Params};

/// Everything a program is made of.
pub(crate) struct Compiled<T> {
    pub instructions: Vec<Instruction<T>>,
    /// What runs before the first run, of what is [fixed](Lending::fixed).
    pub once: Vec<Instruction<T>>,
    pub inputs: Vec<Input>,
    pub outputs: Vec<Output>,
    pub constants: Constants<T>,
    /// The parameters that it reads, and where they lie among all values.
    pub params: Vec<(Param, Range<usize>)>,
    /// The lengths of the arenas.
    pub reals: usize,
    pub indices: usize,
}

/// Compiles the computation of `outputs`.
#[track_caller]
pub(crate) fn compile<T: Precision>(
    outputs: &[Var<'_>],
    params: &Params<T>,
    arithmetic: Arithmetic,
    lending: &Lending,
) -> Compiled<T> {
    let recorded = outputs.first().expect("a program computes something").graph();
    if let Err(error) = check_parameters(sources(outputs), params) {
        panic!("{error}");
    }
    let ids: Vec<NodeId> = outputs.iter().map(|var| var.id()).collect();
    let Target { graph, outputs: ids } = graph::control::trimmed(recorded, &ids);
    let target = own_outputs(passes::run::<T>(&graph, &ids, arithmetic));
    let mut target = home::settled(target, &HashSet::new());
    loop {
        match arranged(recorded, outputs, &target, params, arithmetic, lending) {
            Ok(compiled) => return compiled,
            Err(conflicts) => target = home::settled(target, &conflicts),
        }
    }
}

/// Groups, plans and emits a graph of which every part of an array can lie there; or answers the parts that cannot be
/// computed there after all.
fn arranged<T: Precision>(
    recorded: &Graph,
    outputs: &[Var<'_>],
    target: &Target,
    params: &Params<T>,
    arithmetic: Arithmetic,
    lending: &Lending,
) -> Result<Compiled<T>, HashSet<home::Argument>> {
    let analysis = Analysis::new(&target.graph, &target.outputs).at_home();
    let groups = grouping::groups(&analysis);
    let reads: Vec<_> = groups.iter().map(|group| group.reads(&analysis)).collect();
    let conflicts = home::conflicts(&analysis, &groups, &reads);
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let lent = lending.places(&analysis, &groups, &reads, &target.outputs);
    let plan = plan::plan(&analysis, &groups, &reads, &target.outputs, lent);
    let range = |id| params.range(id);
    let emitter = emit::Emitter { analysis: &analysis, plan: &plan, params: &range, arithmetic };
    let mut instructions: Vec<Instruction<T>> = groups
        .iter()
        .zip(&reads)
        .enumerate()
        .flat_map(|(position, (group, reads))| emitter.emit(position, group, reads))
        .collect();
    let [reals, indices] = with_loops(&instructions, [plan.reals, plan.indices]);
    let (once, reals) = packing::pack_shared(&mut instructions, reals, &lending.fixed);
    Ok(Compiled {
        inputs: inputs(recorded, &emitter),
        outputs: outputs
            .iter()
            .zip(&target.outputs)
            .map(|(var, &id)| output(var.ty(), &plan, id))
            .collect(),
        constants: constants(&analysis, &emitter),
        params: parameters(&analysis, params),
        reals,
        indices,
        once,
        instructions,
    })
}

/// How long the arenas are with room for the bodies of loops and choices, which never run at the same time.
fn with_loops<T>(instructions: &[Instruction<T>], [reals, indices]: [usize; 2]) -> [usize; 2] {
    let ends = instructions.iter().filter_map(|instruction| match &instruction.action {
        Action::Loop(looped) => Some([looped.end, looped.body.index_arena.end]),
        Action::Repeated(repeated) => Some(repeated.ends),
        Action::Chosen(chosen) => Some(chosen.ends),
        _ => None,
    });
    ends.fold([reals, indices], |[a, b], [c, d]| [a.max(c), b.max(d)])
}

/// Answers, for every output, a node that computes its elements in row-major order into memory of its own. What is all of a
/// computed value in another order becomes its one part, so that it is computed there; what is another view, a leaf or an
/// output twice is copied.
fn own_outputs(target: Target) -> Target {
    let Target { graph, outputs } = target;
    let analysis = Analysis::new(&graph, &outputs);
    let mut owned: Vec<NodeId> = Vec::with_capacity(outputs.len());
    for id in outputs {
        let view = &analysis.views[id.index()];
        let computed = !matches!(analysis.work[view.base.index()], Work::None | Work::Leaf);
        let whole = view.is_whole(analysis.shape(view.base));
        owned.push(if computed && whole && !owned.contains(&view.base) {
            view.base
        } else {
            let line = graph.node(id, |node| (node.location, node.backward));
            let order = place::turned(view, analysis.shape(view.base));
            let order = order.filter(|_| computed && !owned.contains(&view.base));
            let var = graph.on_behalf(line, || match order {
                Some(place) => {
                    let value = graph.var(view.base).reshape_to(place.shape.clone());
                    let shape = view.place.shape.clone();
                    graph.apply(Embed { name: "copy", shape, places: vec![place] }, &[value])
                }
                None => graph.apply(Copy, &[graph.var(id)]),
            });
            var.id()
        });
    }
    drop(analysis);
    Target { graph, outputs: owned }
}

fn inputs(recorded: &Graph, emitter: &emit::Emitter<'_>) -> Vec<Input> {
    let mut inputs: Vec<Input> = recorded
        .inputs()
        .into_iter()
        .map(|var| {
            recorded.node(var.id(), |node| Input {
                name: node.name.clone().unwrap_or_else(|| Arc::from("")),
                ty: node.ty.clone(),
                memory: None,
            })
        })
        .collect();
    let analysis = emitter.analysis;
    for id in analysis.nodes() {
        if let Lowering::Input(slot) = analysis.graph.node(id, |node| node.op.lower()) {
            inputs[slot].memory = emitter.reached(id);
        }
    }
    inputs
}

fn parameters<T: Precision>(
    analysis: &Analysis<'_>,
    params: &Params<T>,
) -> Vec<(Param, Range<usize>)> {
    let read = |id| match analysis.graph.node(id, |node| node.op.lower()) {
        Lowering::Parameter(id) => Some((params.entry(id)?.clone(), params.range(id))),
        _ => None,
    };
    analysis.nodes().filter_map(read).collect()
}

/// Where an output lies in its arena; nowhere if it is in memory of the caller.
fn output(ty: Type, plan: &plan::Plan, id: NodeId) -> Output {
    let range = plan.ranges[id.index()].clone();
    debug_assert!(range.is_some() || plan.lent[id.index()].is_some(), "outputs are pinned");
    Output { ty, range: range.unwrap_or(0..0) }
}

/// The constants, where the instructions look for them.
fn constants<T: Precision>(analysis: &Analysis<'_>, emitter: &emit::Emitter<'_>) -> Constants<T> {
    let plan = emitter.plan;
    let mut constants = Constants {
        reals: Aligned::zeros(plan.constants),
        indices: Aligned::zeros(plan.index_constants),
    };
    for id in analysis.nodes().filter(|id| plan.ranges[id.index()].is_some()) {
        let (op, ty) = analysis.graph.node(id, |node| (node.op.clone(), node.ty.clone()));
        let value = match op.lower() {
            Lowering::Full(number) => Value::Real(ndarray::arr0(T::from_f64(number)).into_dyn()),
            Lowering::Constant => {
                let mut value = Value::zeros(&ty);
                let no_inputs = Args::new(SmallVec::new(), Seed::default());
                T::eval(&*op, &no_inputs, &mut value.out()).expect("a constant has no fault");
                value
            }
            _ => continue,
        };
        match (emitter.memory(id), value) {
            (Memory::Constant(range), Value::Real(array)) => {
                constants.reals[range].iter_mut().zip(&array).for_each(|(to, &from)| *to = from);
            }
            (Memory::IndexConstant(range), Value::Index(array)) => {
                constants.indices[range].iter_mut().zip(&array).for_each(|(to, &from)| *to = from);
            }
            _ => unreachable!("a constant lies among those of its kind"),
        }
    }
    constants
}

//! The whole run, from the arguments to the printed tables.

use std::path::PathBuf;

use crate::agree;
use crate::floor::Floor;
use crate::generate;
use crate::machine;
use crate::memory;
use crate::ours;
use crate::peers::{self, OURS, Peer};
use crate::reference;
use crate::rounds;
use crate::spec::{self, Spec};
use crate::table::{self, Column, Framework};
use crate::worker::{self, Worker};
use crate::{Args, Failure};

/// The step whose memory is compared.
const MEMORY_STEP: &str = "wide";

/// A framework in the run, and the steps that it can do.
struct Entrant {
    worker: Worker,
    steps: Vec<String>,
}

/// Everything that was left out, in words.
struct LeftOut(Vec<String>);

impl LeftOut {
    /// Notes a framework's failure. Ours is none to be left out: it ends the run.
    fn note(&mut self, name: &str, at: &str, failure: Failure) -> Result<(), Failure> {
        if name == OURS {
            return Err(format!("ours, {at}: {failure}").into());
        }
        self.0.push(format!("{name}, {at}: unavailable: {failure}"));
        Ok(())
    }
}

/// Does what the arguments say.
pub fn run(args: &Args) -> Result<(), Failure> {
    worker::end_all_on_interrupt()?;
    rayon::ThreadPoolBuilder::new().num_threads(args.threads).build_global()?;
    let specs: Vec<Spec> =
        spec::all().into_iter().filter(|spec| args.steps.contains(&spec.name)).collect();
    let mut left_out = LeftOut(Vec::new());
    let invited = peers::invited(args)?;
    let mut entrants = start(&invited, &mut left_out)?;

    let folder = tempfile::tempdir()?;
    let path = |spec: &Spec| folder.path().join(format!("{}.safetensors", spec.name));
    for spec in &specs {
        load_and_check(spec, path(spec), &mut entrants, &mut left_out)?;
    }
    let mut columns = Vec::new();
    for spec in &specs {
        columns.push(time(spec, args, &mut entrants, &mut left_out)?);
    }
    let frameworks: Vec<Framework> =
        entrants.iter().map(|entrant| framework(&entrant.worker)).collect();
    for spec in specs.iter().filter(|spec| !ours::STEPS.contains(&spec.name.as_str())) {
        left_out.0.push(format!("ours, {}: not written yet", spec.name));
    }
    if args.plain {
        print!("{}", table::plain(&frameworks, &columns));
        left_out.0.iter().for_each(|line| eprintln!("{line}"));
        return Ok(());
    }
    println!("{}; threads: {}, rounds: {}\n", machine::describe(), args.threads, args.rounds);
    println!("{}", table::times(&frameworks, &columns));
    if let Some(spec) = specs.iter().find(|spec| spec.name == MEMORY_STEP) {
        // The processes of the timing go first: memory is taken with the machine to itself.
        let able = able(&entrants, &invited, MEMORY_STEP);
        drop(entrants);
        let mut taken = Vec::new();
        for (peer, framework) in able {
            eprintln!("{}: memory of {MEMORY_STEP}", peer.name);
            match memory::measure(peer, MEMORY_STEP, &path(spec)) {
                Ok(one) => taken.push((framework, one)),
                Err(failure) => left_out.note(peer.name, "memory", failure)?,
            }
        }
        if !taken.is_empty() {
            println!("{}", table::memory(MEMORY_STEP, &taken));
        }
    }
    left_out.0.iter().for_each(|line| println!("{line}"));
    Ok(())
}

fn framework(worker: &Worker) -> Framework {
    Framework { name: worker.name.clone(), version: worker.version.clone() }
}

/// Those who can do a step, with what starts them.
fn able<'p>(entrants: &[Entrant], invited: &'p [Peer], step: &str) -> Vec<(&'p Peer, Framework)> {
    let able = entrants.iter().filter(|e| e.steps.iter().any(|s| s == step));
    let peer = |e: &Entrant| invited.iter().find(|peer| peer.name == e.worker.name);
    able.filter_map(|e| Some((peer(e)?, framework(&e.worker)))).collect()
}

fn start(invited: &[Peer], left_out: &mut LeftOut) -> Result<Vec<Entrant>, Failure> {
    let mut entrants = Vec::new();
    for peer in invited {
        eprintln!("{}: starting", peer.name);
        match Worker::start(peer.name, peer.command()) {
            Ok(worker) => entrants.push(Entrant { worker, steps: Vec::new() }),
            Err(failure) => left_out.note(peer.name, "all steps", failure)?,
        }
    }
    Ok(entrants)
}

/// Writes the step's file, has everyone load it and run its first steps, and compares what they find.
fn load_and_check(
    spec: &Spec,
    path: PathBuf,
    entrants: &mut [Entrant],
    left_out: &mut LeftOut,
) -> Result<(), Failure> {
    let file = generate::step_file(spec);
    file.write(&path)?;
    let reference = reference::loss(&file)?;
    let mut found = Vec::new();
    for entrant in entrants {
        let worker = &mut entrant.worker;
        if worker.name == OURS && !ours::STEPS.contains(&spec.name.as_str()) {
            continue;
        }
        eprintln!("{}: first steps of {}", worker.name, spec.name);
        let steps = worker
            .ask(&[format!("load {}", path.display())])
            .and_then(|_| agree::first_steps(worker, &spec.name));
        match steps {
            Ok(one) => {
                found.push(one);
                entrant.steps.push(spec.name.clone());
            }
            Err(failure) => left_out.note(&worker.name, &spec.name, failure)?,
        }
    }
    agree::check(&spec.name, reference, &found)
}

fn time(
    spec: &Spec,
    args: &Args,
    entrants: &mut [Entrant],
    left_out: &mut LeftOut,
) -> Result<Column, Failure> {
    eprintln!("timing {}", spec.name);
    let mut floor = Floor::new(spec, args.threads);
    let mut medians = vec![None; entrants.len()];
    let (places, mut workers): (Vec<usize>, Vec<&mut Worker>) = entrants
        .iter_mut()
        .enumerate()
        .filter(|(_, entrant)| entrant.steps.contains(&spec.name))
        .map(|(place, entrant)| (place, &mut entrant.worker))
        .unzip();
    let results = rounds::time(&mut workers, &spec.name, args.rounds, &mut floor);
    for ((place, worker), result) in places.into_iter().zip(workers).zip(results) {
        match result {
            Ok(us) => medians[place] = Some(us),
            Err(failure) => left_out.note(&worker.name, &spec.name, failure)?,
        }
    }
    Ok(Column { step: spec.name.clone(), floor: floor.us(), medians })
}

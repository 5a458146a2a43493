//! The whole run, from the arguments to what is printed.

use std::path::{Path, PathBuf};

use crate::agree;
use crate::entrants::{Entrant, LeftOut, start};
use crate::floor::Floor;
use crate::fresh::{self, Fresh};
use crate::generate;
use crate::machine;
use crate::models::{Entry, Group};
use crate::peers::{self, Peer};
use crate::picture;
use crate::results::{Measured, Results};
use crate::rounds;
use crate::stepfile::StepFile;
use crate::worker::{self, Worker, load_request};
use crate::{Args, Failure, markdown, table};

/// Does what the arguments say.
pub fn run(args: &Args) -> Result<(), Failure> {
    worker::end_all_on_interrupt()?;
    rayon::ThreadPoolBuilder::new().num_threads(args.threads).build_global()?;
    cotangent::set_default_threads(args.threads);
    let steps = args.entries();
    let invited = peers::invited(args)?;
    let mut left_out = LeftOut::default();
    let folder = tempfile::tempdir()?;
    let results = measure(args, &steps, &invited, folder.path(), &mut left_out)?;
    show(args, &results, &left_out)
}

fn measure(
    args: &Args,
    steps: &[Entry],
    invited: &[Peer],
    folder: &Path,
    left_out: &mut LeftOut,
) -> Result<Results, Failure> {
    let mut entrants = start(invited, left_out)?;
    for step in steps {
        load_and_check(step, &path(folder, step), &mut entrants, left_out)?;
    }
    let mut measured = Vec::new();
    for step in steps {
        let file = StepFile::read(&path(folder, step))?;
        measured.push(time(step, &file, args, &mut entrants, left_out)?);
    }
    // The processes of the timing go first: what follows has the machine to itself.
    let frameworks = entrants.iter().map(Entrant::framework).collect();
    let who = entrants.into_iter().map(|entrant| (entrant.worker.name.clone(), entrant.spellings));
    let who: Vec<_> = who.collect();
    if !(args.plain || args.only_medians) {
        for (step, measured) in steps.iter().zip(&mut measured) {
            for (name, spellings) in &who {
                let peer = invited.iter().find(|peer| peer.name == name);
                let fresh = match (peer, spellings.get(step.name)) {
                    (Some(peer), Some(spelling)) => {
                        fresh(peer, step, &path(folder, step), spelling.as_deref(), left_out)?
                    }
                    _ => None,
                };
                measured.fresh.push(fresh);
            }
        }
    }
    Ok(Results { frameworks, steps: measured })
}

/// Where the step's file is.
fn path(folder: &Path, step: &Entry) -> PathBuf {
    folder.join(format!("{}.safetensors", step.name))
}

/// Writes the step's file, has everyone load it and run its first steps, and compares what they find.
fn load_and_check(
    step: &Entry,
    path: &Path,
    entrants: &mut [Entrant],
    left_out: &mut LeftOut,
) -> Result<(), Failure> {
    let file = generate::step_file(step);
    file.write(path)?;
    let reference = step.model.reference(&file)?;
    let mut found = Vec::new();
    for Entrant { worker, spellings } in entrants {
        eprintln!("{}: first steps of {}", worker.name, step.name);
        let outcome = worker.ask(&[load_request(path, None)]).and_then(|reply| {
            let spelling = reply["spelling"].as_str().filter(|spelling| !spelling.is_empty());
            Ok((spelling.map(str::to_owned), agree::first_steps(worker, step.name)?))
        });
        match outcome {
            Ok((spelling, one)) => {
                found.push(one);
                spellings.insert(step.name, spelling);
            }
            Err(failure) => left_out.note(&worker.name, step.name, &failure)?,
        }
    }
    agree::check(step.name, reference, &found)
}

fn time(
    step: &Entry,
    file: &StepFile,
    args: &Args,
    entrants: &mut [Entrant],
    left_out: &mut LeftOut,
) -> Result<Measured, Failure> {
    eprintln!("timing {}", step.name);
    let mut floor = Floor::new(step, file, args.threads);
    let mut medians = vec![None; entrants.len()];
    let (places, mut workers): (Vec<usize>, Vec<&mut Worker>) = entrants
        .iter_mut()
        .enumerate()
        .filter(|(_, entrant)| entrant.spellings.contains_key(step.name))
        .map(|(place, entrant)| (place, &mut entrant.worker))
        .unzip();
    let results = rounds::time(&mut workers, step.name, args.rounds, &mut floor)?;
    for ((place, worker), result) in places.into_iter().zip(workers).zip(results) {
        match result {
            Ok(us) => medians[place] = Some(us),
            Err(failure) => left_out.note(&worker.name, step.name, &failure)?,
        }
    }
    Ok(Measured {
        name: step.name.to_owned(),
        summary: match step.group {
            Group::Update => step.summary.to_owned(),
            _ => format!("{}, batch {}", step.summary, step.batch),
        },
        group: step.group,
        floor: floor.us(),
        medians,
        fresh: Vec::new(),
    })
}

fn fresh(
    peer: &Peer,
    step: &Entry,
    file: &Path,
    spelling: Option<&str>,
    left_out: &mut LeftOut,
) -> Result<Option<Fresh>, Failure> {
    eprintln!("{}: first step and memory of {}", peer.name, step.name);
    match fresh::measure(peer, step.name, file, spelling) {
        Ok(fresh) => Ok(Some(fresh)),
        Err(failure) => {
            left_out.note(peer.name, &format!("first step of {}", step.name), &failure)?;
            Ok(None)
        }
    }
}

fn show(args: &Args, results: &Results, left_out: &LeftOut) -> Result<(), Failure> {
    let machine = format!("{}; threads: {}", machine::describe(), args.threads);
    if let Some(path) = &args.svg {
        let shown = path.display();
        std::fs::write(path, picture::svg(results, &machine))
            .map_err(|e| format!("--svg {shown}: {e}"))?;
    }
    if args.plain {
        print!("{}", table::plain(results));
        eprint!("{left_out}");
        return Ok(());
    }
    println!("{machine}, rounds: {}\n", args.rounds);
    results.steps.iter().for_each(|step| println!("{}", table::step(results, step)));
    println!("{}", table::summary(results));
    print!("{left_out}");
    if args.markdown {
        println!("\n{}", markdown::tables(results));
    }
    Ok(())
}

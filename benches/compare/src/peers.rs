//! Which frameworks take part, and how each is started.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::machine;
use crate::{Args, Failure};

/// A framework that takes part.
pub struct Peer {
    /// The name of its column.
    pub name: &'static str,
    program: Vec<String>,
    threads: usize,
}

/// The column of our own.
pub const OURS: &str = "ours";

impl Peer {
    /// The command that starts its worker: its threads granted by every variable that such programs read, and the
    /// process confined to as many cores if there are more (JAX counts cores, not variables).
    pub fn command(&self) -> Command {
        let mut words = Vec::new();
        if let Some(cores) = machine::first_cores(self.threads) {
            words.extend(["taskset".to_owned(), "-c".to_owned(), cores]);
        }
        words.extend(self.program.iter().cloned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        for variable in
            ["COMPARE_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"]
        {
            command.env(variable, self.threads.to_string());
        }
        command
    }
}

/// Everyone whom the arguments ask for, ours first. Builds candle and burn if they are asked for.
pub fn invited(args: &Args) -> Result<Vec<Peer>, Failure> {
    let threads = args.threads;
    let mut peers = Vec::new();
    let program = vec![text(&std::env::current_exe()?)?, "--worker".to_owned()];
    peers.push(Peer { name: OURS, program, threads });
    if let Some(python) = &args.python {
        check_python(python)?;
        let script = text(&home().join("python/peers.py"))?;
        let names: &[&'static str] = match args.updates {
            Some(_) => &["optax-jit", "optax-sync"],
            None => &["torch-eager", "torch-fused", "torch-compile", "jax-jit", "jax-sync"],
        };
        for &name in names {
            let program = vec![text(python)?, script.clone(), name.to_owned()];
            peers.push(Peer { name, program, threads });
        }
    }
    for (wanted, name) in [(args.candle, "candle"), (args.burn, "burn")] {
        if wanted {
            peers.push(Peer { name, program: vec![text(&build(name)?)?], threads });
        }
    }
    Ok(peers)
}

fn check_python(python: &Path) -> Result<(), Failure> {
    let run = Command::new(python).arg("--version").output();
    let shown = python.display();
    let run = run.map_err(|e| format!("--python {shown} cannot be run: {e}"))?;
    if run.status.success() {
        return Ok(());
    }
    Err(format!("--python {shown}: {}", String::from_utf8_lossy(&run.stderr).trim()).into())
}

/// Builds a peer that is a cargo project of its own; returns its program. It is compiled for this very processor,
/// as both projects advise.
fn build(name: &str) -> Result<PathBuf, Failure> {
    let executable = std::env::current_exe()?;
    let target = executable.ancestors().nth(2).ok_or("where is the target folder?")?.join("peers");
    eprintln!("building {name} (minutes, the first time)");
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--quiet", "--manifest-path"])
        .arg(home().join(name).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", "-C target-cpu=native")
        .status()
        .map_err(|e| format!("cannot run cargo: {e}"))?;
    if !status.success() {
        return Err(format!("{name} does not build (see above)").into());
    }
    Ok(target.join("release").join(format!("compare-{name}")))
}

/// The folder of this package, where the peers' sources are.
fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()))?;
    Ok(text.to_owned())
}

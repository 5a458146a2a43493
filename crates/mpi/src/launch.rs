//! How a program that may run on several ranks begins and ends.

use std::any::Any;
use std::cell::Cell;
use std::fmt::Display;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use crate::World;
use crate::engine::{Session, abort};

thread_local! {
    /// Rank and size, for what is told when all ends.
    static PLACE: Cell<(usize, usize)> = const { Cell::new((0, 1)) };
}

/// Runs a program on all ranks: `mpirun -n 4 target/release/program` starts it four times, and each is told which it is. Without
/// `mpirun`, or without the feature `mpi`, it is one rank of one.
///
/// Where one rank fails, all end, within seconds: an error or a panic is told on the standard error stream with the rank, and the
/// others are ended (`MPI_Abort`) before they wait for it for ever. The same happens to who waits for a rank that has ended
/// with success, or stands still for ten minutes ([`World::set_timeout`]); a process that is killed is told by `mpirun`.
///
/// MPI is initialised, used and finalised by the thread that calls this (`MPI_THREAD_FUNNELED`), once in a process.
///
/// ```
/// use std::process::ExitCode;
/// use cotangent_mpi::{World, launch};
///
/// fn main() -> ExitCode {
///     launch(|world: World| {
///         let mut hits = [world.rank() as f64 + 1.0];
///         world.sum(&mut hits);
///         assert_eq!(hits[0], (1..=world.size()).sum::<usize>() as f64);
///         Ok::<(), std::io::Error>(())
///     })
/// }
/// ```
pub fn launch<E: Display>(program: impl FnOnce(World) -> Result<(), E>) -> ExitCode {
    let session = Session::open();
    let (rank, size) = session.place();
    PLACE.set((rank, size));
    match catch_unwind(AssertUnwindSafe(|| program(World::new(rank, size)))) {
        Ok(Ok(())) => session.close(),
        Ok(Err(error)) => fail(&error.to_string()),
        Err(panic) => fail(&format!("panicked: {}", message(&*panic))),
    }
    ExitCode::SUCCESS
}

/// Tells why this rank cannot go on, and ends all.
pub(crate) fn fail(cause: &str) -> ! {
    let (rank, size) = PLACE.get();
    // In one piece, as others may write, too; and where nobody reads it, the end is the same.
    let line = format!("rank {rank} of {size}: {cause}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    abort()
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

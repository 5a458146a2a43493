//! Many processes, by MPI. One thread opens the session, communicates and closes it: its communicators lie in that thread.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mpi::collective::SystemOperation;
use mpi::environment::Universe;
use mpi::request::{LocalScope, Request};
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Destination, Equivalence, Root, Source};
use mpi::{Count, Threading};

use crate::launch::fail;

/// What can be sent: numbers. [`Precision`](crate::Precision) asks for it, and the example of [`Distributed`](crate::Distributed)
/// sends them.
pub trait Element: Equivalence + Copy + Default + 'static {}

impl<T: Equivalence + Copy + Default + 'static> Element for T {}

/// How often a request is tested between two looks at the clock and at who has left.
const TESTS: u32 = 256;

/// How long what a process sent before it ended may be on its way. Who is done first has ended while others still receive what
/// they wait for.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The most bytes of a sum that are on their way at once.
const PIECE: usize = 1 << 20;

thread_local! {
    static LINES: RefCell<Option<Lines>> = const { RefCell::new(None) };
    /// How long the others are waited for.
    static TIMEOUT: Cell<Duration> = const { Cell::new(Duration::from_secs(600)) };
}

/// Lets the others be waited for so long.
pub(crate) fn set_timeout(timeout: Duration) {
    TIMEOUT.set(timeout);
}

/// The communicators of this process.
struct Lines {
    /// Collective operations.
    work: SimpleCommunicator,
    /// Who has left says so here.
    farewells: SimpleCommunicator,
}

/// MPI, initialised by this thread until it is closed.
pub(crate) struct Session {
    universe: Universe,
}

impl Session {
    pub fn open() -> Self {
        let opened = mpi::initialize_with_threading(Threading::Funneled);
        let (universe, _) = opened.expect("MPI is initialised once in a process");
        let farewells = universe.world();
        let lines = Lines { work: farewells.duplicate(), farewells };
        LINES.with(|cell| *cell.borrow_mut() = Some(lines));
        Self { universe }
    }

    /// Rank and size.
    pub fn place(&self) -> (usize, usize) {
        let world = self.universe.world();
        (world.rank() as usize, world.size() as usize)
    }

    /// Says that this process has nothing to do any more, and waits until that is true of all: finalising waits for the
    /// others, too, and would never end if one of them waited for this one.
    pub fn close(self) {
        let world = self.universe.world();
        let others = || (0..world.size()).filter(|&rank| rank != world.rank());
        others().for_each(|rank| world.process_at_rank(rank).send(&[1_u8]));
        for rank in others() {
            let mut farewell = [0_u8];
            world.process_at_rank(rank).receive_into(&mut farewell);
        }
        LINES.with(|cell| *cell.borrow_mut() = None);
    }
}

/// Ends all processes.
pub(crate) fn abort() -> ! {
    LINES.with(|cell| match &*cell.borrow() {
        Some(lines) => lines.work.abort(1),
        None => std::process::exit(1),
    })
}

fn with<R>(body: impl FnOnce(&Lines) -> R) -> R {
    LINES.with(|cell| {
        let lines = cell.borrow();
        let lines = lines.as_ref();
        body(lines.expect("the thread that launched the program is the one that communicates"))
    })
}

/// The sum of all processes' values, in the place of each one's. The library has no sum in place: a piece after the other, small
/// enough for a cache, is copied and summed into its place.
pub(crate) fn sum<T: Element>(values: &mut [T], what: &str) {
    let piece = PIECE / size_of::<T>();
    let mut own = Vec::with_capacity(piece.min(values.len()));
    with(|lines| {
        for place in values.chunks_mut(piece) {
            own.clear();
            own.extend_from_slice(place);
            mpi::request::scope(|scope| {
                let sum = SystemOperation::sum();
                let request = lines.work.immediate_all_reduce_into(scope, &own[..], place, sum);
                wait(lines, request, what);
            });
        }
    });
}

/// The values of rank 0, everywhere.
pub(crate) fn broadcast<T: Element>(values: &mut [T], what: &str) {
    with(|lines| {
        mpi::request::scope(|scope| {
            let root = lines.work.process_at_rank(0);
            wait(lines, root.immediate_broadcast_into(scope, values), what);
        });
    });
}

/// What each process has, so many elements of each, in the order of the ranks.
pub(crate) fn all_gather<T: Element>(own: &[T], counts: &[usize], all: &mut [T], what: &str) {
    let counts: Vec<Count> = counts.iter().map(|&count| number(count)).collect();
    let starts = counts.iter().scan(0, |end, count| {
        *end += count;
        Some(*end - count)
    });
    let starts: Vec<Count> = starts.collect();
    let mut parts = mpi::datatype::PartitionMut::new(all, counts, &starts[..]);
    with(|lines| {
        mpi::request::scope(|scope| {
            let gather = lines.work.immediate_all_gather_varcount_into(scope, own, &mut parts);
            wait(lines, gather, what);
        });
    });
}

/// Of equally many pieces that each process has, as many as there are processes, the first to rank 0, and so on: each gets one
/// piece of all.
pub(crate) fn all_to_all<T: Element>(from: &[T], to: &mut [T], what: &str) {
    with(|lines| {
        mpi::request::scope(|scope| {
            wait(lines, lines.work.immediate_all_to_all_into(scope, from, to), what);
        });
    });
}

/// Sums under way: parts of `send` that have left, from its end on.
pub(crate) struct Flight<'a, 'l, T: Element> {
    /// What has not left.
    pub send: &'a mut [T],
    received: &'a mut [T],
    lines: &'l Lines,
    scope: &'l LocalScope<'a>,
    requests: VecDeque<Request<'a, [T], &'l LocalScope<'a>>>,
}

impl<'a, T: Element> Flight<'a, '_, T> {
    /// Lets the last elements leave, from this one on.
    pub fn start(&mut self, from: usize) {
        let (send, leaving) = std::mem::take(&mut self.send).split_at_mut(from);
        let (received, arriving) = std::mem::take(&mut self.received).split_at_mut(from);
        (self.send, self.received) = (send, received);
        let (leaving, sum): (&'a [T], _) = (leaving, SystemOperation::sum());
        let work = &self.lines.work;
        let request = work.immediate_all_reduce_into(self.scope, leaving, arriving, sum);
        self.requests.push_back(request);
    }

    /// Lets the library work: without a thread of its own, it does nothing between calls.
    pub fn progress(&mut self) {
        if let Some(first) = self.requests.pop_front()
            && let Err(pending) = first.test()
        {
            self.requests.push_front(pending);
        }
    }

    /// Waits until all have arrived.
    pub fn finish(&mut self) {
        while let Some(request) = self.requests.pop_front() {
            wait(self.lines, request, "the sum of gradients");
        }
    }
}

/// Runs a body in which sums of `send` over all processes can be under way, to be `received` when it has ended.
pub(crate) fn in_flight<T: Element, R>(
    send: &mut [T],
    received: &mut [T],
    body: impl FnOnce(&mut Flight<'_, '_, T>) -> R,
) -> R {
    with(|lines| {
        mpi::request::scope(|scope| {
            let requests = VecDeque::new();
            body(&mut Flight { send, received, lines, scope, requests })
        })
    })
}

/// Waits for a request, but not for somebody who has left, nor for ever.
fn wait<'a, D: ?Sized>(lines: &Lines, request: Request<'a, D, &LocalScope<'a>>, what: &str) {
    let (mut request, start) = (request, Instant::now());
    let mut left = None;
    loop {
        for _ in 0..TESTS {
            match request.test() {
                Ok(_) => return,
                Err(pending) => request = pending,
            }
        }
        // Where there are more processes than cores, somebody else can go on.
        std::thread::yield_now();
        if left.is_none() {
            let farewell = lines.farewells.any_process().immediate_probe();
            left = farewell.map(|status| (status.source_rank(), Instant::now()));
        }
        if let Some((rank, _)) = left.filter(|(_, seen)| seen.elapsed() > LAST_WORDS) {
            fail(&format!(
                "waits for {what}, and rank {rank} has ended: ranks make equally many steps"
            ));
        }
        if start.elapsed() > TIMEOUT.get() {
            let seconds = TIMEOUT.get().as_secs_f64();
            fail(&format!("has waited {seconds} s for {what}: another rank stands still"));
        }
    }
}

fn number(count: usize) -> Count {
    Count::try_from(count).expect("a message has at most 2³¹ − 1 elements")
}

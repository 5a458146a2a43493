//! Where the time of a program goes.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::execute::Seen;
use crate::explain::{OPERATIONS, OVER, Row, scaled};
use crate::instruction::Instruction;
use crate::look::Look;
use crate::{Feed, Precision, Program};
use graph::Params;
use graph::RunError;
use graph::Seed;
use smallvec::SmallVec;

/// How long each instruction of a program took: the median over several runs, printed by
/// instruction and by source line, the dearest first. The step of a loop stands behind it, with the time of all its turns;
/// taking that time is part of it, some 50 ns a turn. All threads take part, also where runs were found to be faster on one.
///
/// ```
/// use cotangent::{Params, Step};
/// use cotangent::ndarray::array;
///
/// let mut step = Step::new(|_, [x]| x.tanh().sum());
/// let profile = step.profile(&Params::seeded(0), (&array![1.0_f32, 2.0],), 3)?;
/// assert!(profile.to_string().contains("tanh"), "{profile}");
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Profile {
    rows: Vec<Timed>,
}

#[derive(Clone, Debug)]
struct Timed {
    row: Row,
    time: Duration,
    /// How often it ran in a run.
    turns: usize,
}

impl<T: Precision> Program<T> {
    /// Runs the program `runs` times and measures every instruction.
    ///
    /// # Errors
    /// As [`run`](Program::run).
    pub fn profile(
        &mut self,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        runs: usize,
    ) -> Result<Profile, RunError> {
        T::profile(self, params, inputs, runs)
    }

    /// See [`profile`](Self::profile).
    pub(crate) fn measured(
        &mut self,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        runs: usize,
    ) -> Result<Profile, RunError> {
        let mut times = Times::of(&self.instructions);
        for _ in 0..runs.max(1) {
            self.check_params(params)?;
            self.fed(inputs, false, |program, lent| {
                Look::<T>::begin(&mut times);
                program.execute_seen(params.values(), Seed::default(), lent, &mut times)
            })?;
            times.end();
        }
        let mut rows = Vec::new();
        times.rows(&self.instructions, 0, &mut rows);
        Ok(Profile { rows })
    }
}

/// How long instructions took.
struct Times {
    /// When the last of them ended.
    last: Instant,
    each: Vec<Spent>,
}

/// What an instruction took in this run, in all its turns, and in each run before.
#[derive(Default)]
struct Spent {
    time: Duration,
    turns: u32,
    runs: Vec<Duration>,
    bodies: SmallVec<[Times; 2]>,
}

impl Times {
    fn of<T>(instructions: &[Instruction<T>]) -> Self {
        let spent = |instruction: &Instruction<T>| {
            let bodies = instruction.action.bodies().into_iter();
            let bodies = bodies.map(|(_, body)| Self::of(&body.instructions)).collect();
            Spent { bodies, ..Spent::default() }
        };
        Self { last: Instant::now(), each: instructions.iter().map(spent).collect() }
    }

    fn end(&mut self) {
        for spent in &mut self.each {
            spent.runs.push(std::mem::take(&mut spent.time));
            spent.bodies.iter_mut().for_each(Self::end);
        }
    }

    /// Adds the instructions with the medians of their times, those of a body behind theirs.
    fn rows<T: Precision>(
        &mut self,
        instructions: &[Instruction<T>],
        depth: usize,
        rows: &mut Vec<Timed>,
    ) {
        for (instruction, spent) in instructions.iter().zip(&mut self.each) {
            let row = Row { depth, ..Row::new(instruction) };
            let runs = spent.runs.len();
            let time = *spent.runs.select_nth_unstable(runs / 2).1;
            rows.push(Timed { row, time, turns: spent.turns as usize / runs });
            for ((what, body), times) in instruction.action.bodies().iter().zip(&mut spent.bodies) {
                let first = rows.len();
                times.rows(&body.instructions, depth + 1, rows);
                for timed in rows[first..].iter_mut().filter(|timed| timed.row.depth == depth + 1) {
                    timed.row.mark(what);
                }
            }
        }
    }
}

impl<T> Look<T> for Times {
    type Inside = Self;

    fn begin(&mut self) {
        self.last = Instant::now();
    }

    fn after(&mut self, position: usize, _: Seen<'_, T>) -> Result<(), RunError> {
        let now = Instant::now();
        let spent = &mut self.each[position];
        spent.time += now - self.last;
        spent.turns += 1;
        self.last = now;
        Ok(())
    }

    fn inside(&mut self, position: usize, body: usize) -> &mut Self {
        &mut self.each[position].bodies[body]
    }
}

impl Profile {
    /// The time of all instructions together.
    pub fn total(&self) -> Duration {
        self.rows.iter().filter(|timed| timed.row.depth == 0).map(|timed| timed.time).sum()
    }

    /// The rows, each loop with its step, the dearest first.
    fn by_time(&self) -> Vec<&[Timed]> {
        let mut whole: Vec<&[Timed]> = self.rows.chunk_by(|_, next| next.row.depth > 0).collect();
        whole.sort_by_key(|rows| std::cmp::Reverse(rows[0].time));
        whole
    }

    /// The time of each line, without what the steps of its loops took at theirs; the dearest first.
    fn by_line(&self) -> Vec<(&str, Duration)> {
        let mut lines: HashMap<&str, Duration> = HashMap::new();
        for (i, Timed { row, time, .. }) in self.rows.iter().enumerate() {
            let behind = self.rows[i + 1..].iter().take_while(|next| next.row.depth > row.depth);
            let steps = behind.filter(|next| next.row.depth == row.depth + 1);
            let own = time.saturating_sub(steps.map(|next| next.time).sum());
            *lines.entry(&row.line).or_default() += own;
        }
        let mut lines: Vec<_> = lines.into_iter().collect();
        lines.sort_by_key(|line| (std::cmp::Reverse(line.1), line.0));
        lines
    }

    fn share(&self, time: Duration) -> f64 {
        100.0 * time.as_secs_f64() / self.total().as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>9} {:>6}   {:<OPERATIONS$} {:<OVER$} {:>9} line",
            "time", "share", "operations", "over", "flop/s"
        )?;
        for Timed { row, time, turns } in self.by_time().into_iter().flatten() {
            let rate = (row.flops * turns) as f64 / time.as_secs_f64().max(1e-12);
            let operations = format!("{:width$}{}", "", row.operations, width = 2 * row.depth);
            writeln!(
                f,
                "{:>9} {:>5.1}% {} {operations:<OPERATIONS$} {:<OVER$} {:>8} {}",
                micros(*time),
                self.share(*time),
                row.direction,
                row.over,
                scaled(rate as usize),
                row.line
            )?;
        }
        writeln!(f, "by line:")?;
        for (line, time) in self.by_line() {
            writeln!(f, "{:>9} {:>5.1}%   {line}", micros(time), self.share(time))?;
        }
        write!(f, "{:>9} in total", micros(self.total()))
    }
}

fn micros(time: Duration) -> String {
    let us = time.as_secs_f64() * 1e6;
    if us < 1e4 { format!("{us:.1} µs") } else { format!("{:.1} ms", us / 1e3) }
}

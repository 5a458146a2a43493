//! Where the time of a program goes.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::explain::{OPERATIONS, OVER, Row, scaled};
use crate::{Feed, Precision, Program};
use graph::Params;
use graph::RunError;
use graph::Seed;

/// How long each instruction of a program took: the median over several runs, printed by
/// instruction and by source line, the dearest first.
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
    rows: Vec<(Row, Duration)>,
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
        let mut times = vec![Vec::with_capacity(runs); self.instructions.len()];
        for _ in 0..runs.max(1) {
            self.check_params(params)?;
            self.fed(inputs, false, |program, lent| {
                let mut last = Instant::now();
                program.execute(params.values(), Seed::default(), lent, |instruction, _| {
                    let now = Instant::now();
                    times[instruction].push(now - last);
                    last = now;
                    Ok(())
                })
            })?;
        }
        let median = |times: &mut Vec<Duration>| {
            times.sort_unstable();
            times[times.len() / 2]
        };
        let rows = self.instructions.iter().map(Row::new);
        Ok(Profile { rows: rows.zip(times.iter_mut().map(median)).collect() })
    }
}

impl Profile {
    /// The time of all instructions together.
    pub fn total(&self) -> Duration {
        self.rows.iter().map(|row| row.1).sum()
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
        let mut rows: Vec<&(Row, Duration)> = self.rows.iter().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.1));
        for (row, time) in rows {
            let rate = row.flops as f64 / time.as_secs_f64().max(1e-12);
            writeln!(
                f,
                "{:>9} {:>5.1}% {} {:<OPERATIONS$} {:<OVER$} {:>8} {}",
                micros(*time),
                self.share(*time),
                row.direction,
                row.operations,
                row.over,
                scaled(rate as usize),
                row.line
            )?;
        }
        let mut lines: HashMap<&str, Duration> = HashMap::new();
        for (row, time) in &self.rows {
            *lines.entry(&row.line).or_default() += *time;
        }
        let mut lines: Vec<_> = lines.into_iter().collect();
        lines.sort_by_key(|line| (std::cmp::Reverse(line.1), line.0));
        writeln!(f, "by line:")?;
        for (line, time) in lines {
            writeln!(f, "{:>9} {:>5.1}%   {line}", micros(time), self.share(time))?;
        }
        write!(f, "{:>9} in total", micros(self.total()))
    }
}

fn micros(time: Duration) -> String {
    let us = time.as_secs_f64() * 1e6;
    if us < 1e4 { format!("{us:.1} µs") } else { format!("{:.1} ms", us / 1e3) }
}

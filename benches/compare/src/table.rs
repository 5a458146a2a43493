//! The result as tables that fit a terminal of 100 columns and a README alike.

use crate::memory::Taken;
use crate::peers::OURS;
use crate::stats::geometric_mean;

/// What was measured for one step.
pub struct Column {
    /// Its name.
    pub step: String,
    /// Its floor in microseconds.
    pub floor: f64,
    /// The median of each framework in microseconds, in the order of the table's rows; none for those left out.
    pub medians: Vec<Option<f64>>,
}

/// A framework's row: its short name and its version.
pub struct Framework {
    /// `ours`, `torch-eager`, …
    pub name: String,
    /// What it says it is.
    pub version: String,
}

impl Column {
    fn ours(&self, frameworks: &[Framework]) -> Option<f64> {
        let row = frameworks.iter().position(|f| f.name == OURS)?;
        self.medians[row]
    }

    /// The fastest of the others, over ours: how many times faster we are.
    fn against_best(&self, frameworks: &[Framework]) -> Option<f64> {
        let others = frameworks.iter().zip(&self.medians).filter(|(f, _)| f.name != OURS);
        let best = others.filter_map(|(_, median)| *median).reduce(f64::min)?;
        Some(best / self.ours(frameworks)?)
    }

    fn over_floor(&self, frameworks: &[Framework]) -> Option<f64> {
        Some(self.ours(frameworks)? / self.floor)
    }
}

/// One line for each step that we run: name, our median and the floor in microseconds, tabs between.
pub fn plain(frameworks: &[Framework], columns: &[Column]) -> String {
    let line = |column: &Column| {
        let ours = column.ours(frameworks)?;
        Some(format!("{}\t{ours:.3}\t{:.3}\n", column.step, column.floor))
    };
    columns.iter().filter_map(line).collect()
}

/// The times: a row for each framework, a column for each step, and the ratios below.
pub fn times(frameworks: &[Framework], columns: &[Column]) -> String {
    let mut rows = vec![header("one training step, median", columns.iter().map(|c| &c.step))];
    for (i, framework) in frameworks.iter().enumerate() {
        let cells = columns.iter().map(|column| column.medians[i].map_or_else(dash, time));
        rows.push(row(&label(framework), cells));
    }
    rows.push(row("floor", columns.iter().map(|column| time(column.floor))));
    let mut mean = String::new();
    let ratios: Vec<_> = columns.iter().map(|column| column.against_best(frameworks)).collect();
    if ratios.iter().any(Option::is_some) {
        let cells = ratios.iter().map(|ratio| ratio.map_or_else(dash, |r| format!("{r:.2}×")));
        rows.push(row("best other / ours", cells));
        let known: Vec<f64> = ratios.iter().flatten().copied().collect();
        let value = geometric_mean(&known).unwrap_or(f64::NAN);
        mean = format!("\ngeometric mean against the best other of each step: {value:.2}×\n");
    }
    let ratios: Vec<_> = columns.iter().map(|column| column.over_floor(frameworks)).collect();
    if ratios.iter().any(Option::is_some) {
        let cells = ratios.iter().map(|ratio| ratio.map_or_else(dash, |r| format!("{r:.2}×")));
        rows.push(row("ours / floor", cells));
    }
    rows.concat() + &mean
}

/// The memory of one step: when ready, at the peak, and the difference.
pub fn memory(step: &str, taken: &[(Framework, Taken)]) -> String {
    let names = ["ready", "peak", "difference"].map(str::to_owned);
    let mut rows = vec![header(&format!("memory of the {step} step, MiB"), names.iter())];
    for (framework, Taken { ready, after }) in taken {
        let values = [ready.resident, after.peak, after.peak.saturating_sub(ready.resident)];
        rows.push(row(&label(framework), values.iter().map(|kib| (kib / 1024).to_string())));
    }
    rows.concat()
}

/// The version, and the variant where a framework takes part in more than one.
fn label(framework: &Framework) -> String {
    match framework.name.split_once('-') {
        Some((_, variant)) => format!("{}, {variant}", framework.version),
        None => framework.version.clone(),
    }
}

fn header<'a>(first: &str, names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<String> = names.cloned().collect();
    let rule = names.iter().map(|_| format!("{:->10}:|", "")).collect::<String>();
    format!("{}|{:-<33}|{rule}\n", row(first, names.into_iter()), "")
}

fn row(first: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|cell| format!(" {cell:>9} |")).collect();
    format!("| {first:<31} |{cells}\n")
}

fn dash() -> String {
    "–".to_owned()
}

/// Microseconds with three significant digits, in the unit that suits.
fn time(us: f64) -> String {
    let (value, unit) = if us < 1e3 { (us, "µs") } else { (us / 1e3, "ms") };
    let digits = match value {
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frameworks() -> Vec<Framework> {
        [("ours", "Cotangent 0.1.0"), ("torch-fused", "PyTorch 9"), ("jax-jit", "JAX 1")]
            .map(|(name, version)| Framework { name: name.into(), version: version.into() })
            .into()
    }

    fn column(step: &str, medians: [Option<f64>; 3]) -> Column {
        Column { step: step.into(), floor: 2.0, medians: medians.to_vec() }
    }

    #[test]
    fn ratios_are_taken_against_the_best_other() {
        let columns = [
            column("tiny", [Some(4.0), Some(16.0), Some(8.0)]),
            column("deep", [Some(10.0), None, Some(80.0)]),
        ];
        let table = times(&frameworks(), &columns);
        assert!(table.contains("|     2.00× |     8.00× |"), "{table}");
        assert!(table.contains("|     2.00× |     5.00× |"), "{table}");
        assert!(table.contains("geometric mean against the best other of each step: 4.00×"));
        assert!(table.contains("| PyTorch 9, fused                |   16.0 µs |         – |"));
        assert!(table.lines().all(|line| line.chars().count() <= 100));
        assert_eq!(plain(&frameworks(), &columns), "tiny\t4.000\t2.000\ndeep\t10.000\t2.000\n");
    }

    #[test]
    fn without_ours_there_are_no_ratios() {
        let columns = [column("tiny", [None, Some(16.0), Some(8.0)])];
        let table = times(&frameworks(), &columns);
        assert!(!table.contains('×'), "{table}");
        assert_eq!(plain(&frameworks(), &columns), "");
    }

    #[test]
    fn three_digits() {
        let shown = [5.234, 45.06, 285.0, 1165.0, 88_123.0].map(time);
        assert_eq!(shown, ["5.23 µs", "45.1 µs", "285 µs", "1.17 ms", "88.1 ms"]);
    }
}

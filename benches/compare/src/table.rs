//! The results as tables that fit a terminal of 100 columns.

use crate::results::{Entry, Measured, Results, time, times};

/// One line for each step that we run: name, our median and the floor in microseconds, tabs between.
pub fn plain(results: &Results) -> String {
    let line = |step: &Measured| {
        let ours = results.ours(step)?.us;
        Some(format!("{}\t{ours:.3}\t{:.3}\n", step.name, step.floor))
    };
    results.steps.iter().filter_map(line).collect()
}

/// One step: a row for each framework that does it, with the median and, if they were taken, the first step and the
/// memory in MiB: when ready, and at the peak.
pub fn step(results: &Results, step: &Measured) -> String {
    let fresh = results.entries(step).any(|entry| entry.fresh.is_some());
    let names = ["median", "first step", "ready, MiB", "peak, MiB"];
    let names = if fresh { &names[..] } else { &names[..1] };
    let mut rows = format!("{}: {}\n", step.name, step.summary);
    rows += &header("", names.iter().map(|name| (*name).to_owned()));
    for entry in results.entries(step) {
        let mut cells = vec![time(entry.us)];
        if fresh {
            cells.extend(fresh_cells(&entry));
        }
        rows += &row(&entry.framework.label(), cells.into_iter());
    }
    let blanks = vec![String::new(); names.len() - 1];
    rows += &row("floor", [time(step.floor)].into_iter().chain(blanks));
    rows
}

fn fresh_cells(entry: &Entry<'_>) -> [String; 3] {
    match entry.fresh {
        Some(fresh) => [
            time(fresh.first),
            (fresh.ready.resident / 1024).to_string(),
            (fresh.after.peak / 1024).to_string(),
        ],
        None => [dash(), dash(), dash()],
    }
}

/// A row for each step: ours against the best other and the floor.
pub fn summary(results: &Results) -> String {
    let names = ["ours", "best other", "/ ours", "floor", "ours /"].map(str::to_owned);
    let mut rows = header("step", names.into_iter());
    for step in &results.steps {
        let ours = results.ours(step).map(|ours| ours.us);
        let best = results.best_other(step).map(|best| best.us);
        let cells = [
            ours.map_or_else(dash, time),
            best.map_or_else(dash, time),
            results.against_best(step).map_or_else(dash, |ratio| format!("{}×", times(ratio))),
            time(step.floor),
            ours.map_or_else(dash, |ours| format!("{}×", times(ours / step.floor))),
        ];
        rows += &row(&step.name, cells.into_iter());
    }
    match results.mean(|_| true) {
        Some(mean) => {
            rows + &format!("\ngeometric mean against the best other of each step: {mean:.2}×\n")
        }
        None => rows,
    }
}

fn header(first: &str, names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    let rule = names.iter().map(|_| format!("{:->11}:|", "")).collect::<String>();
    format!("{}|{:-<33}|{rule}\n", row(first, names.into_iter()), "")
}

fn row(first: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|cell| format!(" {cell:>10} |")).collect();
    format!("| {first:<31} |{cells}\n")
}

fn dash() -> String {
    "–".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::example;

    #[test]
    fn a_step_and_the_summary() {
        let mut results = example();
        let shown = step(&results, &results.steps[0]);
        assert!(
            shown.contains("| PyTorch 9, fused                |    16.0 µs |    16.0 ms |"),
            "{shown}"
        );
        assert!(shown.contains("|          4 |         16 |"), "{shown}");
        let shown = summary(&results);
        assert!(shown.contains("|    8.00 µs |      2.00× |    2.00 µs |      2.00× |"), "{shown}");
        assert!(shown.contains("geometric mean against the best other of each step: 4.00×"));
        assert!(shown.lines().all(|line| line.chars().count() <= 100));
        assert_eq!(plain(&results), "tiny\t4.000\t2.000\nlenet\t10.000\t2.000\n");
        results.steps[0].fresh.clear();
        assert!(!step(&results, &results.steps[0]).contains("MiB"));
    }

    #[test]
    fn without_ours_there_are_no_ratios() {
        let mut results = example();
        results.steps.iter_mut().for_each(|step| step.medians[0] = None);
        assert!(!summary(&results).contains('×'));
        assert_eq!(plain(&results), "");
    }
}

//! The results as markdown for the README: a column for each group of steps, then a row for each step.

use crate::models::Group;
use crate::results::{Entry, Measured, Results, time, times};
use crate::stats::geometric_mean;

/// Both tables.
pub fn tables(results: &Results) -> String {
    format!("{}\n{}", groups(results), steps(results))
}

/// A number of a framework at a step, if it was taken.
type Figure = fn(&Entry<'_>) -> Option<f64>;

/// A column for each group: how many times faster, and how much sooner and smaller, ours is than the fastest other.
fn groups(results: &Results) -> String {
    let present = |group: &Group| results.steps.iter().any(|step| step.group == *group);
    let groups: Vec<Group> = Group::ALL.into_iter().filter(present).collect();
    let names = groups.iter().map(|group| {
        let steps = results.steps.iter().filter(|step| step.group == *group);
        let steps: Vec<&str> = steps.map(|step| step.name.as_str()).collect();
        format!("{}<br><sub>{}</sub>", group.name(), steps.join(", "))
    });
    let names: Vec<String> = names.chain(["all".to_owned()]).collect();
    let mut rows = vec![row("geometric means", names.iter().cloned()), rule(names.len())];
    let ratios: [(&str, Figure); 3] = [
        ("**time of a step, best other ÷ ours**", |entry| Some(entry.us)),
        ("first step, that other’s ÷ ours", |entry| Some(entry.fresh?.first)),
        ("peak memory, that other’s ÷ ours", |entry| Some(entry.fresh?.after.peak as f64)),
    ];
    for (i, (what, of)) in ratios.into_iter().enumerate() {
        let mean = |picked: &dyn Fn(&Measured) -> bool| {
            let steps = results.steps.iter().filter(|step| picked(step));
            let ratio = |step| Some(of(&results.best_other(step)?)? / of(&results.ours(step)?)?);
            geometric_mean(&steps.filter_map(ratio).collect::<Vec<_>>())
        };
        let means = groups.iter().map(|group| mean(&|step| step.group == *group));
        let means: Vec<Option<f64>> = means.chain([mean(&|_| true)]).collect();
        if means.iter().any(Option::is_some) {
            let bold = if i == 0 { "**" } else { "" };
            let cell = |mean: Option<f64>| {
                mean.map_or_else(dash, |mean| format!("{bold}{}{bold}", times(mean)))
            };
            rows.push(row(what, means.into_iter().map(cell)));
        }
    }
    rows.concat()
}

/// A row for each step: ours, the others one below the other, each with its fastest settings, and both ratios likewise. Columns
/// are few, so that a telephone shows them all.
fn steps(results: &Results) -> String {
    let others = results.others();
    let fresh = results.steps.iter().any(|step| !step.fresh.is_empty());
    let called = others.iter().map(|(_, called)| (*called).to_owned());
    let mut names = vec!["**ours**".to_owned(), below(called)];
    names.push("**best other ÷ ours**<br>ours ÷ floor".to_owned());
    if fresh {
        names.push("first step: ours / that other’s".to_owned());
        names.push("peak memory, MiB: likewise".to_owned());
    }
    let mut rows = vec![row("step", names.iter().cloned()), rule(names.len())];
    for step in &results.steps {
        let mut cells =
            vec![results.ours(step).map_or_else(dash, |ours| format!("**{}**", time(ours.us)))];
        let best_of =
            |family: &str| results.best_of(step, family).map_or_else(dash, |best| time(best.us));
        cells.push(below(others.iter().map(|(family, _)| best_of(family))));
        let ratio =
            results.against_best(step).map_or_else(dash, |ratio| format!("**{}**", times(ratio)));
        let floor = results.ours(step).map_or_else(dash, |ours| times(ours.us / step.floor));
        cells.push(below([ratio, floor]));
        if fresh {
            cells.extend(pairs(results, step));
        }
        let name = match step.group {
            Group::Update => step.name.clone(), // all of the same size
            _ => format!("{}<br><sub>{}</sub>", step.name, step.summary),
        };
        rows.push(row(&name, cells.into_iter()));
    }
    let settings = "Each framework with the fastest of its settings at that step.";
    let mean = results
        .mean(|_| true)
        .map(|mean| format!(" Geometric mean of best other ÷ ours: {mean:.2}."));
    rows.push(format!("\n{settings}{}\n", mean.unwrap_or_default()));
    rows.concat()
}

/// First step and peak memory, ours and the fastest other's.
fn pairs(results: &Results, step: &Measured) -> [String; 2] {
    let of = |show: &dyn Fn(&Entry<'_>) -> Option<String>| {
        let both = [results.ours(step), results.best_other(step)];
        both.map(|entry| entry.and_then(|entry| show(&entry)).unwrap_or_else(dash)).join(" / ")
    };
    let first = of(&|entry| Some(time(entry.fresh?.first)));
    [first, of(&|entry| Some((entry.fresh?.after.peak / 1024).to_string()))]
}

fn row(first: &str, cells: impl Iterator<Item = String>) -> String {
    format!("| {first} | {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Lines of one cell.
fn below(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().collect::<Vec<_>>().join("<br>")
}

fn rule(cells: usize) -> String {
    format!("|---|{}\n", "--:|".repeat(cells))
}

fn dash() -> String {
    "–".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::example;

    #[test]
    fn groups_and_steps() {
        let results = example();
        let shown = groups(&results);
        assert!(
            shown.contains("dense<br><sub>tiny</sub> | images<br><sub>lenet</sub> | all |"),
            "{shown}"
        );
        assert!(shown.contains("| **2.00** | **8.00** | **4.00** |"), "{shown}");
        let shown = steps(&results);
        assert!(
            shown.contains(
                "| **4.00 µs** | 16.0 µs<br>8.00 µs | **2.00**<br>2.00 | 4.00 ms / 8.00 ms | 16 / 16 |"
            ),
            "{shown}"
        );
        assert!(shown.contains("| **10.0 µs** | –<br>80.0 µs | **8.00**<br>"), "{shown}");
    }
}

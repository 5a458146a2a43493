//! Our schedules and optimizers against the reference values, from the files as they are.
//!
//! Written to be included by another test of the workspace too:
//! `#[path = "../crates/optim/tests/spec/reference/mod.rs"] mod optim_reference;`

pub mod lbfgs;
pub mod optimizers;
pub mod schedules;

use std::path::Path;

use serde_json::Value;

/// What became of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The largest error, as a share of what is tolerated.
    Passed(f64),
    /// What differs.
    Failed(String),
    /// What is not known here.
    Unsupported(String),
}

/// A case by its id.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub id: String,
    /// The update rule that it replays, if it is one's trajectory.
    pub rule: Option<&'static str>,
    pub verdict: Verdict,
}

/// Every case of `optimizers.json` or `schedules.json`.
pub fn cases(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let json: Value = serde_json::from_str(&text).expect("the reference file is JSON");
    match json.get("schedules") {
        Some(schedules) => each(schedules, |schedule| (None, schedules::verdict(schedule))),
        None => each(&json["trajectories"], |t| optimizers::verdict(t, &json["problems"])),
    }
}

fn each(cases: &Value, verdict: impl Fn(&Value) -> (Option<&'static str>, Verdict)) -> Vec<Case> {
    let case = |case: &Value| {
        let (rule, verdict) = verdict(case);
        Case { id: text(case, "id").to_owned(), rule, verdict }
    };
    cases.as_array().expect("a list of cases").iter().map(case).collect()
}

/// Prints what became of each case that did not pass, and fails if one failed.
pub fn assert_all_pass(cases: &[Case], may_be_unsupported: impl Fn(&str) -> bool) {
    let (mut largest, mut of) = (0.0_f64, "");
    let mut trouble = Vec::new();
    for Case { id, verdict, .. } in cases {
        match verdict {
            Verdict::Passed(error) if *error > largest => (largest, of) = (*error, id),
            Verdict::Passed(_) => {}
            Verdict::Unsupported(_) if may_be_unsupported(id) => {}
            other => trouble.push(format!("{id}: {other:?}")),
        }
    }
    println!(
        "{} cases, the largest error {largest:.1e} of what is tolerated, of {of}",
        cases.len()
    );
    assert!(trouble.is_empty(), "\n{}", trouble.join("\n"));
}

/// The README's rule for one array: the largest error as a share of the tolerated one.
pub fn compare(what: &str, ours: &[f64], expected: &[f64], tolerance: f64) -> Result<f64, String> {
    if ours.len() != expected.len() {
        return Err(format!("{what}: {} numbers instead of {}", ours.len(), expected.len()));
    }
    let scale = expected.iter().filter(|x| x.is_finite()).fold(0.0_f64, |a, x| a.max(x.abs()));
    let mut largest = 0.0_f64;
    for (i, (&ours, &expected)) in ours.iter().zip(expected).enumerate() {
        let same = ours == expected || ours.is_nan() && expected.is_nan();
        let error = if same { 0.0 } else { (ours - expected).abs() / (tolerance * scale) };
        if error.is_nan() || error > 1.0 {
            return Err(format!("{what}[{i}] is {ours} instead of {expected}"));
        }
        largest = largest.max(error);
    }
    Ok(largest)
}

/// A number, which may be written as `"nan"`, `"inf"` or `"-inf"`.
pub fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// The numbers of a list or of an array with a shape.
pub fn numbers(value: &Value) -> Vec<f64> {
    let list = value.get("data").unwrap_or(value).as_array().expect("a list of numbers");
    list.iter().map(|x| number(x).expect("a number")).collect()
}

pub fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The hyperparameters of a case.
#[derive(Clone, Copy)]
pub struct Config<'v>(pub &'v Value);

impl<'v> Config<'v> {
    pub fn has(self, key: &str) -> bool {
        self.0.get(key).is_some_and(|value| !value.is_null())
    }

    pub fn f64(self, key: &str) -> f64 {
        self.get(key).unwrap_or_else(|| panic!("no number {key:?} in {}", self.0))
    }

    pub fn get(self, key: &str) -> Option<f64> {
        number(self.0.get(key)?)
    }

    pub fn or(self, key: &str, default: f64) -> f64 {
        self.get(key).unwrap_or(default)
    }

    pub fn u64(self, key: &str) -> u64 {
        self.f64(key) as u64
    }

    pub fn steps(self, key: &str) -> u64 {
        self.or(key, 0.0) as u64
    }

    pub fn is(self, key: &str) -> bool {
        self.0.get(key).is_some_and(|value| value.as_bool().unwrap_or(false))
    }

    pub fn pair(self, key: &str) -> (f64, f64) {
        let list = numbers(&self.0[key]);
        (list[0], list[1])
    }

    pub fn text(self, key: &str) -> &'v str {
        text(self.0, key)
    }
}

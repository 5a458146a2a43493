//! The example of certified fits: its expressions, and its fits.

use std::collections::HashMap;

use cotangent::minimize::RecordedResiduals;
use cotangent::minimize::{LevenbergMarquardt, Minimizer};
use cotangent::prelude::*;

use crate::{expression, problem};

fn value(text: &str) -> Result<f64, String> {
    let graph = Graph::new();
    let names = [("x", 3.0), ("b1", 2.0)].map(|(name, x)| (name.to_owned(), graph.constant(x)));
    let value = expression::record(&graph, text, &HashMap::from(names));
    let value = value.map_err(|error| error.to_string())?;
    Ok(value.eval().map_err(|error| error.to_string())?.sum())
}

#[test]
fn expressions_mean_what_they_mean_in_python() {
    for (text, expected) in [
        ("1 + 2*x - 4/b1", 5.0),
        ("-x**2", -9.0),
        ("2**-1", 0.5),
        ("2**3**2", 512.0),
        ("x**-b1", 1.0 / 9.0),
        ("(-x)**2", 9.0),
        ("- - x - -1", 4.0),
        ("6/2/3 - 1 - 1", -1.0),
        ("1.5e1*b1\n + .5", 30.5),
        ("exp(log(x)) + cos(0*x) + sin(pi/2)", 5.0),
        ("4*arctan(x/3) - pi", 0.0),
        ("b1**x", 8.0),
        ("sqrt(x + 6)", 3.0),
    ] {
        let value = value(text).unwrap();
        assert!((value - expected).abs() < 1e-14, "{text} is {value}");
    }
}

#[test]
fn what_is_no_expression_is_told_with_its_place() {
    for (text, error) in [
        ("", "a value was expected, and the expression ends at 1"),
        ("1 +", "a value was expected, and the expression ends at 4"),
        ("x y", "an operator was expected, and there is 'y' at 3"),
        ("b1*(x", "this parenthesis is not closed at 4"),
        ("exp x", "a parenthesis \"(\" was expected at 5"),
        ("tan(x)", "nothing is called \"tan\" at 1"),
        ("2*b3", "nothing is called \"b3\" at 3"),
        ("1..2", "\"1..2\" is no number at 1"),
        ("x*é", "nothing is called \"é\" at 3"),
        ("x ^ 2", "an operator was expected, and there is '^' at 3"),
    ] {
        let told = value(text).unwrap_err();
        assert_eq!(told.lines().next().unwrap(), error, "{text}");
    }
    assert_eq!(value("x $ 2").unwrap_err().lines().last().unwrap(), "    ^");
}

#[test]
fn nesting_is_limited_and_length_is_not() {
    let nested = |depth: usize| format!("{}x{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(value(&nested(100)), Ok(3.0));
    assert!(value(&nested(100_000)).unwrap_err().starts_with("nested deeper than 100"));
    assert!(value(&"x**".repeat(100_000)).unwrap_err().starts_with("nested deeper than 100"));
    assert_eq!(value(&format!("{}x", "-".repeat(100_001))), Ok(-3.0));
    assert_eq!(value(&format!("x{}", "+1".repeat(5_000))), Ok(5_003.0));
}

#[test]
fn files_with_mistakes_are_refused() {
    for (text, error) in [
        ("{}", "the file has no list \"problems\""),
        (r#"{"problems":[{"name":"P"}]}"#, "problem P: there are no \"parameters\""),
        (
            r#"{"problems":[{"name":"P","parameters":["b1"],"predictors":{"x":[1,2]},"y":[1],
                "starts":[{"b":[1]}],"response":"y","model":"b1*x","certified":[1]}]}"#,
            "problem P: x has 2 numbers, and y 1",
        ),
        (
            r#"{"problems":[{"name":"P","parameters":["b1"],"predictors":{"x":[1]},"y":[1],
                "starts":[{"b":[1,2]}],"response":"y","model":"b1*x","certified":[1]}]}"#,
            "problem P: 1 parameters, and 2 numbers for them",
        ),
    ] {
        let told = problem::read(text).err().expect("a mistake").to_string();
        assert_eq!(told.lines().next().unwrap(), error);
    }
}

#[test]
fn every_fit_has_the_certified_digits() {
    let problems = problem::read(include_str!("../reference/nist.json")).unwrap();
    for problem in &problems {
        for start in &problem.starts {
            let mut residuals = RecordedResiduals::new(start.len(), |g, b| {
                problem.residuals(g, b).expect("it was read once already")
            });
            let fit = LevenbergMarquardt::new().minimize(&mut residuals, start).unwrap();
            let digits = problem.digits(&fit.x);
            assert!(digits >= 8.0, "{} from {start:?}: {digits} digits", problem.name);
            assert!(fit.stop.converged(), "{}: {}", problem.name, fit.stop);
        }
    }
}

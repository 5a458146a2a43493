//! Every operation and its first two derivatives at the numbers that IEEE 754 treats by themselves: a program
//! and the plain evaluator give NaN at the same places, the same infinities, and the same numbers.

use cotangent::ndarray::{ArrayD, array};
use cotangent::ops::{Conv, Example, Sample, registry};
use cotangent::testing::{numbers, weighed};
use cotangent::{Arithmetic, Feed, Precision, Program};
use cotangent::{Evaluator, Gradient, Graph, Kind, Params, Seed, Value, Var, keep};

/// Zeros of both signs, the infinities, NaN, a subnormal number, and numbers whose square is infinite.
fn special<T: Precision>() -> Vec<T> {
    let (tiny, huge) = (T::min_positive_value(), T::max_value().sqrt());
    let (tiny, huge) = (tiny / T::from_f64(8.0), huge * T::from_f64(1e3));
    let signed = [T::zero(), T::infinity(), tiny, huge].into_iter().flat_map(|x| [x, -x]);
    signed.chain([T::nan()]).collect()
}

/// The outputs of a run as reals, or what the error says.
type Outcome<T> = Result<Vec<ArrayD<T>>, String>;

fn plain<T: Precision>(outputs: &[Var<'_>], values: &[Value<T>]) -> Outcome<T> {
    let graph = outputs[0].graph();
    let mut evaluator = Evaluator::<T>::new(graph);
    for (var, value) in graph.inputs().into_iter().zip(values) {
        evaluator = evaluator.bind(var, value.clone());
    }
    let values = evaluator.run(outputs).map_err(|error| error.to_string())?;
    Ok(values.into_iter().map(Value::into_real).collect())
}

fn compiled<T: Precision>(
    program: &mut Program<T>,
    outputs: &[Var<'_>],
    values: &[Value<T>],
) -> Outcome<T> {
    let feeds: Vec<Feed<'_, T>> = values.iter().map(Feed::from).collect();
    let params = Params::with_seed(0);
    program.run(&params, &feeds, Seed::default()).map_err(|error| error.to_string())?;
    let output = |(position, var): (usize, &Var<'_>)| match var.kind() {
        Kind::Index => program.index_output(position).mapv(|i| T::from_f64(i as f64)),
        _ => program.output(position).to_owned(),
    };
    Ok(outputs.iter().enumerate().map(output).collect())
}

/// The first place where two outcomes are not the same number, to a tolerance relative to the largest
/// finite number of the output, or to `least` if all are smaller.
fn difference<T: Precision>(
    ours: &Outcome<T>,
    expected: &Outcome<T>,
    tolerance: f64,
    least: f64,
) -> Option<String> {
    let (ours, expected) = match (ours, expected) {
        (Ok(ours), Ok(expected)) => (ours, expected),
        (ours, expected) if ours == expected => return None,
        _ => return Some(format!("{ours:?}, not {expected:?}")),
    };
    for (position, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        let finite = expected.iter().map(|&x| x.to_f64().abs()).filter(|x| x.is_finite());
        let bound = tolerance * finite.fold(least, f64::max);
        for ((place, &x), &y) in ours.indexed_iter().zip(expected) {
            let (x, y) = (x.to_f64(), y.to_f64());
            // A factor that leaves a sum is multiplied once: if it is infinite, the products may be
            // NaN together where it times their sum is infinite.
            let both_wild = !x.is_finite() && !y.is_finite();
            if !(x == y || both_wild || (x - y).abs() <= bound) {
                return Some(format!("output {position} at {place:?} is {x:e}, not {y:e}"));
            }
        }
    }
    None
}

/// Inputs with special numbers in them, and what they are: one number of one input, all numbers of
/// one input, and one number of each of two inputs.
fn cases<T: Precision>(ordinary: &[Value<T>]) -> Vec<(String, Vec<Value<T>>)> {
    let mut cases = Vec::new();
    let mut case = |changes: &[(usize, std::ops::Range<usize>, T)]| {
        let mut values = ordinary.to_vec();
        for (input, places, number) in changes {
            let Value::Real(array) = &mut values[*input] else { return };
            let numbers = array.iter_mut().skip(places.start).take(places.len());
            // Not all alike: the variance of equal huge numbers is nothing but round-off.
            let shrink = |i: usize| T::from_f64(1.0 - i as f64 / 64.0);
            numbers.enumerate().for_each(|(i, x)| *x = *number * shrink(i));
        }
        cases.push((format!("{changes:?}"), values));
    };
    for (input, value) in ordinary.iter().enumerate() {
        let Value::Real(array) = value else { continue };
        let len = array.len();
        for number in special::<T>() {
            case(&[(input, 0..1, number)]);
            case(&[(input, len.saturating_sub(1)..len, number)]);
            case(&[(input, 0..len, number)]);
            if input > 0 {
                for other in special::<T>() {
                    case(&[(0, 0..1, other), (input, 0..1, number)]);
                }
            }
        }
    }
    cases
}

/// What differs of an example and its derivatives, one line for each case.
fn differences<T: Precision>(
    example: &Example,
    arithmetic: Arithmetic,
    tolerance: f64,
) -> Vec<String> {
    let graph = Graph::new();
    let typed = |sample: &Sample| graph.typed_input("", sample.ty.clone());
    let inputs: Vec<Var<'_>> = example.samples.iter().map(typed).collect();
    let y = example.record(&graph, &inputs);
    let reals: Vec<Var<'_>> = inputs.iter().copied().filter(|x| x.is_real()).collect();
    let mut outputs = vec![y];
    let gradient = Gradient::of(weighed(y)).zeros_without_path();
    let first = gradient.with_respect_to(&reals).unwrap();
    let of_first = first.iter().copied().map(weighed).reduce(|a, b| a + b);
    outputs.extend(first);
    if let Some(of_first) = of_first {
        let second = Gradient::of(of_first).zeros_without_path();
        outputs.extend(second.with_respect_to(&reals).unwrap());
    }
    let mut program = Program::compile_with(&outputs, &Params::with_seed(0), arithmetic);
    // Products in another order underflow elsewhere, and then what they are factors of is that of smaller numbers.
    let least = match arithmetic {
        Arithmetic::Reassociated => T::min_positive_value().sqrt().to_f64(),
        Arithmetic::AsWritten => 1e-300,
    };
    let ordinary: Vec<Value<T>> =
        example.samples.iter().zip(1..).map(|(sample, seed)| numbers(sample, seed)).collect();
    let told = |(what, values): (String, Vec<Value<T>>)| {
        let ours = compiled(&mut program, &outputs, &values);
        let told = difference(&ours, &plain(&outputs, &values), tolerance, least)?;
        Some(format!("{}, {arithmetic:?}, {example:?} with {what}: {told}", T::NAME))
    };
    cases(&ordinary).into_iter().filter_map(told).collect()
}

/// What goes along rows and columns that are too long to be unrolled, so that factors leave the sums of its derivatives.
fn along_rows_and_columns() -> Vec<Example> {
    type Along = for<'g> fn(Var<'g>, isize) -> Var<'g>;
    let functions: [(&str, Along); 7] = [
        ("norm", |x, axis| x.norm_over(axis)),
        ("norm of order 3", |x, axis| x.vector_norm(3.0, axis)),
        ("division by the norm", |x, axis| x / x.norm_over(keep(axis))),
        ("standard deviation", |x, axis| x.std_over(axis, 1)),
        ("standardisation", |x, axis| {
            let deviations = x - x.mean_over(keep(axis));
            deviations / (x.variance_over(keep(axis), 0) + 1e-5).sqrt()
        }),
        ("softmax", |x, axis| x.softmax(axis)),
        ("logsumexp", |x, axis| x.logsumexp_over(axis)),
    ];
    let example = |(name, f): (&'static str, Along), axis| {
        Example::new(name, [Sample::real([4, 5], 0.2..2.0)], move |_, x| f(x[0], axis))
    };
    functions.into_iter().flat_map(|f| [example(f, 0), example(f, 1)]).collect()
}

#[test]
fn programs_treat_special_numbers_as_the_evaluator_does() {
    let mut differing = Vec::new();
    for example in registry().into_iter().chain(along_rows_and_columns()) {
        for arithmetic in [Arithmetic::Reassociated, Arithmetic::AsWritten] {
            differing.extend(differences::<f64>(&example, arithmetic, 1e-9));
            differing.extend(differences::<f32>(&example, arithmetic, 1e-3));
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
}

/// What a program answers, which is what the evaluator does.
fn run(record: impl for<'g> Fn(&[Var<'g>]) -> Var<'g>, inputs: &[Value<f64>]) -> Vec<f64> {
    let graph = Graph::new();
    let typed = |value: &Value<f64>| graph.input("", value.clone().into_real().shape());
    let vars: Vec<Var<'_>> = inputs.iter().map(typed).collect();
    let outputs = [record(&vars)];
    let mut program = Program::compile(&outputs, &Params::with_seed(0));
    let answers = compiled(&mut program, &outputs, inputs).unwrap();
    assert_eq!(difference(&Ok(answers.clone()), &plain(&outputs, inputs), 0.0, 0.0), None);
    answers[0].iter().copied().collect()
}

#[test]
fn what_an_index_finds_keeps_its_sign_as_written() {
    let g = Graph::new();
    let (x, index) = (g.input("x", [4]), g.index_input("index", [1]));
    let outputs =
        [(-x.abs()).gather(0, index), (x * 4.0).take(0, index), (x * 4.0).topk(1, 0, true).0];
    let params = Params::with_seed(0);
    let mut program = Program::compile_with(&outputs, &params, Arithmetic::AsWritten);
    let (zeros, at) = (array![-0.0_f64, -0.0, -0.0, -0.0], array![1_i64]);
    program.run(&params, &[(&zeros).into(), (&at).into()], Seed::default()).unwrap();
    for output in 0..outputs.len() {
        assert!(program.output(output).iter().all(|zero| zero.is_sign_negative()), "{output}");
    }
}

#[test]
fn powers_are_those_of_ieee() {
    let x = [array![f64::NEG_INFINITY, -0.0, 0.0, f64::INFINITY].into()];
    let infinity = f64::INFINITY;
    let root = run(|x| x[0].powf(0.5), &x);
    assert_eq!(root, [infinity, 0.0, 0.0, infinity]);
    assert!(root.iter().all(|x| x.is_sign_positive()));
    assert_eq!(run(|x| x[0].powf(-0.5), &x), [0.0, infinity, infinity, 0.0]);
    assert_eq!(run(|x| x[0].powf(-1.0), &x), [0.0, -infinity, infinity, 0.0]);
}

#[test]
fn padding_is_zeros_that_take_part_in_products() {
    let image: Value<f64> = array![[[[1.0, 2.0]]]].into();
    // The first number of the kernel looks at padding in the first window alone.
    let kernel: Value<f64> = array![[[[f64::INFINITY, 3.0, 5.0]]]].into();
    let answer = run(|x| x[0].conv2d(x[1], Conv::new().padding([0, 1])), &[image, kernel]);
    assert!(answer[0].is_nan() && answer[1] == f64::INFINITY, "{answer:?}");
}

#[test]
fn the_norm_of_subnormal_numbers_is_not_zero() {
    let tiny = f64::MIN_POSITIVE / 16.0;
    let answer = run(|x| x[0].norm(), &[array![3.0 * tiny, 4.0 * tiny].into()]);
    assert_eq!(answer, [5.0 * tiny]);
}

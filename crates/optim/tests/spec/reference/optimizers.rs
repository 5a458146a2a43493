//! Optimizers from the configurations of `optimizers.json`, and the paths they take.

use cotangent::optim::{
    AdaBelief, Adadelta, Adafactor, Adagrad, Adam, Adamax, AmsGrad, Asgd, AsgdRule, Epsilon, Lamb,
    Lion, Maximize, Muon, NAdam, Nesterov, NesterovRule, NovoGrad, Optim, Optimizer, RAdam,
    RmsProp, Rprop, Rule, Sgd, WeightDecay, With, Yogi,
};
use cotangent::{GradientLayout, Gradients, Params};
use ndarray::{Array, Array2, ArrayD, IxDyn};
use serde_json::Value;

use super::{Config, Verdict, compare, lbfgs, number, numbers, text};

/// PyTorch's Muon iterates in bfloat16: this much, absolutely, is between it and double precision.
const MUON_IN_BFLOAT16: f64 = 3e-3;

/// Whether a trajectory of the file is ours too, and of which rule.
pub fn verdict(case: &Value, problems: &Value) -> (Option<&'static str>, Verdict) {
    let problem = Problem::new(text(case, "problem"), problems);
    let (id, config) = (text(case, "id"), Config(&case["config"]));
    if case.get("closure_losses").is_some() {
        return (None, lbfgs::verdict(case, &problem));
    }
    match trajectory(text(case, "source"), text(case, "algorithm"), config, &problem) {
        Some((rule, ours)) => (Some(rule), compared(case, id, &ours)),
        None => (None, Verdict::Unsupported(format!("{} {id}", config.text("class")))),
    }
}

fn compared(case: &Value, id: &str, ours: &Trajectory) -> Verdict {
    if id.starts_with("torch/muon") {
        return loosely(&ours.iterates, &case["iterates"], MUON_IN_BFLOAT16);
    }
    let tolerance = 1e-9 * number(&case["sensitivity"]).unwrap_or(1.0).max(1.0);
    let mut checks = rows("step", &ours.iterates, &case["iterates"], tolerance);
    if let Some(averages) = case.get("averaged_ax_after_step") {
        checks.extend(rows("average at step", &ours.averages, averages, tolerance));
    }
    match checks.into_iter().collect::<Result<Vec<f64>, String>>() {
        Ok(errors) => Verdict::Passed(errors.into_iter().fold(0.0, f64::max)),
        Err(difference) => Verdict::Failed(difference),
    }
}

/// Whether no number differs by more than `tolerance`.
fn loosely(ours: &[Vec<f64>], expected: &Value, tolerance: f64) -> Verdict {
    let expected = expected.as_array().expect("rows").iter().flat_map(numbers);
    let pairs = ours.iter().flatten().zip(expected);
    match pairs.fold(0.0_f64, |largest, (ours, expected)| largest.max((ours - expected).abs())) {
        error if error <= tolerance => Verdict::Passed(error / tolerance),
        error => Verdict::Failed(format!("a difference of {error}")),
    }
}

fn rows(
    what: &str,
    ours: &[Vec<f64>],
    expected: &Value,
    tolerance: f64,
) -> Vec<Result<f64, String>> {
    let expected = expected.as_array().expect("rows");
    // What is given after each step has no row for the start.
    let ours = &ours[ours.len().saturating_sub(expected.len())..];
    let row = |(t, (ours, expected)): (usize, (&Vec<f64>, &Value))| {
        compare(&format!("{what} {t}, element "), ours, &numbers(expected), tolerance)
    };
    ours.iter().zip(expected).enumerate().map(row).collect()
}

/// Where the parameters were at the start and after each step, and their average where there is
/// one.
struct Trajectory {
    iterates: Vec<Vec<f64>>,
    averages: Vec<Vec<f64>>,
}

/// The path that the algorithm of a configuration takes, and the name of its rule, if it is one of
/// ours.
fn trajectory(
    source: &str,
    algorithm: &str,
    config: Config<'_>,
    problem: &Problem,
) -> Option<(&'static str, Trajectory)> {
    let maximize = config.is("maximize");
    let run = |(rule, optimizer): Named| {
        if maximize {
            Some((rule, problem.run(Box::new(optimizer.with(Maximize)))))
        } else {
            Some((rule, problem.run(optimizer)))
        }
    };
    let of_asgd = |trajectory| Some((AsgdRule::NAME, trajectory));
    match (source, algorithm) {
        ("torch", "asgd") if maximize => {
            let make = || asgd(config).with(Maximize);
            let averaged = |asgd: &With<Asgd<f64>, _, _>, params: &_| asgd.inner().averaged(params);
            of_asgd(problem.run_averaged(make, averaged))
        }
        ("torch", "asgd") => of_asgd(problem.run_averaged(|| asgd(config), Asgd::averaged)),
        ("torch", _) => run(torch(config)?),
        ("optax", _) => run(optax(algorithm, config)?),
        ("lecture", "nesterov_lookahead") => {
            let nesterov = Nesterov::new(config.f64("lr"), config.f64("rho"));
            Some((NesterovRule::NAME, problem.run_settled(nesterov)))
        }
        ("lecture", _) => run(lecture(algorithm, config)?),
        ("numpy", _) if algorithm.starts_with("muon") => run(muon_of_numpy(config)?),
        _ => None,
    }
}

/// An optimizer, and the name of its rule.
type Named = (&'static str, Box<dyn Optimizer<f64>>);

fn boxed<R: Rule + Send>(optimizer: Optim<R, f64>) -> Option<Named> {
    Some((R::NAME, Box::new(optimizer)))
}

fn decay(config: Config<'_>) -> WeightDecay {
    let strength = config.or("weight_decay", 0.0);
    WeightDecay { strength, decoupled: config.is("decoupled_weight_decay") }
}

fn torch(config: Config<'_>) -> Option<Named> {
    let lr = config.f64("lr");
    let eps = || Epsilon::Outside(config.f64("eps"));
    let betas = || config.pair("betas");
    match config.text("class") {
        "SGD" => boxed(sgd(config)),
        "Adagrad" => {
            let mut rule = *Adagrad::<f64>::new(lr).epsilon(eps()).rule();
            rule.learning_rate_decay = config.or("lr_decay", 0.0);
            rule.initial = config.or("initial_accumulator_value", 0.0);
            rule.weight_decay = decay(config);
            boxed(Optim::new_rule(rule))
        }
        "RMSprop" => {
            let mut rule = *RmsProp::<f64>::new(lr).epsilon(eps()).rule();
            rule.decay = config.f64("alpha");
            rule.centred = config.is("centered");
            rule.momentum = config.get("momentum").filter(|&momentum| momentum != 0.0);
            rule.weight_decay = decay(config);
            boxed(Optim::new_rule(rule))
        }
        "Adadelta" => {
            let rule = Adadelta::new(lr).decay(config.f64("rho")).epsilon(config.f64("eps"));
            boxed(rule.weight_decay(config.or("weight_decay", 0.0)))
        }
        "Adam" | "AdamW" if config.is("amsgrad") => {
            let mut rule = *AmsGrad::<f64>::new(lr).epsilon(eps()).rule();
            (rule.beta1, rule.beta2) = betas();
            rule.weight_decay = decay(config);
            boxed(Optim::new_rule(rule))
        }
        "Adam" | "AdamW" => {
            let mut rule = *Adam::<f64>::new(lr).epsilon(eps()).rule();
            (rule.beta1, rule.beta2) = betas();
            rule.weight_decay = decay(config);
            boxed(Optim::new_rule(rule))
        }
        "Adamax" => {
            let (beta1, beta2) = betas();
            let adamax = Adamax::new(lr).betas(beta1, beta2).epsilon(config.f64("eps"));
            boxed(adamax.weight_decay(config.or("weight_decay", 0.0)))
        }
        "NAdam" => {
            let mut rule = *NAdam::<f64>::new(lr).torch().epsilon(eps()).rule();
            (rule.beta1, rule.beta2) = betas();
            rule.momentum_decay = config.get("momentum_decay");
            rule.weight_decay = decay(config);
            boxed(Optim::new_rule(rule))
        }
        "RAdam" => {
            let mut rule = *RAdam::<f64>::new(lr).epsilon(eps()).rule();
            (rule.beta1, rule.beta2) = betas();
            rule.weight_decay = decay(config);
            boxed(Optim::new_rule(rule))
        }
        "Rprop" => {
            let ((shrink, grow), (least, most)) = (config.pair("etas"), config.pair("step_sizes"));
            boxed(Rprop::new(lr).factors(shrink, grow).bounds(least, most))
        }
        "Adafactor" => {
            let mut rule = *Adafactor::<f64>::new(lr).rule();
            rule.beta2_decay = config.f64("beta2_decay");
            rule.epsilon1 = number(&config.0["eps"][0]);
            rule.epsilon2 = number(&config.0["eps"][1])?;
            rule.clip = config.f64("d");
            rule.weight_decay = config.or("weight_decay", 0.0);
            boxed(Optim::new_rule(rule))
        }
        "Muon" => {
            let mut rule = *Muon::<f64>::new(lr).rule();
            rule.momentum = config.f64("momentum");
            rule.nesterov = config.is("nesterov");
            rule.weight_decay = config.f64("weight_decay");
            rule.iterations = config.u64("ns_steps") as u32;
            rule.epsilon = config.f64("eps");
            rule.matches_adam = config.text("adjust_lr_fn") == "match_rms_adamw";
            boxed(Optim::new_rule(rule))
        }
        _ => None,
    }
}

fn sgd(config: Config<'_>) -> Sgd<f64> {
    let sgd = Sgd::new(config.f64("lr")).weight_decay(config.or("weight_decay", 0.0));
    if config.or("momentum", 0.0) == 0.0 {
        return sgd;
    }
    let sgd = sgd.momentum(config.f64("momentum")).dampening(config.or("dampening", 0.0));
    if config.is("nesterov") { sgd.nesterov() } else { sgd }
}

fn asgd(config: Config<'_>) -> Asgd<f64> {
    Asgd::new(config.f64("lr"))
        .lambda(config.f64("lambd"))
        .power(config.f64("alpha"))
        .start(config.u64("t0"))
        .torch()
        .weight_decay(config.or("weight_decay", 0.0))
}

fn muon_of_numpy(config: Config<'_>) -> Option<Named> {
    let mut rule = *Muon::<f64>::new(config.f64("lr")).rule();
    rule.momentum = config.f64("mom");
    rule.nesterov = config.is("nesterov");
    rule.weight_decay = config.f64("wd");
    rule.iterations = config.u64("steps") as u32;
    rule.matches_adam = config.text("adjust") == "match_rms_adamw";
    boxed(Optim::new_rule(rule))
}

fn optax(algorithm: &str, config: Config<'_>) -> Option<Named> {
    let lr = config.f64("lr");
    let (b1, b2) = (config.or("b1", 0.9), config.or("b2", 0.999));
    // optax has a place for ε inside of the root and one outside; all its cases use one of them.
    let eps = || match config.or("eps_root", 0.0) {
        0.0 => Epsilon::Outside(config.f64("eps")),
        inside => Epsilon::Inside(inside),
    };
    let wd = config.or("weight_decay", 0.0);
    let is = |name: &str| algorithm == name || algorithm.starts_with(&format!("{name}_"));
    match algorithm {
        _ if is("sgd") => boxed(sgd(config)),
        _ if is("adamw") => {
            boxed(Adam::new(lr).betas(b1, b2).epsilon(eps()).decoupled_weight_decay(wd))
        }
        _ if is("adam") => boxed(Adam::new(lr).betas(b1, b2).epsilon(eps())),
        _ if is("lion") => boxed(Lion::new(lr).betas(b1, b2).decoupled_weight_decay(wd)),
        _ if is("lamb") => boxed(Lamb::new(lr).betas(b1, b2).epsilon(eps()).weight_decay(wd)),
        _ if is("adabelief") => {
            let (outside, inside) = (config.f64("eps"), config.f64("eps_root"));
            boxed(AdaBelief::new(lr).betas(b1, b2).epsilons(outside, inside))
        }
        _ if is("yogi") => {
            let yogi = Yogi::new(lr).betas(b1, b2).epsilon(eps());
            boxed(yogi.initial(config.or("initial_accumulator_value", 1e-6)))
        }
        _ if is("novograd") => {
            boxed(NovoGrad::new(lr).betas(b1, b2).epsilon(eps()).weight_decay(wd))
        }
        _ if is("rmsprop") => boxed(rmsprop_of_optax(config)),
        _ if is("adagrad") => {
            let (initial, eps) = (config.f64("initial_accumulator_value"), config.f64("eps"));
            boxed(Adagrad::new(lr).optax().initial(initial).epsilon(Epsilon::Inside(eps)))
        }
        _ if is("adamax") => boxed(Adamax::new(lr).betas(b1, b2).epsilon(config.f64("eps"))),
        _ if is("nadam") => boxed(NAdam::new(lr).betas(b1, b2).epsilon(eps()).optax()),
        _ if is("radam") => {
            let radam = RAdam::new(lr).betas(b1, b2).epsilon(eps()).optax();
            boxed(radam.threshold(config.or("threshold", 5.0)))
        }
        _ if is("adadelta") => {
            boxed(Adadelta::new(lr).decay(config.f64("rho")).epsilon(config.f64("eps")))
        }
        _ if is("amsgrad") => boxed(AmsGrad::new(lr).betas(b1, b2).epsilon(eps()).optax()),
        _ => None,
    }
}

fn rmsprop_of_optax(config: Config<'_>) -> RmsProp<f64> {
    let eps = config.f64("eps");
    let eps = if config.is("eps_in_sqrt") { Epsilon::Inside(eps) } else { Epsilon::Outside(eps) };
    let mut rmsprop = RmsProp::new(config.f64("lr")).optax().epsilon(eps);
    rmsprop = rmsprop.decay(config.or("decay", 0.9));
    if config.is("centered") {
        rmsprop = rmsprop.centred();
    }
    match config.get("momentum") {
        Some(momentum) => rmsprop.momentum(momentum),
        None => rmsprop,
    }
}

fn lecture(algorithm: &str, config: Config<'_>) -> Option<Named> {
    let lr = config.f64("lr");
    let beta = || config.f64("beta");
    let inside = Epsilon::Inside(config.or("eps", 0.0));
    match algorithm {
        "gradient_descent" => boxed(Sgd::new(lr)),
        "momentum_ewma" => boxed(Sgd::new(lr).averaged_momentum(beta())),
        "momentum_ewma_bias_corrected" => {
            boxed(Sgd::new(lr).averaged_momentum(beta()).bias_corrected())
        }
        "momentum_heavy_ball" => boxed(Sgd::new(lr).momentum(beta())),
        "nesterov_change_of_variables" => {
            boxed(Sgd::new(lr).momentum(config.f64("rho")).nesterov())
        }
        "adagrad" => boxed(Adagrad::new(lr).lecture()),
        _ if algorithm.starts_with("rmsprop") => {
            boxed(RmsProp::new(lr).lecture().decay(beta()).epsilon(inside))
        }
        _ if algorithm.starts_with("adam") => {
            let adam = Adam::new(lr).betas(config.f64("beta1"), config.f64("beta2"));
            let adam = adam.lecture().epsilon(inside);
            let biased = algorithm.contains("no_bias_correction");
            boxed(if biased { adam.without_bias_correction() } else { adam })
        }
        _ => None,
    }
}

/// An objective and its gradient, and where to start.
pub struct Problem {
    pub start: ArrayD<f64>,
    pub value: Box<dyn Fn(&[f64]) -> f64>,
    pub gradient: Gradient,
}

type Gradient = Box<dyn Fn(&[f64]) -> Vec<f64>>;

const STEPS: usize = 60;

impl Problem {
    fn new(name: &str, problems: &Value) -> Self {
        let problem = &problems[name];
        let start = numbers(&problem["x0"]);
        let shape = match problem["x0"].get("shape") {
            Some(shape) => numbers(shape).into_iter().map(|extent| extent as usize).collect(),
            None => vec![start.len()],
        };
        let start = ArrayD::from_shape_vec(IxDyn(&shape), start).expect("x0 has its shape");
        Self { start, value: value(name, problem), gradient: gradient(name, problem) }
    }

    fn run(&self, mut optimizer: Box<dyn Optimizer<f64>>) -> Trajectory {
        self.drive(&mut optimizer, |_, params| params.clone())
    }

    fn run_settled(&self, mut optimizer: Nesterov<f64>) -> Trajectory {
        self.drive(&mut optimizer, Nesterov::settled)
    }

    fn run_averaged<O: Optimizer<f64> + 'static>(
        &self,
        make: impl Fn() -> O,
        averaged: impl Fn(&O, &Params<f64>) -> Params<f64>,
    ) -> Trajectory {
        let averages = self.drive(&mut make(), averaged).iterates;
        Trajectory { averages, ..self.run(Box::new(make())) }
    }

    /// Makes all steps; `seen` is what is noted of the parameters.
    fn drive<O: Optimizer<f64>>(
        &self,
        optimizer: &mut O,
        seen: impl Fn(&O, &Params<f64>) -> Params<f64>,
    ) -> Trajectory {
        let mut params = Params::with_seed(0);
        params.root().parameter("x", self.start.clone());
        let layout = GradientLayout::new(params.trainable_entries());
        let mut iterates = vec![params.trainable().to_vec()];
        for _ in 0..STEPS {
            let gradient = (self.gradient)(params.trainable());
            optimizer.step(&mut params, Gradients::new(&layout, &gradient)).expect("a good step");
            iterates.push(seen(optimizer, &params).trainable().to_vec());
        }
        Trajectory { iterates, averages: Vec::new() }
    }
}

fn value(name: &str, problem: &Value) -> Box<dyn Fn(&[f64]) -> f64> {
    match name {
        "quadratic" => {
            let (d, b) = (numbers(&problem["d"]), numbers(&problem["b"]));
            Box::new(move |x| (0..x.len()).map(|i| 0.5 * d[i] * x[i] * x[i] - b[i] * x[i]).sum())
        }
        "rosenbrock" => Box::new(|x| {
            let term = |w: &[f64]| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2);
            x.windows(2).map(term).sum()
        }),
        "matrix_lsq" => {
            let (a, b) = (matrix(&problem["A"]), matrix(&problem["B"]));
            Box::new(move |x| {
                let w = Array::from_iter(x.iter().copied());
                let w = w.into_shape_with_order((a.ncols(), b.ncols())).expect("W has its shape");
                0.5 * (a.dot(&w) - &b).mapv(|r| r * r).sum()
            })
        }
        other => panic!("an unknown problem: {other}"),
    }
}

fn gradient(name: &str, problem: &Value) -> Gradient {
    match name {
        "quadratic" => {
            let (d, b) = (numbers(&problem["d"]), numbers(&problem["b"]));
            Box::new(move |x| (0..x.len()).map(|i| d[i] * x[i] - b[i]).collect())
        }
        "rosenbrock" => Box::new(rosenbrock),
        "matrix_lsq" => {
            let (a, b) = (matrix(&problem["A"]), matrix(&problem["B"]));
            Box::new(move |x| {
                let w = Array::from_iter(x.iter().copied());
                let w = w.into_shape_with_order((a.ncols(), b.ncols())).expect("W has its shape");
                a.t().dot(&(a.dot(&w) - &b)).into_iter().collect()
            })
        }
        other => panic!("an unknown problem: {other}"),
    }
}

fn rosenbrock(x: &[f64]) -> Vec<f64> {
    let mut gradient = vec![0.0; x.len()];
    for i in 0..x.len() - 1 {
        let rise = x[i + 1] - x[i] * x[i];
        gradient[i] += -400.0 * x[i] * rise - 2.0 * (1.0 - x[i]);
        gradient[i + 1] += 200.0 * rise;
    }
    gradient
}

fn matrix(value: &Value) -> Array2<f64> {
    let shape = numbers(&value["shape"]);
    Array2::from_shape_vec((shape[0] as usize, shape[1] as usize), numbers(value))
        .expect("a matrix")
}

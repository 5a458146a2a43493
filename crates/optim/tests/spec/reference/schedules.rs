//! Schedules from the configurations of `schedules.json`.

use std::collections::BTreeMap;

use cotangent::optim::{
    Anneal, Constant, Cosine, CosineRestarts, Curve, Cyclic, Exponential, Geometric, InverseSqrt,
    InverseTime, MultiStep, OneCycle, Piecewise, Polynomial, Ramp, ReduceOnPlateau, Schedule,
    StepDecay, Threshold,
};
use serde_json::{Map, Value};

use super::{Config, Verdict, compare, number, numbers, text};

const TOLERANCE: f64 = 1e-9;

/// Whether a case of the file agrees.
pub fn verdict(case: &Value) -> Verdict {
    let id = text(case, "id");
    let config = Config(&case["config"]);
    let ours = match id {
        _ if id.contains("ReduceLROnPlateau") => Some(plateau(config, &numbers(&case["metrics"]))),
        _ => schedule(id, config).map(|s| s.sample(0..numbers(&case["lr"]).len() as u64)),
    };
    let Some(ours) = ours else { return Verdict::Unsupported(id.to_owned()) };
    let mut checks = vec![compare("lr", &ours, &numbers(&case["lr"]), TOLERANCE)];
    for key in ["momentum", "beta1"] {
        if let Some(expected) = case.get(key) {
            let expected = numbers(expected);
            let ours = momentum(id, config).sample(0..expected.len() as u64);
            checks.push(compare(key, &ours, &expected, TOLERANCE));
        }
    }
    match checks.into_iter().collect::<Result<Vec<f64>, String>>() {
        Ok(errors) => Verdict::Passed(errors.into_iter().fold(0.0, f64::max)),
        Err(difference) => Verdict::Failed(difference),
    }
}

/// The schedule of a configuration, as rates.
pub fn schedule(id: &str, config: Config<'_>) -> Option<Schedule> {
    let (source, name) = id.split_once('/')?;
    match source {
        "torch" => torch(name, config, config.f64("base_lr")),
        "optax" => optax(name, config),
        "lecture" => lecture(name, config),
        _ => None,
    }
}

fn lecture(name: &str, config: Config<'_>) -> Option<Schedule> {
    let rate = || config.f64("decay_rate");
    let factor: Schedule = match name {
        _ if name.starts_with("step_halving") => StepDecay::halve_every(config.u64("k")).into(),
        _ if name.starts_with("exponential") => Exponential::new(rate()).into(),
        _ if name.starts_with("one_over_t") => InverseTime::new(rate()).into(),
        _ if config.has("base") => Geometric::new(config.f64("base")).into(),
        _ => return None,
    };
    Some(factor.times(config.f64("alpha0")))
}

fn torch(name: &str, config: Config<'_>, base: f64) -> Option<Schedule> {
    let class = name.split('_').next()?;
    let total = || config.u64("total_iters");
    let schedule: Schedule = match class {
        "StepLR" => StepDecay::new(config.f64("gamma"), config.u64("step_size")).times(base),
        "MultiStepLR" => {
            let milestones: Vec<u64> =
                numbers(&config.0["milestones"]).into_iter().map(|step| step as u64).collect();
            MultiStep::new(config.f64("gamma"), milestones).times(base)
        }
        "ExponentialLR" => Geometric::new(config.f64("gamma")).times(base),
        "MultiplicativeLR" => Geometric::new(config.f64("factor")).times(base),
        "ConstantLR" => Piecewise::new(config.f64("factor")).to(total(), 1.0).times(base),
        "LinearLR" => {
            let (start, end) = (config.f64("start_factor"), config.or("end_factor", 1.0));
            Ramp::new(start, end, total()).times(base)
        }
        "PolynomialLR" => Polynomial::new(base, 0.0, config.or("power", 1.0), total()).into(),
        "CosineAnnealingLR" => {
            Cosine::new(base, config.or("eta_min", 0.0), config.u64("T_max")).rebounding().into()
        }
        "CosineAnnealingWarmRestarts" => {
            CosineRestarts::new(base, config.or("eta_min", 0.0), config.u64("T_0"))
                .growing(config.or("T_mult", 1.0) as u64)
                .into()
        }
        "CyclicLR" => cyclic(config, base, config.f64("max_lr")).into(),
        "OneCycleLR" => {
            let peak = config.f64("max_lr");
            let start = peak / config.or("div_factor", 25.0);
            one_cycle(config, start, peak, start / config.or("final_div_factor", 1e4)).into()
        }
        "SequentialLR" => {
            let starts = numbers(&config.0["milestones"]);
            let mut parts = parts(config, base)?.into_iter();
            let first = parts.next()?;
            parts
                .zip(starts)
                .fold(first, |before, (part, start)| before.then_at(start as u64, part))
        }
        "ChainedScheduler" => {
            let product = |all: Schedule, part: Schedule| all.multiplied_by(part.times(1.0 / base));
            parts(config, base)?.into_iter().reduce(product)?
        }
        "LambdaLR" => lambda(config.text("lambda_"))?.times(base),
        _ => return None,
    };
    Some(schedule)
}

fn momentum(id: &str, config: Config<'_>) -> Schedule {
    let (low, high) = (config.or("base_momentum", 0.85), config.or("max_momentum", 0.95));
    if id.contains("CyclicLR") {
        cyclic(config, high, low).into()
    } else {
        one_cycle(config, high, low, high).into()
    }
}

fn cyclic(config: Config<'_>, low: f64, high: f64) -> Cyclic {
    let up = config.or("step_size_up", 2000.0) as u64;
    let cycle = Cyclic::new(low, high, up, config.or("step_size_down", up as f64) as u64);
    match config.text("mode") {
        "triangular2" => cycle.halving(),
        "exp_range" => cycle.decaying(config.f64("gamma")),
        _ => cycle,
    }
}

fn one_cycle(config: Config<'_>, start: f64, peak: f64, end: f64) -> OneCycle {
    let mut cycle = OneCycle::between(start, peak, end, config.u64("total_steps"));
    cycle.climb = config.or("pct_start", 0.3);
    cycle.three_phase = config.is("three_phase");
    if config.text("anneal_strategy") == "linear" {
        cycle.anneal = Anneal::Linear;
    }
    cycle
}

/// The schedules that a list names, such as `"ExponentialLR(0.97)"`.
fn parts(config: Config<'_>, base: f64) -> Option<Vec<Schedule>> {
    let part = |call: &Value| {
        let (name, arguments) = call.as_str()?.strip_suffix(')')?.split_once('(')?;
        torch(name, Config(&named(name, arguments)), base)
    };
    config.0["schedulers"].as_array()?.iter().map(part).collect()
}

/// The arguments of a call by name; those without one have the names of their places.
fn named(function: &str, arguments: &str) -> Value {
    let places: &[&str] = match function.trim_end_matches("_schedule") {
        "StepLR" => &["step_size", "gamma"],
        "ConstantLR" => &["factor", "total_iters"],
        "LinearLR" => &["start_factor", "end_factor", "total_iters"],
        "CosineAnnealingLR" => &["T_max", "eta_min"],
        "PolynomialLR" => &["total_iters", "power"],
        "constant" => &["value"],
        "linear" => &["init_value", "end_value", "transition_steps"],
        "polynomial" => &["init_value", "end_value", "power", "transition_steps"],
        "cosine_decay" => &["init_value", "decay_steps", "alpha"],
        "exponential_decay" => &["init_value", "transition_steps", "decay_rate"],
        _ => &["gamma"],
    };
    let mut named = Map::new();
    let arguments = arguments.split(',').filter(|argument| !argument.is_empty());
    for (place, argument) in arguments.enumerate() {
        let unnamed = || (*places.get(place).expect("a place"), argument);
        let (name, value) = argument.split_once('=').unwrap_or_else(unnamed);
        let value: f64 = value.trim().parse().expect("a number");
        named.insert(name.trim().to_owned(), value.into());
    }
    Value::Object(named)
}

/// `min((t+1)/W, sqrt(W/(t+1)))`, or a function that is one of ours.
fn lambda(expression: &str) -> Option<Schedule> {
    let compact: String = expression.chars().filter(|c| !c.is_whitespace()).collect();
    let between = |start: &str, end: &str| -> Option<f64> {
        compact.strip_prefix(start)?.strip_suffix(end)?.parse().ok()
    };
    if let Some(rest) = compact.strip_prefix("min((t+1)/") {
        let warmup: u64 = rest.split(',').next()?.parse().ok()?;
        return Some(InverseSqrt::new(warmup).into());
    }
    if let Some(base) = between("", "**t") {
        return Some(Geometric::new(base).into());
    }
    between("1/(1+", "*t)").map(|rate| InverseTime::new(rate).into())
}

fn optax(name: &str, config: Config<'_>) -> Option<Schedule> {
    let init = || config.f64("init_value");
    let schedule: Schedule = match name {
        _ if name.contains("sgdr") => sgdr(config)?,
        _ if name.starts_with("join") => joined(config)?,
        _ if name.contains("onecycle") => one_cycle_of_optax(name, config),
        _ if name.starts_with("piecewise") => piecewise(config),
        _ if name.starts_with("warmup_cosine") => warmup_cosine(config),
        _ if name.starts_with("warmup_exponential") => {
            let peak = config.f64("peak_value");
            warmup(config).then_at(config.u64("warmup_steps"), exponential(config, peak))
        }
        _ if name.starts_with("warmup_constant") => warmup(config),
        _ if name.starts_with("exponential") => exponential(config, init()),
        _ if name.starts_with("cosine") => {
            let end = init() * config.or("alpha", 0.0);
            let cosine = Cosine::new(init(), end, config.u64("decay_steps"));
            cosine.exponent(config.or("exponent", 1.0)).into()
        }
        _ if name.starts_with("polynomial") || name.starts_with("linear") => {
            let (power, steps) = (config.or("power", 1.0), config.u64("transition_steps"));
            let fall = Polynomial::new(init(), config.f64("end_value"), power, steps);
            fall.after(config.steps("transition_begin"))
        }
        _ if name.starts_with("constant") => {
            Constant::new(config.get("value").or_else(|| config.get("init_value"))?).into()
        }
        _ => return None,
    };
    Some(schedule)
}

fn warmup(config: Config<'_>) -> Schedule {
    let init = config.or("init_value", 0.0);
    Ramp::new(init, config.f64("peak_value"), config.u64("warmup_steps")).into()
}

fn warmup_cosine(config: Config<'_>) -> Schedule {
    let (peak, warm) = (config.f64("peak_value"), config.u64("warmup_steps"));
    let fall = Cosine::new(peak, config.or("end_value", 0.0), config.u64("decay_steps") - warm);
    warmup(config).then_at(warm, fall.exponent(config.or("exponent", 1.0)))
}

fn exponential(config: Config<'_>, init: f64) -> Schedule {
    let (rate, steps) = (config.f64("decay_rate"), config.u64("transition_steps"));
    let fall = if config.is("staircase") {
        StepDecay::new(rate, steps).times(init)
    } else {
        Geometric::new(rate.powf(1.0 / steps as f64)).times(init)
    };
    let fall = fall.after(config.steps("transition_begin"));
    match config.get("end_value") {
        Some(end) if rate < 1.0 => fall.at_least(end),
        Some(end) => fall.at_most(end),
        None => fall,
    }
}

fn piecewise(config: Config<'_>) -> Schedule {
    let scales = config.0["boundaries_and_scales"].as_object().expect("boundaries");
    let scale = |(step, scale): (&String, &Value)| {
        (step.parse::<u64>().expect("a step"), number(scale).expect("a scale"))
    };
    let pieces = scaled(config.f64("init_value"), scales.iter().map(scale).collect());
    match config.text("interpolate_type") {
        "linear" => pieces.linear().into(),
        "cosine" => pieces.cosine().into(),
        _ => pieces.into(),
    }
}

/// Each value the one before times a scale.
fn scaled(first: f64, scales: BTreeMap<u64, f64>) -> Piecewise {
    let mut value = first;
    scales.into_iter().fold(Piecewise::new(first), |pieces, (step, scale)| {
        value *= scale;
        pieces.to(step, value)
    })
}

fn one_cycle_of_optax(name: &str, config: Config<'_>) -> Schedule {
    let steps = config.u64("transition_steps");
    let (up, down) = (config.or("div_factor", 25.0), config.or("final_div_factor", 1e4));
    let at = |key: &str, share: f64| (config.or(key, share) * steps as f64) as u64;
    let start = config.f64("peak_value") / up;
    if name.starts_with("cosine") {
        let scales = [(at("pct_start", 0.3), up), (steps, 1.0 / (up * down))];
        return scaled(start, scales.into()).cosine().into();
    }
    let scales =
        [(at("pct_start", 0.3), up), (at("pct_final", 0.85), 1.0 / up), (steps, 1.0 / down)];
    scaled(start, scales.into()).linear().into()
}

fn joined(config: Config<'_>) -> Option<Schedule> {
    let part = |call: &Value| {
        let (name, arguments) = call.as_str()?.strip_suffix(')')?.split_once('(')?;
        optax(name, Config(&named(name, arguments)))
    };
    let parts: Option<Vec<_>> = config.0["schedules"].as_array()?.iter().map(part).collect();
    let mut parts = parts?.into_iter();
    let first = parts.next()?;
    let starts = numbers(&config.0["boundaries"]);
    Some(parts.zip(starts).fold(first, |before, (part, start)| before.then_at(start as u64, part)))
}

fn sgdr(config: Config<'_>) -> Option<Schedule> {
    let mut start = 0;
    let mut schedule: Option<Schedule> = None;
    for cycle in config.0["cosine_kwargs"].as_array()? {
        let next = warmup_cosine(Config(cycle));
        schedule = Some(match schedule {
            None => next,
            Some(before) => before.then_at(start, next),
        });
        start += Config(cycle).u64("decay_steps");
    }
    schedule
}

fn plateau(config: Config<'_>, metrics: &[f64]) -> Vec<f64> {
    let threshold = config.or("threshold", 1e-4);
    let mut plateau = ReduceOnPlateau::new(config.f64("factor"))
        .starting_at(config.f64("base_lr"))
        .patience(config.or("patience", 10.0) as u64)
        .cooldown(config.steps("cooldown"))
        .at_least(config.or("min_lr", 0.0))
        .threshold(match config.text("threshold_mode") {
            "abs" => Threshold::Absolute(threshold),
            _ => Threshold::Relative(threshold),
        });
    plateau.least_change = config.or("eps", 1e-8);
    plateau.maximise = config.text("mode") == "max";
    let used = |&metric: &f64| {
        let rate = plateau.value();
        plateau.observe(metric);
        rate
    };
    metrics.iter().map(used).collect()
}

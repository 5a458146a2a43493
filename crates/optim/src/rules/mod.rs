//! The update rules, one to a file, and their list.

mod adabelief;
mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod amsgrad;
mod asgd;
mod lamb;
mod lion;
mod muon;
mod nadam;
mod nesterov;
mod novograd;
mod radam;
mod rmsprop;
mod rprop;
mod sgd;
mod yogi;

use crate::{Optimizer, Precision, Rule};

/// What makes an optimizer of a rule, for a learning rate.
pub type MakeRule<T> = fn(f64) -> Box<dyn Optimizer<T>>;

/// From one list come what is exported and what the suites go through, so that no rule is left out.
macro_rules! rules {
    ($($module:ident: $($name:ident),+ = $make:expr;)*) => {
        $(pub use $module::{$($name),+};)*

        /// Every update rule by its [name](Rule::NAME), with the hyperparameters that it has by default.
        ///
        /// ```
        /// let names: Vec<&str> = cotangent::optim::every_rule::<f32>().into_iter().map(|(name, _)| name).collect();
        /// assert!(names.contains(&"adam") && names.contains(&"sgd"));
        /// ```
        pub fn every_rule<T: Precision>() -> Vec<(&'static str, MakeRule<T>)> {
            fn named<R: Rule, T: Precision>(_: fn(f64) -> crate::Optim<R, T>) -> &'static str {
                R::NAME
            }
            vec![$((named::<_, T>($make), |rate| Box::new(($make)(rate)))),*]
        }
    };
}

rules! {
    adabelief: AdaBelief, AdaBeliefRule = AdaBelief::new;
    adadelta: Adadelta, AdadeltaRule = Adadelta::new;
    adafactor: Adafactor, AdafactorRule = Adafactor::new;
    adagrad: Adagrad, AdagradRule = Adagrad::new;
    adam: Adam, AdamRule = Adam::new;
    adamax: Adamax, AdamaxRule = Adamax::new;
    amsgrad: AmsGrad, AmsGradRule = AmsGrad::new;
    asgd: Asgd, AsgdRule = Asgd::new;
    lamb: Lamb, LambRule = Lamb::new;
    lion: Lion, LionRule = Lion::new;
    muon: Muon, MuonRule = Muon::new;
    nadam: NAdam, NAdamRule = NAdam::new;
    nesterov: Nesterov, NesterovRule = |rate| Nesterov::new(rate, 0.9);
    novograd: NovoGrad, NovoGradRule = NovoGrad::new;
    radam: RAdam, RAdamRule = RAdam::new;
    rmsprop: RmsProp, RmsPropRule = RmsProp::new;
    rprop: Rprop, RpropRule = Rprop::new;
    sgd: Sgd, SgdRule, Momentum = Sgd::new;
    yogi: Yogi, YogiRule = Yogi::new;
}

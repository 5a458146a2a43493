//! A rule's hyperparameters, each said once: name, domain, type, default and documentation.

use crate::{Domain, Epsilon, WeightDecay};

/// What a rule shows its hyperparameters to: name, domain and value of each.
pub type Visit<'a> = dyn FnMut(&'static str, Domain, &mut f64) + 'a;

/// What has hyperparameters: written by [`hyperparameters!`](crate::hyperparameters) as a rule.
///
/// An example is that of [`Rule`](crate::Rule).
pub trait Hyperparameters {
    /// Shows every hyperparameter that is a number, so that it can be checked and scheduled.
    ///
    /// One of them is `"learning_rate"`; decay, if there is any, is `"weight_decay"`.
    fn hyperparameters(&mut self, visit: &mut Visit<'_>);
}

/// A type that a hyperparameter with a domain may have: it holds a number, or may hold one.
///
/// What is written by [`hyperparameters!`](crate::hyperparameters) for a [`Rule`](crate::Rule) has
/// fields of such types.
pub trait Hyperparameter {
    /// Shows the number, if there is one.
    fn show(&mut self, name: &'static str, domain: Domain, visit: &mut Visit<'_>);
}

impl Hyperparameter for f64 {
    fn show(&mut self, name: &'static str, domain: Domain, visit: &mut Visit<'_>) {
        visit(name, domain, self);
    }
}

impl Hyperparameter for Epsilon {
    fn show(&mut self, name: &'static str, domain: Domain, visit: &mut Visit<'_>) {
        visit(name, domain, self.value_mut());
    }
}

impl Hyperparameter for WeightDecay {
    fn show(&mut self, name: &'static str, domain: Domain, visit: &mut Visit<'_>) {
        visit(name, domain, &mut self.strength);
    }
}

impl<H: Hyperparameter> Hyperparameter for Option<H> {
    fn show(&mut self, name: &'static str, domain: Domain, visit: &mut Visit<'_>) {
        if let Some(held) = self {
            held.show(name, domain, visit);
        }
    }
}

/// Writes the struct of a [`Rule`](crate::Rule) from rows `name in Domain: type = default`.
///
/// From the rows come the fields, with domain and default in their documentation;
/// [`Hyperparameters`]; and `new`, which is given the fields without a default, in their order. What
/// has no domain is a convention, such as a `bool`, and is not shown. The types that may have one
/// implement [`Hyperparameter`].
///
/// ```
/// use cotangent::optim::{Hyperparameters, hyperparameters};
///
/// hyperparameters! {
///     /// The hyperparameters of a rule with momentum.
///     #[derive(Clone, Copy, Debug, serde::Serialize)]
///     pub struct Heavy {
///         /// α.
///         pub learning_rate in NonNegative: f64,
///         /// μ: how much of the velocity survives a step.
///         pub momentum in Decay: f64 = 0.9,
///         /// The step looks ahead along the velocity.
///         pub nesterov: bool = false,
///     }
/// }
///
/// let mut heavy = Heavy::new(0.1);
/// assert!(heavy.momentum == 0.9 && !heavy.nesterov);
/// let mut shown = Vec::new();
/// heavy.hyperparameters(&mut |name, domain, value| shown.push((name, domain.contains(*value))));
/// assert_eq!(shown, [("learning_rate", true), ("momentum", true)]);
/// ```
#[macro_export]
macro_rules! hyperparameters {
    (
        $(#[$attribute:meta])*
        $visible:vis struct $rule:ident {
            $(
                $(#[$doc:meta])*
                $shown:vis $name:ident $(in $domain:ident)?: $type:ty $(= $default:expr)?
            ),* $(,)?
        }
    ) => {
        $(#[$attribute])*
        $visible struct $rule {
            $(
                $(#[$doc])*
                $(#[doc = concat!("\n\nDomain: `", stringify!($domain), "`.")])?
                $(#[doc = concat!("\n\nDefault: `", stringify!($default), "`.")])?
                $shown $name: $type,
            )*
        }

        impl $rule {
            $crate::hyperparameters!(@new $visible [] [] $(($name: $type $(= $default)?))*);
        }

        impl $crate::Hyperparameters for $rule {
            fn hyperparameters(&mut self, visit: &mut $crate::Visit<'_>) {
                $($({
                    let domain = $crate::Domain::$domain;
                    $crate::Hyperparameter::show(&mut self.$name, stringify!($name), domain, visit);
                })?)*
            }
        }
    };
    // Row by row: what is given to `new`, and what the fields are.
    (@new $visible:vis [$($given:tt)*] [$($field:tt)*] ($name:ident: $type:ty) $($row:tt)*) => {
        $crate::hyperparameters!(
            @new $visible [$($given)* $name: $type,] [$($field)* $name,] $($row)*
        );
    };
    (
        @new $visible:vis [$($given:tt)*] [$($field:tt)*]
        ($name:ident: $type:ty = $default:expr) $($row:tt)*
    ) => {
        $crate::hyperparameters!(
            @new $visible [$($given)*] [$($field)* $name: $default,] $($row)*
        );
    };
    (@new $visible:vis [$($given:tt)*] [$($field:tt)*]) => {
        /// With the default of everything that has one.
        $visible fn new($($given)*) -> Self {
            Self { $($field)* }
        }
    };
}

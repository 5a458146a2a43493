//! Stateful optimizers and schedules keyed by parameter id for Cotangent.

//! Why a loop does not go on: limits that a user would otherwise not see.

use crate::instruction::{MAX_MEMBERS, MAX_OUTPUTS};

/// What keeps a node out of the loop that computes what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The loop stores as many arrays as a loop can.
    Outputs,
    /// It has as many operations.
    Operations,
    /// It goes through whole columns where the node needs whole rows, or the other way round.
    Whole,
    /// It reduces other axes than the node.
    Axes,
    /// It would need whole rows, of a product that is computed faster by columns.
    Factor,
    /// A reduced row is too long to be worked on with its result.
    Row,
    /// So is a reduced column.
    Column,
    /// The operation knows one sample alone.
    Samples,
}

impl Cut {
    /// The reason, as `explain` says it.
    pub fn reason(self) -> String {
        let fused = "the loop before";
        match self {
            Cut::Samples => {
                "it has no rule for many samples, and is evaluated for one after the other"
                    .to_owned()
            }
            Cut::Outputs => format!("{fused} stores {MAX_OUTPUTS} arrays, the most"),
            Cut::Operations => format!("{fused} would have more than {MAX_MEMBERS} operations"),
            Cut::Whole => format!("{fused} has either whole rows or whole columns at a time"),
            Cut::Axes => format!("{fused} is reduced over other axes"),
            Cut::Factor => format!("{fused} computes its product faster by columns than by rows"),
            Cut::Row => {
                format!("rows of more than {} are reduced in parts", kernels::Fused::<f32>::MAX_ROW)
            }
            Cut::Column => {
                let most = kernels::Fused::<f32>::MAX_COLUMN;
                format!("columns of more than {most} are reduced in parts")
            }
        }
    }
}

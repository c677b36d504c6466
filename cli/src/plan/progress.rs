//! How far the operation of the stack is that is in progress while a plan is made.

use serde::Serialize;

use super::observation::Observation;

/// What the operation brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Toward {
    /// The AMI of an update.
    New,
    /// The AMI that was there before, by a rollback.
    Old,
    /// Nothing more: such as the clean-up after an update.
    End,
}

/// What was replaced so far. Members are spelled so in JSON output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// What the operation brings.
    pub toward: Toward,
    /// The AMI that all instances have at its end, if CloudFormation says it.
    pub ami: Option<String>,
    /// Instances in service that have this AMI.
    pub on_it: usize,
    /// The size of the group at the end of the operation.
    pub of: usize,
    /// Instances that are on the way out, or retained.
    pub leaving: usize,
}

impl Progress {
    /// The progress of the operation that is in progress, if one is.
    pub fn of(seen: &Observation) -> Option<Self> {
        if !seen.stack.is_busy() {
            return None;
        }
        let ami = seen.stack.ami().map(str::to_owned);
        let toward = if seen.stack.goes_forward() {
            Toward::New
        } else if seen.stack.rolls_back() {
            Toward::Old
        } else {
            Toward::End
        };
        let serving = seen.group.members.iter().filter(|it| it.is_in_service());
        let on_it = serving.filter(|one| {
            let machine = seen.machine(&one.id);
            let own = machine.and_then(|it| it.attribute("ecs.ami-id"));
            own.is_some() && own == ami.as_deref()
        });
        Some(Self {
            toward,
            on_it: on_it.count(),
            of: usize::try_from(seen.sizes_in_update().desired).unwrap_or(0),
            leaving: seen.leaving().count(),
            ami,
        })
    }
}

//! `watch`: the whole roll, until its last drain has ended. Nothing is kept: started again, it reads everything back.

mod look;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::rehearse::Output;
use crate::aws::{Access, Stack, told};
use crate::view::out::say;
use crate::watching::{Change, Events, Standing};
use look::Look;

/// Flags of `watch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ecs-rollout watch ecs-cluster
  ecs-rollout watch ecs-cluster --output json | jq -c 'select(.kind == \"answer\")'

Changes nothing, and makes two calls a second at most: cloudformation:DescribeStacks, DescribeStackEvents,
autoscaling:DescribeAutoScalingGroups, states:ListExecutions, GetExecutionHistory. It waits for the last drains, which
CloudFormation does not. While calls are throttled or credentials have expired it says so, and waits.

Exit code: 0 if all ended well, 1 if the stack went back or failed, or an instance is retained, 2 if it cannot be told.")]
pub struct Watch {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
    /// Lines to read, or one JSON object for each change
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

impl Watch {
    /// A watch that writes lines.
    pub fn of(stack: String, access: Access) -> Self {
        Self {
            stack,
            output: Output::Text,
            access,
        }
    }

    /// Watches.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, String> {
        super::wait_for(self.watch())?
    }

    async fn watch(self) -> Result<ExitCode, String> {
        let mut look = Look::new(self.access.clone()).await?;
        let (mut before, mut told) = (None, Events::default());
        let mut said = BTreeMap::new();
        loop {
            let stack = self.ask(look.stack(&self.stack).await)?;
            let (group, machine) = (stack.group()?, stack.state_machine()?);
            let events = self.ask(look.events(&self.stack).await)?;
            for event in told.news(events, &stack.name) {
                self.tell(
                    event.at,
                    &Change::Event {
                        at: event.at,
                        resource: event.resource,
                        status: event.status,
                        reason: event.reason,
                    },
                );
            }
            let group = self.ask(look.group(&group).await)?;
            let running = self.ask(look.said(&machine, &mut said).await)?;
            for trouble in look.troubles() {
                self.tell(look.now(), &Change::Trouble { reason: trouble });
            }
            let standing = Standing::of(&stack, &group, &said);
            for change in standing.since(before.as_ref()) {
                self.tell(look.now(), &change);
            }
            before = Some(standing);
            let rests = !stack.is_busy() && running == 0 && group.moving().next().is_none();
            if rests {
                return Ok(self.ended(look.now(), &stack, &group));
            }
        }
    }

    fn ask<T>(&self, answer: Result<T, workers::Error>) -> Result<T, String> {
        answer.map_err(|error| told(&error))
    }

    fn ended(&self, at: Timestamp, stack: &Stack, group: &crate::aws::Group) -> ExitCode {
        let retained: Vec<String> = group.retained().map(|one| one.id.clone()).collect();
        let complete = ["UPDATE_COMPLETE", "CREATE_COMPLETE"].contains(&stack.status.as_str());
        let versions: BTreeSet<&str> = group
            .members
            .iter()
            .map(|one| one.version.as_str())
            .collect();
        let well = complete && retained.is_empty() && versions.len() <= 1;
        let status = stack.status.clone();
        self.tell(
            at,
            &Change::End {
                status,
                well,
                retained,
            },
        );
        match well {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    }

    fn tell(&self, at: Timestamp, change: &Change) {
        match self.output {
            Output::Text => say(format!("{} {change}\n", at.strftime("%H:%M:%SZ"))),
            Output::Json => {
                let mut object = json!({"at": format!("{at:.3}")});
                let more = serde_json::to_value(change).expect("a change is plain data");
                if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
                    let more = more.into_iter().filter(|(member, _)| member != "at");
                    object.extend(more);
                }
                say(format!("{object}\n"));
            }
        }
    }
}

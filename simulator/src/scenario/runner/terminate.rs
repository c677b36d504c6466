//! How the operator ends a retained instance: with the very steps of `ecs-rollout terminate`, over
//! the wire.

use std::ops::ControlFlow;

use serde_json::{Value, json};
use tokio::time::sleep;
use workers::Clients;
use workers::ecs::TERMINATE;
use workers::model::{ClusterName, GroupName, HookName, InstanceId};
use workers::terminate::{self, Outcome, Step, Target};

use super::{LIMIT, Runner};
use crate::account::Caller;
use crate::ecs::ECS;
use crate::scenario::Termination;
use crate::scenario::{NotEnded, StepError};
use crate::sdk_client;
use crate::trace::{DoneBy, TraceEvent};

impl Runner {
    /// The first instance that is retained, or whose end was begun.
    pub(super) fn to_be_ended(&self) -> Option<String> {
        let begun = self
            .host
            .with(|account| account[ECS].with_attribute(TERMINATE));
        let mut instances = self.checker.instances().into_iter();
        let found = instances.find(|(id, seen)| seen.state.is_retained() || begun.contains(id));
        found.map(|(id, _)| id)
    }

    /// Ends an instance.
    ///
    /// # Errors
    /// Why it was not ended, unless its end was to be broken off.
    pub(super) async fn terminate(&mut self, id: &str, how: Termination) -> Result<(), StepError> {
        let world = self.host.clone();
        let target = self.target(id)?;
        let clients = Clients::new(&sdk_client::sdk_config(
            &world,
            sdk_client::in_process_connector(&world, Caller::Operator),
        ));
        let narrator = self.host.clone();
        let name = id.to_owned();
        let tell = move |step: &Step| {
            let (what, detail) = ("terminate".to_owned(), format!("{name}: {step}"));
            narrator.with(|account| {
                account.record(TraceEvent::ScenarioAction {
                    by: DoneBy::Operator,
                    what,
                    detail,
                })
            });
        };
        let ending = async move {
            let now = || clients.clock.at(world.machine_time());
            if how.stop_tasks {
                let left = terminate::stop_tasks(&target, &clients, &now, sleep).await?;
                if !left.is_empty() {
                    return Ok(None);
                }
            }
            let mut left = how.steps;
            let before = |step: &Step| {
                if step.acts() {
                    if left == Some(0) {
                        return ControlFlow::Break(());
                    }
                    left = left.map(|left| left - 1);
                }
                tell(step);
                ControlFlow::Continue(())
            };
            terminate::run(&target, &clients, &now, sleep, before)
                .await
                .map(Some)
        };
        let limit = self.host.now() + LIMIT;
        let outcome = tokio::select! {
            outcome = ending => outcome,
            passed = self.run_until(|_| false, limit) => {
                let instance = id.to_owned();
                return passed.and(Err(StepError::NotEndedInTime { instance, after: LIMIT }));
            }
        };
        self.termination_ended(id, outcome)
    }

    /// What came of a termination: nothing, if its tasks did not stop.
    fn termination_ended(
        &self,
        id: &str,
        outcome: Result<Option<Outcome>, workers::Error>,
    ) -> Result<(), StepError> {
        let not_ended = |why| StepError::NotEnded {
            instance: id.to_owned(),
            why,
        };
        match outcome {
            Ok(Some(Outcome::Ended)) => Ok(()),
            Ok(Some(Outcome::BrokenOff)) => {
                self.record_operator_action(
                    "terminate".to_owned(),
                    format!("{id}: the operator's program was killed"),
                );
                Ok(())
            }
            Ok(Some(Outcome::Refused(refusal))) => Err(not_ended(NotEnded::Refused(refusal))),
            Ok(Some(Outcome::StillThere(seen))) => Err(not_ended(NotEnded::StillThere(seen))),
            Ok(None) => Err(not_ended(NotEnded::TasksLeft)),
            Err(error) => Err(not_ended(NotEnded::Failed(error))),
        }
    }

    /// The instance with its group's terminate hooks.
    fn target(&self, id: &str) -> Result<Target, StepError> {
        let input = json!({"AutoScalingGroupName": self.cluster});
        let answer = self.call("autoscaling", "DescribeLifecycleHooks", &input)?;
        let all = answer["LifecycleHooks"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let leaving = all
            .iter()
            .filter(|hook| hook["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING");
        let (ours, others): (Vec<&Value>, Vec<&Value>) =
            leaving.partition(|hook| hook.get("NotificationMetadata").is_some());
        let name =
            |hook: &Value| HookName::new(hook["LifecycleHookName"].as_str().unwrap_or_default());
        let ours = ours.first().ok_or(StepError::NoHook)?;
        Ok(Target {
            instance: InstanceId::new(id),
            group: GroupName::new(&self.cluster),
            cluster: ClusterName::new(&self.cluster),
            hook: name(ours),
            other_hooks: others.into_iter().map(name).collect(),
        })
    }
}

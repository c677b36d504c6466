//! One-off disturbances of the cluster, and how the faults begin and stop.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Runner;
use crate::account::Account;
use crate::ec2::NotSpot;
use crate::ecs::ECS;
use crate::faults::{FAULTS, Fault, Faults};
use crate::scenario::StepError;
use crate::scenario::incident::Incident;
use crate::stepfunctions::STEPFUNCTIONS;
use crate::trace::TaskStatus;
use crate::{ec2, ecs};

/// How wrong a clock is, at most.
const MOST_SKEW_SECONDS: i64 = 600;

impl Runner {
    /// The faults begin. Without a new AMI those that are its own have nobody to hit.
    pub(super) fn start_faults(&mut self, new_ami: Option<String>) -> Result<(), StepError> {
        let on = self.settings.faults.iter().copied();
        let faults = Faults::new(on, new_ami).from(&self.ami);
        let skew = self.host.with(|account| {
            let away = account[FAULTS].active.functions_away_until;
            account[FAULTS].active = faults;
            account[FAULTS].active.functions_away_until = away;
            account[ECS].timing.throttling = true;
            let skewed = account[FAULTS].active.has(Fault::ClockSkew);
            let most = MOST_SKEW_SECONDS;
            skewed.then(|| account[FAULTS].random.i64(-most..=most))
        });
        let skew = SignedDuration::from_secs(skew.unwrap_or_default());
        self.host.skew(skew);
        if std::mem::replace(&mut self.faults_started, true) {
            Ok(())
        } else {
            self.begin_faults()
        }
    }

    /// The faults stop.
    pub(super) fn stop_faults(&self) -> Result<(), StepError> {
        self.host.skew(SignedDuration::ZERO);
        self.host
            .with(|account| account[FAULTS].active = Faults::default());
        self.host.forget_reads();
        self.end_faults()
    }

    pub(super) fn inject(&mut self, incident: Incident) -> Result<(), StepError> {
        match incident {
            Incident::Dies(n) => self.at_instance(n, ec2::kill),
            Incident::AgentGone(n) => self.at_instance(n, ecs::agent_disconnected),
            Incident::AgentAway(n, seconds) => self.at_instance(n, |account, id| {
                ecs::agent_disconnected(account, id);
                ecs::agent_returns_after(account, id, Duration::from_secs(seconds));
            }),
            Incident::TaskExits(n) => self.host.with(|account| {
                let running = |task: &ecs::TaskView| {
                    task.last_status == TaskStatus::Running && task.group.starts_with("service:")
                };
                let tasks = account[ECS].tasks().into_iter().filter(running);
                if let Some(task) = nth(tasks.collect(), n) {
                    ecs::task_exits(account, &task.cluster, &task.id);
                }
            }),
            Incident::ExecutionRestarted(n) => return self.stop_execution(n, true),
            Incident::ExecutionStopped(n) => return self.stop_execution(n, false),
            Incident::ServiceScaled(n, count) => {
                return self.update_service(n, json!({"desiredCount": count}));
            }
            Incident::ServiceRedeployed(n) => {
                return self.update_service(n, json!({"forceNewDeployment": true}));
            }
            Incident::OperatorDrains(n) => return self.operator_drains(n),
            Incident::FunctionsAway(seconds) => self.host.with(|account| {
                let until = account.now + Duration::from_secs(seconds);
                account[FAULTS].active.functions_away_until = Some(until);
            }),
            Incident::WorkersUpdated => return self.update_workers(),
            Incident::SpotInterrupted(n) => return self.at_spot_instance(n, ec2::interrupt),
            Incident::SpotAtRisk(n) => return self.at_spot_instance(n, ec2::at_risk),
            Incident::EventReplayed(n) => self.replay(n),
            Incident::EventMadeUp(n) => self.make_up(n),
        }
        Ok(())
    }

    /// The events for which executions were started, but for those of the reconciler.
    fn events(&self) -> Vec<Value> {
        self.host.with(|account| {
            let all = account[STEPFUNCTIONS].executions().iter();
            let events = all.map(|one| one.input.clone());
            events
                .filter(|event| event["source"] == "aws.autoscaling")
                .collect()
        })
    }

    fn put(&self, event: Value) {
        self.host
            .with(|account| crate::eventbridge::put_event(account, event));
    }

    /// An archive's replay brings an event as it was, with its time
    /// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html>).
    fn replay(&self, n: u64) {
        if let Some(event) = nth(self.events(), n) {
            self.put(event);
        }
    }

    /// Somebody copies an event of a hook, and changes what it says: an instance, the way it goes,
    /// a token and the time.
    fn make_up(&self, n: u64) {
        let instances: Vec<String> = self.checker.instances().into_keys().collect();
        let (Some(mut event), Some(id)) = (nth(self.events(), n), nth(instances, n)) else {
            return;
        };
        let (token, now) = self
            .host
            .with(|account| (account.uuid(), account.now.to_string()));
        event["detail-type"] = json!("EC2 Instance-terminate Lifecycle Action");
        event["time"] = json!(now);
        let detail = &mut event["detail"];
        detail["EC2InstanceId"] = json!(id);
        detail["LifecycleActionToken"] = json!(token);
        let leaving = workers::model::Transition::Terminating.name();
        detail["LifecycleTransition"] = json!(leaving);
        detail["LifecycleHookName"] = json!(workers::reconcile::hook_of(leaving));
        self.put(event);
    }

    fn at_instance(&self, n: u64, what: impl FnOnce(&mut Account, &str)) {
        let instances: Vec<String> = self.checker.instances().into_keys().collect();
        if let Some(id) = nth(instances, n) {
            self.host.with(|account| what(account, &id));
        }
    }

    fn at_spot_instance(
        &self,
        n: u64,
        what: impl FnOnce(&mut Account, &str) -> Result<(), NotSpot>,
    ) -> Result<(), StepError> {
        let instances: Vec<String> = self.checker.instances().into_keys().collect();
        match nth(instances, n) {
            Some(id) => Ok(self.host.with(|account| what(account, &id))?),
            None => Ok(()),
        }
    }

    fn stop_execution(&self, n: u64, start_anew: bool) -> Result<(), StepError> {
        let running = self.host.with(|account| {
            let all = account[STEPFUNCTIONS].executions().iter();
            // Nobody stops the reconciler, which is about no instance.
            let running = all.filter(|one| one.stop.is_none() && !one.instance().is_empty());
            running
                .map(|one| {
                    (
                        one.arn.clone(),
                        one.state_machine.clone(),
                        one.input_text.clone(),
                    )
                })
                .collect::<Vec<_>>()
        });
        let Some((arn, machine, input)) = nth(running, n) else {
            return Ok(());
        };
        self.call(
            "states",
            "StopExecution",
            &json!({"executionArn": arn, "error": "Rehearsal"}),
        )?;
        if start_anew {
            let input = json!({"stateMachineArn": machine, "input": input});
            self.call("states", "StartExecution", &input)?;
        }
        Ok(())
    }

    fn update_service(&self, n: u64, change: Value) -> Result<(), StepError> {
        let services = self.host.with(|account| account[ECS].services());
        // The number of a daemon's tasks is nobody's to set.
        let scaled = change.get("desiredCount").is_some();
        let may = services
            .into_iter()
            .filter(|service| !(scaled && service.daemon));
        let Some(service) = nth(may.collect(), n) else {
            return Ok(());
        };
        let mut input = json!({"cluster": service.cluster, "service": service.name});
        if let (Some(input), Some(change)) = (input.as_object_mut(), change.as_object()) {
            input.extend(change.clone());
        }
        self.call("ecs", "UpdateService", &input).map(drop)
    }

    fn operator_drains(&self, n: u64) -> Result<(), StepError> {
        let instances: Vec<String> = self.checker.instances().into_keys().collect();
        let Some(id) = nth(instances, n) else {
            return Ok(());
        };
        let filter = json!({"cluster": self.cluster, "filter": format!("ec2InstanceId == {id}")});
        let listed = self.call("ecs", "ListContainerInstances", &filter)?;
        let arns = &listed["containerInstanceArns"];
        if arns.as_array().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        self.checker.drained_by_hand(&id);
        let input =
            json!({"cluster": self.cluster, "containerInstances": arns, "status": "DRAINING"});
        self.call("ecs", "UpdateContainerInstancesState", &input)
            .map(drop)
    }

    /// The same definition and the same functions, as a deployment of the same version writes them
    /// anew.
    fn update_workers(&self) -> Result<(), StepError> {
        let machines = self.host.with(|account| {
            let all = account[STEPFUNCTIONS].executions().iter();
            let mut arns: Vec<String> = all.map(|one| one.state_machine.clone()).collect();
            arns.sort();
            arns.dedup();
            let texts = arns.into_iter().filter_map(|arn| {
                let machine = account[STEPFUNCTIONS].machine(&arn)?;
                Some((arn, machine.definition_text.clone()))
            });
            texts.collect::<Vec<_>>()
        });
        for (arn, text) in machines {
            let input = json!({"stateMachineArn": arn, "definition": text});
            self.call("states", "UpdateStateMachine", &input)?;
        }
        Ok(())
    }
}

/// The one at this place, counted round.
fn nth<T>(mut all: Vec<T>, n: u64) -> Option<T> {
    let place = usize::try_from(n).unwrap_or_default();
    (!all.is_empty()).then(|| all.swap_remove(place % all.len()))
}

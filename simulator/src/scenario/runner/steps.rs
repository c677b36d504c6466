//! What an operator, or the world, does to the cluster in a scenario.

use serde_json::{Value, json};

use super::{LIMIT, Runner, refused};
use crate::cloudwatch::CLOUDWATCH;
use crate::ecs::ECS;
use crate::faults::FAULTS;
use crate::scenario::{Action, Call, Fault, StepError, print};
use crate::trace::{DoneBy, TraceEvent};

impl Runner {
    /// Does what takes no time.
    pub(super) fn step(&mut self, action: &Action) -> Result<(), StepError> {
        match action {
            Action::Scale(size) => {
                let input = json!({"AutoScalingGroupName": self.cluster, "DesiredCapacity": size});
                self.scaled = usize::try_from(*size).ok();
                self.call("autoscaling", "SetDesiredCapacity", &input)
                    .map(drop)
            }
            Action::WarmPool(size) => {
                let input = json!({"AutoScalingGroupName": self.cluster, "MinSize": size, "PoolState": "Stopped"});
                self.call("autoscaling", "PutWarmPool", &input).map(drop)
            }
            Action::PutEvent(event) => self.put_event(event),
            Action::Deregister => self.deregister(),
            Action::DeleteServices => self.delete_services(),
            Action::Call(call) => self.operator_calls(call, false),
            Action::Inject(incident) => self.inject(*incident),
            Action::StartFaults => self.start_faults(None),
            Action::StartRollout => self.release().map(drop),
            Action::Try(action) => {
                if let Err(refused) = self.step(action) {
                    self.record_operator_action("refused".to_owned(), refused.to_string());
                }
                Ok(())
            }
            Action::Refused(call) => self.operator_calls(call, true),
            Action::Alarm(name) => {
                self.host
                    .with(|account| account[CLOUDWATCH].in_alarm.insert(name.clone()));
                Ok(())
            }
            Action::AlarmEnds(name) => {
                self.host
                    .with(|account| account[CLOUDWATCH].in_alarm.remove(name));
                Ok(())
            }
            Action::FaultStarts(fault) => self.fault_sets_in(*fault),
            Action::FaultEnds(fault) => {
                self.host
                    .with(|account| account[FAULTS].active.clear(*fault));
                Ok(())
            }
            other => Err(StepError::TakesTime(Box::new(other.clone()))),
        }
    }

    /// Does what was put off, and records it, so that a reader sees where it fell.
    pub(super) fn perform_scheduled(&mut self, action: &Action) -> Result<(), StepError> {
        let what = match action {
            // They record themselves.
            Action::Call(_) | Action::Refused(_) => return self.step(action),
            Action::Try(action) => print::step(action),
            Action::Inject(incident) => incident.to_string(),
            Action::Scale(size) => format!("scales to {size}"),
            Action::WarmPool(size) => format!("makes a warm pool of {size}"),
            Action::PutEvent(_) => "puts an event".to_owned(),
            Action::Deregister => "deregisters".to_owned(),
            Action::DeleteServices => "deletes services".to_owned(),
            Action::Alarm(name) => format!("alarm {name} rings"),
            Action::AlarmEnds(name) => format!("alarm {name} is over"),
            Action::FaultStarts(fault) => format!("fault {}", fault.name()),
            Action::FaultEnds(None) => "mends all faults".to_owned(),
            Action::FaultEnds(Some(fault)) => format!("mends {}", fault.name()),
            other => format!("{other:?}"),
        };
        self.record_action(done_by(action), what, String::new());
        self.step(action)
    }

    fn fault_sets_in(&mut self, fault: Fault) -> Result<(), StepError> {
        if fault == Fault::DrainHangs {
            return Err(StepError::HangsFromTheStart);
        }
        if self.released.is_none() {
            return Err(StepError::NoRollout(fault));
        }
        self.host.with(|account| account[FAULTS].active.add(fault));
        Ok(())
    }

    pub(super) fn record_operator_action(&self, what: String, detail: String) {
        self.record_action(DoneBy::Operator, what, detail);
    }

    fn record_action(&self, by: DoneBy, what: String, detail: String) {
        let deed = TraceEvent::ScenarioAction { by, what, detail };
        self.host.with(|account| account.record(deed));
    }

    fn operator_calls(&self, call: &Call, must_be_refused: bool) -> Result<(), StepError> {
        let (service, action) = (&call.service, &call.action);
        let input = self.filled_in(&call.input)?;
        self.record_operator_action(action.clone(), format!("{service}: {input}"));
        let answer = self.host.call(service, action, &input);
        if let Err(error) = &answer {
            self.record_operator_action(action.clone(), format!("refused: {error}"));
        }
        match (answer, must_be_refused) {
            (Ok(_), false) | (Err(_), true) => Ok(()),
            (Err(error), false) => Err(refused(action, error)),
            (Ok(_), true) => Err(StepError::Accepted {
                service: service.clone(),
                action: action.clone(),
            }),
        }
    }

    /// The JSON of a scenario with what its `$NAMES` stand for.
    fn filled_in(&self, json: &Value) -> Result<Value, StepError> {
        let mut text = json.to_string();
        let group = self.group();
        let instances = group["Instances"].as_array();
        let id = |one: Option<&Value>| {
            let id = one.and_then(|one| one["InstanceId"].as_str());
            id.unwrap_or_default().to_owned()
        };
        // From the last one on, since $NTH_1 is also how $NTH_10 begins.
        let all = instances.map(Vec::as_slice).unwrap_or_default();
        for (place, one) in all.iter().enumerate().rev() {
            text = text.replace(&format!("$NTH_{}", place + 1), &id(Some(one)));
        }
        let retained = |one: &&Value| {
            let state = one["LifecycleState"].as_str();
            state.is_some_and(|state| state.ends_with(":Retained"))
        };
        let template = group["LaunchTemplate"]["LaunchTemplateId"].as_str();
        for (name, value) in [
            ("$INSTANCE", id(instances.and_then(|all| all.first()))),
            ("$NEWEST", id(instances.and_then(|all| all.last()))),
            ("$RETAINED", id(all.iter().find(retained))),
            ("$GROUP", self.cluster.clone()),
            ("$CLUSTER", self.cluster.clone()),
            ("$STACK", self.stack.clone()),
            ("$TEMPLATE", template.unwrap_or_default().to_owned()),
        ] {
            text = text.replace(name, &value);
        }
        serde_json::from_str(&text).map_err(|error| StepError::NotJson {
            cause: error.to_string(),
            text,
        })
    }

    fn put_event(&self, event: &Value) -> Result<(), StepError> {
        let event = self.filled_in(event)?;
        self.host
            .with(|account| crate::eventbridge::put_event(account, event));
        Ok(())
    }

    /// The group, as DescribeAutoScalingGroups answers it; null if there is none.
    pub(super) fn group(&self) -> Value {
        let input = json!({"AutoScalingGroupNames": [self.cluster]});
        let answer = self.call("autoscaling", "DescribeAutoScalingGroups", &input);
        answer.map_or(Value::Null, |answer| answer["AutoScalingGroups"][0].clone())
    }

    pub(super) fn oldest(&self) -> Option<String> {
        let id = &self.group()["Instances"][0]["InstanceId"];
        id.as_str().map(str::to_owned)
    }

    fn deregister(&self) -> Result<(), StepError> {
        let oldest = self.oldest().ok_or(StepError::NothingToDeregister)?;
        let filter =
            json!({"cluster": self.cluster, "filter": format!("ec2InstanceId == {oldest}")});
        let listed = self.call("ecs", "ListContainerInstances", &filter)?;
        let input = json!({"cluster": self.cluster, "containerInstance": listed["containerInstanceArns"][0], "force": true});
        self.call("ecs", "DeregisterContainerInstance", &input)
            .map(drop)
    }

    pub(super) async fn delete(&mut self) -> Result<(), StepError> {
        self.call(
            "cloudformation",
            "DeleteStack",
            &json!({"StackName": self.stack}),
        )?;
        self.wait_idle(LIMIT).await
    }

    fn delete_services(&self) -> Result<(), StepError> {
        let services = self.host.with(|account| account[ECS].services());
        for service in services {
            let input = json!({"cluster": service.cluster, "service": service.name, "force": true});
            self.call("ecs", "DeleteService", &input)?;
        }
        Ok(())
    }
}

/// Whose deed a step is.
fn done_by(action: &Action) -> DoneBy {
    match action {
        Action::Try(action) => done_by(action),
        Action::Inject(_) | Action::Alarm(_) | Action::AlarmEnds(_) | Action::FaultStarts(_) => {
            DoneBy::Incident
        }
        _ => DoneBy::Operator,
    }
}

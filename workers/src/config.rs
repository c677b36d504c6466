//! The input, read once: the lifecycle event, the settings that the template wrote into its hook's
//! metadata, and the earlier answers. All mistakes are found before the first request is made, and
//! are told together.

mod action;
mod drain_options;
mod fields;
mod history;
pub(crate) mod interface;
mod legacy_metadata;

pub(crate) use fields::Fields;

pub use history::{
    DrainStart, DrainedDetails, DrainingDetails, History, JoinedDetails, StableDetails,
};
pub use interface::INTERFACE_VERSION;

use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::error::{Error, Mistake};
use crate::model::{
    Action, ClusterName, LogicalId, Policy, Settings, StackName, StackResource, Subject,
    Transition, UpdateMethod,
};

/// The `source` of the events with which the reconciler starts executions; Auto Scaling's own have
/// another.
pub const RECONCILER: &str = "ecs-rollout.reconcile";

/// What a lifecycle hook's heartbeat timeout may be, in seconds, by the Auto Scaling API.
const HEARTBEAT_TIMEOUT_SECONDS: RangeInclusive<i64> = 30..=7200;

/// A lifecycle action ends after 48 hours, whatever its heartbeats: a later deadline would never be
/// met.
const DEADLINE_SECONDS: RangeInclusive<i64> = 1..=172_800;

/// What could be read of an input. A part is missing if there is a mistake in it.
#[derive(Debug)]
pub struct Reading {
    /// The lifecycle action.
    pub action: Option<Action>,
    /// When its event was written.
    pub began: Option<Timestamp>,
    /// When the turn of its drain came, if that had to wait.
    pub turn_came: Option<Timestamp>,
    /// The settings of its hook.
    pub settings: Option<Settings>,
    /// Where CloudFormation waits, even if other settings are bad.
    pub target: Option<StackResource>,
    /// Keys of the metadata that this version does not know: an older worker during a rollback.
    /// They are not mistakes.
    pub unknown_keys: Vec<String>,
    /// All that is wrong.
    pub mistakes: Vec<Mistake>,
}

impl Reading {
    /// The subject.
    ///
    /// # Errors
    /// `BadEvent` with every mistake.
    pub fn subject(self) -> Result<Subject, Error> {
        match (self.action, self.began, self.settings) {
            (Some(action), Some(began), Some(settings)) if self.mistakes.is_empty() => {
                Ok(Subject {
                    action,
                    began,
                    turn_came: self.turn_came,
                    settings,
                })
            }
            _ => Err(Error::BadEvent {
                mistakes: self.mistakes,
            }),
        }
    }
}

/// Reads an event as EventBridge delivers it.
pub fn read_event(input: &Value) -> Reading {
    let mut mistakes = Vec::new();
    let mut unknown_keys = Vec::new();
    let empty = Map::new();
    let mut event = Fields::of(input, "", &empty, &mut mistakes);
    event.one_of("source", &[("aws.autoscaling", ()), (RECONCILER, ())]);
    let kind = event.one_of(
        "detail-type",
        &[Transition::Launching, Transition::Terminating].map(|way| (way.event_type(), way)),
    );
    let began = event.time("time");
    let mut detail = Fields::of(&input["detail"], "detail", &empty, &mut mistakes);
    let action = action::read(&mut detail);
    let metadata = detail.text("NotificationMetadata");
    if let (Some(kind), Some(action)) = (kind, &action)
        && kind != action.transition
    {
        detail.refuse("LifecycleTransition", "goes the other way than detail-type");
    }
    let parsed = metadata.and_then(|text| match serde_json::from_str::<Value>(text) {
        Ok(value) => Some(value),
        Err(error) => {
            detail.refuse("NotificationMetadata", format!("is not JSON: {error}"));
            None
        }
    });
    let (settings, target) = match &parsed {
        Some(value) => {
            let path = "detail.NotificationMetadata";
            let mut fields = Fields::of(value, path, &empty, &mut mistakes);
            unknown_keys =
                fields.unknown_keys(&[&METADATA_KEYS[..], &drain_options::KEYS[..]].concat());
            read_settings(&mut fields)
        }
        None => (None, None),
    };
    Reading {
        action,
        began,
        turn_came: history::turn(input).and_then(|turn| turn.came_at),
        settings,
        target,
        unknown_keys,
        mistakes,
    }
}

const METADATA_KEYS: [&str; 11] = [
    "cluster",
    "stack",
    "resource",
    "heartbeatTimeoutSeconds",
    "joinDeadlineSeconds",
    "drainDeadlineSeconds",
    "drainDeadlinePolicy",
    "batchSize",
    "updateMethod",
    "metrics",
    interface::KEY,
];

fn read_settings(metadata: &mut Fields<'_>) -> (Option<Settings>, Option<StackResource>) {
    let understood = interface::check(metadata);
    let cluster = metadata.text("cluster");
    let stack = metadata.text("stack");
    let resource = metadata.text("resource");
    let heartbeat = metadata.seconds("heartbeatTimeoutSeconds", &HEARTBEAT_TIMEOUT_SECONDS);
    let join = metadata.seconds("joinDeadlineSeconds", &DEADLINE_SECONDS);
    let drain = metadata.seconds("drainDeadlineSeconds", &DEADLINE_SECONDS);
    let policy = metadata.one_of(
        "drainDeadlinePolicy",
        &[
            ("retain", Policy::Retain),
            ("stop-tasks", Policy::StopTasks),
            ("terminate", Policy::Terminate),
        ],
    );
    let batch_size = legacy_metadata::batch_size(metadata);
    let update_method = legacy_metadata::update_method(metadata);
    let cases = drain_options::read(metadata);
    let metrics = legacy_metadata::metrics(metadata);
    let target = stack.zip(resource).map(|(stack, resource)| StackResource {
        stack: StackName::new(stack),
        resource: LogicalId::new(resource),
        // A signal that means nothing does no harm.
        update_method: update_method.unwrap_or(UpdateMethod::RollingUpdate),
    });
    let settings = || {
        understood?;
        Some(Settings {
            cluster: ClusterName::new(cluster?),
            target: update_method.and(target.clone())?,
            heartbeat_timeout: heartbeat?,
            join_deadline: join?,
            drain_deadline: drain?,
            policy: policy?,
            batch_size: batch_size?,
            cases: cases.clone()?,
            metrics: metrics?,
        })
    };
    (settings(), target)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Place;
    use crate::stub;

    fn fields(error: Error) -> Vec<String> {
        match error {
            Error::BadEvent { mistakes } => mistakes.into_iter().map(|it| it.field).collect(),
            other => panic!("expected BadEvent, got {other}"),
        }
    }

    #[test]
    fn a_whole_event_is_read() {
        let subject = stub::terminating();
        assert_eq!(subject.action.transition, Transition::Terminating);
        assert_eq!(subject.action.origin, Some(Place::AutoScalingGroup));
        assert_eq!(subject.drain_deadline().to_string(), "2026-11-23T00:50:00Z");
        assert_eq!(subject.settings.policy, Policy::Retain);
    }

    #[test]
    fn origin_and_destination_may_be_left_out() {
        let mut event = stub::event("launch");
        let detail = event["detail"].as_object_mut().expect("an object");
        detail.remove("Origin");
        detail.remove("Destination");
        let subject = read_event(&event).subject().expect("good");
        assert!(subject.action.joins_group());
    }

    #[test]
    fn all_mistakes_of_an_event_are_reported_together() {
        let mut event = stub::event("launch");
        event["source"] = json!("my.app");
        event["time"] = json!("yesterday");
        event["detail"]["EC2InstanceId"] = json!("i-1' or true");
        event["detail"]["Origin"] = json!("Moon");
        event["detail"]["NotificationMetadata"] = json!(
            r#"{"cluster":"","stack":"S","resource":"R","heartbeatTimeoutSeconds":"3600",
                "drainDeadlineSeconds":0,"drainDeadlinePolicy":"hope"}"#
        );
        let error = read_event(&event).subject().expect_err("bad");
        assert_eq!(
            fields(error),
            [
                "source",
                "time",
                "detail.EC2InstanceId",
                "detail.Origin",
                "detail.NotificationMetadata.cluster",
                "detail.NotificationMetadata.heartbeatTimeoutSeconds",
                "detail.NotificationMetadata.joinDeadlineSeconds",
                "detail.NotificationMetadata.drainDeadlineSeconds",
                "detail.NotificationMetadata.drainDeadlinePolicy",
            ]
        );
    }

    #[test]
    fn metadata_that_is_no_json_is_named() {
        let mut event = stub::event("terminate");
        event["detail"]["NotificationMetadata"] = json!("DevCluster");
        let error = read_event(&event).subject().expect_err("bad");
        assert_eq!(fields(error), ["detail.NotificationMetadata"]);
    }

    #[test]
    fn a_type_that_contradicts_the_transition_is_refused() {
        let mut event = stub::event("launch");
        event["detail-type"] = json!("EC2 Instance-terminate Lifecycle Action");
        let error = read_event(&event).subject().expect_err("bad");
        assert_eq!(fields(error), ["detail.LifecycleTransition"]);
    }

    #[test]
    fn unknown_keys_of_the_metadata_are_no_mistakes() {
        let mut event = stub::event("launch");
        let metadata = event["detail"]["NotificationMetadata"].as_str();
        let newer = metadata.expect("a text").replacen('{', r#"{"moon":1,"#, 1);
        event["detail"]["NotificationMetadata"] = json!(newer);
        let reading = read_event(&event);
        assert_eq!(reading.unknown_keys, ["moon"]);
        reading.subject().expect("good all the same");
    }

    #[test]
    fn something_that_is_no_event_at_all_is_refused() {
        let error = read_event(&json!([])).subject().expect_err("bad");
        let fields = fields(error);
        assert_eq!(fields[..2], ["input", "source"]);
        assert!(fields.contains(&"detail".to_owned()));
    }

    #[test]
    fn a_missing_baseline_is_a_bad_event() {
        assert_eq!(
            fields(History::read(&json!({})).drain_begun().expect_err("bad")),
            ["draining"]
        );
    }
}

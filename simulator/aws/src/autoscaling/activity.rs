//! Scaling activities: the history that a group tells of itself, in AWS's words.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::capacity::zone_id;
use super::group::{Group, Instance};
use super::whole_seconds;
use crate::trace::Cause;

/// One activity.
#[derive(Debug, Clone)]
pub struct Activity {
    pub(super) id: String,
    pub(super) instance: String,
    pub(super) description: String,
    pub(super) cause: String,
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
    pub(super) status: &'static str,
    pub(super) message: Option<String>,
    pub(super) progress: u32,
    /// Subnet and zone.
    pub(super) place: (String, String),
}

/// A cause, and what a user asked for before it, if that is why.
#[derive(Debug, Clone)]
pub struct Why {
    /// The cause itself.
    pub cause: Cause,
    /// The sentence on what a user asked for.
    pub asked: Option<String>,
}

impl From<Cause> for Why {
    fn from(cause: Cause) -> Self {
        Self { cause, asked: None }
    }
}

impl Why {
    /// What the activity of a launch tells as its cause.
    pub fn of_launch(&self, now: Timestamp) -> String {
        self.after_asking(self.cause.of_launch(now))
    }

    /// What the activity of the end of the instance `id` tells as its cause.
    pub fn of_end(&self, now: Timestamp, id: &str) -> String {
        self.after_asking(self.cause.of_end(now, id))
    }

    fn after_asking(&self, sentence: String) -> String {
        match &self.asked {
            Some(asked) => format!("{asked}  {sentence}"),
            None => sentence,
        }
    }
}

impl Cause {
    /// The sentence on the launch of an instance.
    fn of_launch(&self, now: Timestamp) -> String {
        let at = whole_seconds(now);
        match self {
            Self::Difference(from, to) => format!(
                "At {at} an instance was started in response to a difference between desired and actual capacity, increasing the capacity from {from} to {to}."
            ),
            Self::Refresh => {
                format!("At {at} an instance was launched in response to an instance refresh.")
            }
            // assumption: the text. An activity of Capacity Rebalancing on AWS proves it.
            Self::Rebalance => format!(
                "At {at} an instance was launched in response to an EC2 instance rebalance recommendation."
            ),
            _ => format!(
                "At {at} an instance was launched in response to an unhealthy instance needing to be replaced."
            ),
        }
    }

    /// The sentence on the end of the instance `id`.
    fn of_end(&self, now: Timestamp, id: &str) -> String {
        let at = whole_seconds(now);
        let out = "was taken out of service in response to";
        match self {
            Self::Difference(from, to) => format!(
                "At {at} an instance {out} a difference between desired and actual capacity, shrinking the capacity from {from} to {to}.  At {at} instance {id} was selected for termination."
            ),
            Self::UserRequest(None) => format!("At {at} instance {id} {out} a user request."),
            Self::UserRequest(Some((from, to))) => format!(
                "At {at} instance {id} {out} a user request, shrinking the capacity from {from} to {to}."
            ),
            Self::GroupDeletion => format!("At {at} instance {id} {out} a group deletion."),
            // assumption: the text. An activity of Capacity Rebalancing on AWS proves it.
            Self::Rebalance => {
                format!("At {at} an instance {out} an EC2 instance rebalance recommendation.")
            }
            Self::HealthCheck | Self::Replacement => format!(
                "At {at} an instance {out} an EC2 health check indicating it has been terminated or stopped."
            ),
            Self::UserHealthCheck => format!("At {at} an instance {out} a user health-check."),
            Self::LaunchFailure => {
                format!("At {at} an instance {out} a launch failure.")
            }
            Self::Refresh => format!("At {at} an instance {out} an instance refresh."),
            Self::Lifetime => {
                format!(
                    "At {at} an instance {out} its age exceeding the maximum instance lifetime."
                )
            }
        }
    }
}

impl Activity {
    /// An activity on `instance` that starts now.
    pub fn launching(id: String, now: Timestamp, instance: &Instance, cause: String) -> Self {
        Self {
            description: format!("Launching a new EC2 instance: {}", instance.id),
            status: "PreInService",
            progress: 30,
            ..Self::new(id, now, cause)
        }
        .on(instance)
    }

    /// An activity that takes `instance` away.
    pub fn terminating(id: String, now: Timestamp, instance: &Instance, cause: String) -> Self {
        Self {
            description: format!("Terminating EC2 instance: {}", instance.id),
            ..Self::new(id, now, cause)
        }
        .on(instance)
    }

    /// An activity by which a user takes `instance` out of service, or into it, without launching
    /// or terminating it.
    pub fn by_user(
        id: String,
        now: Timestamp,
        instance: &Instance,
        doing: &str,
        cause: String,
    ) -> Self {
        Self {
            description: format!("{doing}: {}", instance.id),
            ..Self::new(id, now, cause)
        }
        .on(instance)
    }

    /// An activity on no instance that starts now.
    pub fn new(id: String, now: Timestamp, cause: String) -> Self {
        Self {
            id,
            instance: String::new(),
            description: String::new(),
            cause,
            started: now,
            ended: None,
            status: "InProgress",
            message: None,
            progress: 0,
            place: Default::default(),
        }
    }

    fn on(mut self, instance: &Instance) -> Self {
        self.instance = instance.id.clone();
        self.place = (instance.subnet.clone(), instance.availability_zone.clone());
        self
    }

    /// Ends the activity; a `message` is its status reason.
    pub fn end(&mut self, now: Timestamp, status: &'static str, message: Option<String>) {
        if let Some(message) = &message {
            self.description
                .push_str(&format!(".  Status Reason: {message}"));
        }
        self.status = status;
        self.message = message;
        self.progress = 100;
        self.ended = Some(now);
    }

    /// Zone and subnet, as the API writes them. That of an attached instance has no subnet
    /// (recorded: radkawar/stackd
    /// testdata/aws/autoscaling/failure_boundaries_native_complete.json, 2026-09).
    pub fn details(&self) -> Value {
        let (subnet, zone) = &self.place;
        let mut details = json!({});
        if !zone.is_empty() {
            details["Availability Zone ID"] = json!(zone_id(zone));
        }
        if !subnet.is_empty() {
            details["Subnet ID"] = json!(subnet);
        }
        if !zone.is_empty() {
            details["Availability Zone"] = json!(zone);
        }
        details
    }

    /// As the call that began it answers it: without the group's ARN and state (recorded: the
    /// same).
    pub fn answer(&self, group: &Group) -> Value {
        let mut answer = self.to_json(group);
        if let Some(members) = answer.as_object_mut() {
            members.shift_remove("AutoScalingGroupARN");
            members.shift_remove("AutoScalingGroupState");
        }
        answer
    }

    /// As DescribeScalingActivities answers it: the start has milliseconds, the end has not
    /// (recorded: radkawar/stackd testdata/aws/autoscaling/termination_native.json, 2026-09).
    pub fn to_json(&self, group: &Group) -> Value {
        let mut answer = json!({
            "ActivityId": self.id, "AutoScalingGroupName": group.name, "Description": self.description,
            "Cause": self.cause, "StartTime": self.started.to_string(), "StatusCode": self.status,
            "Progress": self.progress, "Details": self.details().to_string(), "AutoScalingGroupARN": group.arn,
            "AutoScalingGroupState": if group.is_deleted { "Deleted" } else { "InService" },
        });
        if let Some(ended) = self.ended {
            answer["EndTime"] = json!(whole_seconds(ended));
        }
        if let Some(message) = &self.message {
            answer["StatusMessage"] = json!(message);
        }
        answer
    }
}

impl Group {
    /// The activity `id`.
    pub(super) fn activity_mut(&mut self, id: &str) -> Option<&mut Activity> {
        self.activities
            .iter_mut()
            .find(|activity| activity.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::LifecycleState as S;
    use crate::autoscaling::scene::*;

    #[test]
    fn causes_are_given_in_the_words_of_aws() {
        let now: Timestamp = "2026-11-23T00:00:00.25Z".parse().expect("an instant");
        let asked = Why {
            cause: Cause::Difference(7, 8),
            asked: Some("At T a user request did.".to_owned()),
        };
        assert_eq!(
            asked.of_launch(now),
            "At T a user request did.  At 2026-11-23T00:00:00Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 7 to 8."
        );
        for (cause, text) in [
            (
                Cause::Difference(3, 2),
                "At 2026-11-23T00:00:00Z an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from 3 to 2.  At 2026-11-23T00:00:00Z instance i-1 was selected for termination.",
            ),
            (
                Cause::UserRequest(None),
                "At 2026-11-23T00:00:00Z instance i-1 was taken out of service in response to a user request.",
            ),
            (
                Cause::UserRequest(Some((4, 3))),
                "At 2026-11-23T00:00:00Z instance i-1 was taken out of service in response to a user request, shrinking the capacity from 4 to 3.",
            ),
            (
                Cause::HealthCheck,
                "At 2026-11-23T00:00:00Z an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.",
            ),
            (
                Cause::LaunchFailure,
                "At 2026-11-23T00:00:00Z an instance was taken out of service in response to a launch failure.",
            ),
        ] {
            assert_eq!(Why::from(cause).of_end(now, "i-1"), text);
        }
    }

    #[test]
    fn an_activity_shows_the_open_hook_and_then_its_end() {
        let more = json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hooks()});
        let mut account = account(1, more);
        until_in(&mut account, S::Pending);
        assert_eq!(activities(&mut account)[0]["StatusCode"], "PreInService");
        pass(&mut account, 30);
        let open = activities(&mut account)[0].clone();
        assert_eq!(open["StatusCode"], "MidLifecycleAction");
        assert!(open.get("EndTime").is_none());
        let details: Value =
            serde_json::from_str(open["Details"].as_str().expect("text")).expect("JSON");
        assert_eq!(
            details,
            json!({
                "Availability Zone ID": "euw1-az1", "Subnet ID": "subnet-1",
                "Availability Zone": "eu-west-1a",
            })
        );
        let_in(&mut account);
        pass(&mut account, 60);
        let ended = activities(&mut account)[0].clone();
        assert_eq!(
            (&ended["StatusCode"], &ended["Progress"]),
            (&json!("Successful"), &json!(100))
        );
        let created = "a user request created an AutoScalingGroup changing the desired capacity from 0 to 1.  At ";
        assert!(
            ended["Cause"].as_str().expect("text").contains(created),
            "{ended}"
        );
    }

    #[test]
    fn an_abandoned_launch_gives_its_reason() {
        let more = json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hooks()});
        let mut account = account(1, more);
        pass(&mut account, 60);
        let id = only_one(&account, S::PendingWait);
        let token = group(&account).instances[0].moving.actions[0].token.clone();
        complete(&mut account, "launch", &id, "ABANDON").expect("the action is open");
        let all = activities(&mut account);
        let (ending, launch) = (&all[0], &all[1]);
        let reason = format!(
            "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token {token} was abandoned: Lifecycle Action Completed with ABANDON Result"
        );
        assert_eq!(
            launch["Description"],
            format!("Launching a new EC2 instance: {id}.  Status Reason: {reason}")
        );
        assert_eq!(
            (&launch["StatusCode"], &launch["StatusMessage"]),
            (&json!("Cancelled"), &json!(reason))
        );
        assert_eq!(
            ending["Description"],
            format!("Terminating EC2 instance: {id}")
        );
        assert!(
            ending["Cause"]
                .as_str()
                .expect("text")
                .ends_with("in response to a launch failure.")
        );
    }

    #[test]
    fn activities_are_paged_newest_first() {
        let mut account = account(1, json!({"DesiredCapacity": 3}));
        pass(&mut account, 200);
        let first = call(
            &mut account,
            "DescribeScalingActivities",
            json!({"MaxRecords": 2}),
        )
        .expect("a page");
        assert_eq!(first["Activities"].as_array().expect("a list").len(), 2);
        let next = json!({"MaxRecords": "2", "NextToken": first["NextToken"]});
        let last = call(&mut account, "DescribeScalingActivities", next).expect("a page");
        assert_eq!(last["Activities"].as_array().expect("a list").len(), 1);
        assert!(last.get("NextToken").is_none());
    }
}

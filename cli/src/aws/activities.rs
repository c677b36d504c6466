//! The group's scaling activities: who comes, who goes, and what failed.

use aws_sdk_autoscaling::error::ProvideErrorMetadata;
use jiff::Timestamp;
use workers::Error;
use workers::model::GroupName;

use super::{Aws, Page, time};

/// DescribeScalingActivities takes so many, by its API.
const ACTIVITIES_A_PAGE: i32 = 100;

/// What causes an activity that is no rollout's doing, in the words of AWS's causes.
const OTHER_CAUSES: [&str; 6] = [
    "health check",
    "monitor alarm",
    "scheduled action",
    "rebalance",
    "instance lifetime",
    "Availability Zone",
];

/// A scaling activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its id.
    pub id: String,
    /// What is done: `Launching a new EC2 instance: i-…`.
    pub description: String,
    /// Such as `Failed`.
    pub status: String,
    /// Why it failed, if it did.
    pub message: String,
    /// Why it was begun.
    pub cause: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended, if it has.
    pub ended: Option<Timestamp>,
}

impl Activity {
    /// Whether it did not come to its end.
    pub fn has_failed(&self) -> bool {
        matches!(self.status.as_str(), "Failed" | "Cancelled")
    }

    /// Whether something else than a rollout caused it: a health check, a scaling policy, a
    /// schedule, a Zone.
    pub fn is_foreign(&self) -> bool {
        OTHER_CAUSES.iter().any(|words| self.cause.contains(words))
    }

    /// The instance that it is about, if it names one.
    pub fn instance(&self) -> Option<&str> {
        let (_, rest) = self.description.split_once("EC2 instance: ")?;
        let id = rest.split([' ', '.', ',']).next()?;
        id.starts_with("i-").then_some(id)
    }

    /// Whether it launches an instance.
    pub fn launches(&self) -> bool {
        self.description.starts_with("Launching")
    }

    /// Whether it takes an instance out of the group, which runs on.
    pub fn detaches(&self) -> bool {
        self.description.starts_with("Detaching")
    }

    /// Whether it takes an instance away.
    pub fn terminates(&self) -> bool {
        self.description.starts_with("Terminating")
    }
}

impl Aws {
    /// A page of the group's activities, those that go on first, then the newest: the first, or the
    /// one that follows where `next` says.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`.
    pub async fn activities(
        &self,
        group: &str,
        next: Option<String>,
    ) -> Result<Page<Activity>, Error> {
        let call = "autoscaling:DescribeScalingActivities";
        let sent = self
            .autoscaling
            .describe_scaling_activities()
            .auto_scaling_group_name(group)
            .max_records(ACTIVITIES_A_PAGE)
            .set_next_token(next)
            .send();
        let answer = sent.await.map_err(|error| {
            let absent = error
                .message()
                .is_some_and(|it| it.contains("name not found"));
            if absent {
                Error::GroupNotFound {
                    call,
                    group: GroupName::new(group),
                }
            } else {
                Error::from_sdk(call, error)
            }
        })?;
        let activity = |one: &aws_sdk_autoscaling::types::Activity| {
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            Some(Activity {
                id: one.activity_id()?.to_owned(),
                description: text(one.description()),
                status: one.status_code()?.as_str().to_owned(),
                message: text(one.status_message()),
                cause: text(one.cause()),
                began: time(one.start_time())?,
                ended: time(one.end_time()),
            })
        };
        Ok(Page {
            items: answer.activities().iter().filter_map(activity).collect(),
            next: answer.next_token().map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activity_names_its_instance_and_whose_doing_it_is() {
        let one = |description: &str, cause: &str| Activity {
            id: "a".to_owned(),
            description: description.to_owned(),
            status: "Successful".to_owned(),
            message: String::new(),
            cause: cause.to_owned(),
            began: Timestamp::UNIX_EPOCH,
            ended: None,
        };
        let launch = one(
            "Launching a new EC2 instance: i-0a1.  Status Reason: Instance failed to complete user's Lifecycle Action",
            "At 2026-11-23T00:00:00Z an instance was started in response to a difference between desired and actual capacity, \
             increasing the capacity from 3 to 4.",
        );
        assert_eq!(launch.instance(), Some("i-0a1"));
        assert!(launch.launches() && !launch.is_foreign() && !launch.terminates());
        let dead = one(
            "Terminating EC2 instance: i-0a2",
            "At 2026-11-23T00:00:00Z an instance was taken out of service in response to an EC2 health check indicating it has \
             been terminated or stopped.",
        );
        assert_eq!(dead.instance(), Some("i-0a2"));
        assert!(dead.is_foreign() && dead.terminates());
        let waiting = one(
            "Terminating EC2 instance: i-0b - Waiting For ELB Connection Draining.",
            "",
        );
        assert_eq!(waiting.instance(), Some("i-0b"));
        // A launch that EC2 refused has no instance.
        let refused = one("Launching a new EC2 instance", "");
        assert_eq!(refused.instance(), None);
    }
}

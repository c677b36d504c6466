//! What Auto Scaling says of the lifecycle actions that are open in a group. No call lists them: an
//! open action is the hook of a transition at which an instance waits, and the scaling activity
//! which that transition belongs to.

use aws_sdk_autoscaling::types::{Activity as SdkActivity, LifecycleHook};
use jiff::Timestamp;

use super::{AutoScaling, refused};
use crate::error::Error;
use crate::model::{Action, GroupName, HookName, InstanceId, Transition};

/// How many activities are read before the search ends. Activities in progress are listed first, so
/// those of 1,000 instances that all wait at a hook fit; what lies behind is found when those
/// before it have ended
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html>).
const ACTIVITIES_READ: usize = 1000;

/// A scaling activity that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenActivity {
    /// Its id, which no other activity has.
    pub id: String,
    /// The instance that it is about.
    pub instance: InstanceId,
    /// Whether the instance comes or leaves.
    pub transition: Transition,
    /// When it began.
    pub started: Timestamp,
}

/// A lifecycle hook of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its name.
    pub name: HookName,
    /// The transition that it holds; nothing if this version does not know it.
    pub transition: Option<Transition>,
    /// What its events carry.
    pub metadata: Option<String>,
}

impl AutoScaling {
    /// The group's lifecycle hooks, 50 at most by Auto Scaling's quota.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`, `BadAnswer`.
    pub async fn hooks(&self, group: &GroupName) -> Result<Vec<Hook>, Error> {
        let call = "autoscaling:DescribeLifecycleHooks";
        let request = self.client.describe_lifecycle_hooks();
        let sent = request.auto_scaling_group_name(group.as_str()).send().await;
        let answer = sent.map_err(|error| refused(call, group, error))?;
        answer.lifecycle_hooks().iter().map(hook).collect()
    }

    /// The open activities of the group that are about `wanted` instances.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`, `BadAnswer`.
    pub async fn open_activities(
        &self,
        group: &GroupName,
        wanted: &[&InstanceId],
    ) -> Result<Vec<OpenActivity>, Error> {
        let call = "autoscaling:DescribeScalingActivities";
        let mut found: Vec<OpenActivity> = Vec::new();
        let mut pages = self
            .client
            .describe_scaling_activities()
            .auto_scaling_group_name(group.as_str())
            .into_paginator()
            .send();
        let mut read = 0;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused(call, group, error))?;
            read += page.activities().len();
            let open = page
                .activities()
                .iter()
                .filter(|one| one.end_time().is_none());
            for one in open {
                found.extend(activity(call, one)?.filter(|one| wanted.contains(&&one.instance)));
            }
            let is_found = |id: &&InstanceId| found.iter().any(|one| one.instance == **id);
            if wanted.iter().all(is_found) || read >= ACTIVITIES_READ {
                break;
            }
        }
        Ok(found)
    }
}

/// The action's token, if it is known.
pub(super) fn token(action: &Action) -> Option<String> {
    action.token.as_ref().map(|token| token.as_str().to_owned())
}

/// What names the action if its token is not known. Recorded: heartbeat and answer are taken by
/// instance id (radkawar/stackd testdata/aws/autoscaling/lifecycle_native, 2026-09).
pub(super) fn instance_id(action: &Action) -> Option<String> {
    let unnamed = action.token.is_none();
    unnamed.then(|| action.instance.as_str().to_owned())
}

fn hook(hook: &LifecycleHook) -> Result<Hook, Error> {
    let Some(name) = hook.lifecycle_hook_name() else {
        let call = "autoscaling:DescribeLifecycleHooks";
        return Err(Error::bad_answer(call, "a hook without name"));
    };
    Ok(Hook {
        name: HookName::new(name),
        transition: hook.lifecycle_transition().and_then(Transition::from_name),
        metadata: hook.notification_metadata().map(str::to_owned),
    })
}

/// The activity, if it moves one instance in or out.
fn activity(call: &'static str, one: &SdkActivity) -> Result<Option<OpenActivity>, Error> {
    let (Some(id), Some(started)) = (one.activity_id(), one.start_time()) else {
        let what = "an activity without id or start time";
        return Err(Error::bad_answer(call, what));
    };
    let started = started.to_millis().ok();
    let started = started.and_then(|at| Timestamp::from_millisecond(at).ok());
    let Some(started) = started else {
        let what = format!("activity {id} has a start time out of range");
        return Err(Error::bad_answer(call, what));
    };
    let described = describes(one.description().unwrap_or_default());
    Ok(described.map(|(transition, instance)| OpenActivity {
        id: id.to_owned(),
        instance,
        transition,
        started,
    }))
}

/// Which instance an activity is about, and which way it moves. The API has no other member that
/// says either. Recorded: "Launching a new EC2 instance: i-…", "Terminating EC2 instance: i-…"
/// (radkawar/stackd testdata/aws/autoscaling/retention_native, 2026-09).
fn describes(description: &str) -> Option<(Transition, InstanceId)> {
    let transition = match description.split(' ').next() {
        Some("Launching") => Transition::Launching,
        Some("Terminating") => Transition::Terminating,
        _ => return None,
    };
    let mut words = description.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let id = words.find(|word| InstanceId::is_well_formed(word))?;
    Some((transition, InstanceId::new(id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::{self, autoscaling};

    fn member(id: &str, description: &str, end: &str) -> String {
        format!(
            "<member><ActivityId>{id}</ActivityId><AutoScalingGroupName>G</AutoScalingGroupName>\
             <Description>{description}</Description><Cause>c</Cause><StatusCode>InProgress</StatusCode>\
             <StartTime>2026-11-23T00:00:00.250Z</StartTime>{end}</member>"
        )
    }

    #[tokio::test]
    async fn open_activities_are_read_until_all_wanted_are_found() {
        const END: &str = "<EndTime>2026-11-23T00:01:00Z</EndTime>";
        let autoscaling = autoscaling(|asked| {
            let (members, next) = if asked.body.contains("NextToken=2") {
                let leaves = member("3", "Terminating EC2 instance: i-0000000b", "");
                (leaves, "<NextToken>3</NextToken>")
            } else {
                assert!(!asked.body.contains("NextToken"), "{}", asked.body);
                let comes = member("1", "Launching a new EC2 instance: i-0000000a", "");
                let ended = member("2", "Launching a new EC2 instance: i-0000000b", END);
                (format!("{comes}{ended}"), "<NextToken>2</NextToken>")
            };
            let result = format!("<Activities>{members}</Activities>{next}");
            (200, stub::xml("DescribeScalingActivities", &result))
        });
        let ids = ["i-0000000a", "i-0000000b"].map(InstanceId::new);
        let wanted: Vec<&InstanceId> = ids.iter().collect();
        let group = GroupName::new("G");
        let open = autoscaling.open_activities(&group, &wanted).await;
        let open = open.expect("an answer");
        let ways: Vec<_> = open
            .iter()
            .map(|one| (one.id.as_str(), one.transition))
            .collect();
        assert_eq!(
            ways,
            [("1", Transition::Launching), ("3", Transition::Terminating)]
        );
        assert_eq!(open[0].started.to_string(), "2026-11-23T00:00:00.25Z");
    }

    #[tokio::test]
    async fn no_page_is_read_after_the_last_wanted_one_was_found() {
        let autoscaling = autoscaling(|asked| {
            assert!(!asked.body.contains("NextToken"), "{}", asked.body);
            let both = member("1", "Launching a new EC2 instance: i-0000000a", "")
                + &member("2", "Terminating EC2 instance: i-0000000b", "");
            let result = format!("<Activities>{both}</Activities><NextToken>2</NextToken>");
            (200, stub::xml("DescribeScalingActivities", &result))
        });
        let ids = ["i-0000000a", "i-0000000b"].map(InstanceId::new);
        for wanted in [&[&ids[0], &ids[1]][..], &[&ids[1]], &[&ids[0]]] {
            let open = autoscaling
                .open_activities(&GroupName::new("G"), wanted)
                .await;
            assert_eq!(open.expect("an answer").len(), wanted.len());
        }
    }

    #[tokio::test]
    async fn a_thousand_activities_are_read_and_no_more() {
        let autoscaling = autoscaling(|asked| {
            let token = asked.body.split("NextToken=").nth(1).unwrap_or("0");
            let page: usize = token
                .split('&')
                .next()
                .unwrap_or("0")
                .parse()
                .expect("a token");
            assert!(page < 10, "page {page}");
            let all: String = (0..100)
                .map(|n| {
                    member(
                        &format!("{page}-{n}"),
                        "Launching a new EC2 instance: i-0000000a",
                        "",
                    )
                })
                .collect();
            let next = format!("<NextToken>{}</NextToken>", page + 1);
            (
                200,
                stub::xml(
                    "DescribeScalingActivities",
                    &format!("<Activities>{all}</Activities>{next}"),
                ),
            )
        });
        let nowhere = InstanceId::new("i-0000000b");
        let open = autoscaling
            .open_activities(&GroupName::new("G"), &[&nowhere])
            .await;
        assert_eq!(open.expect("an answer"), []);
    }

    #[test]
    fn only_activities_that_move_an_instance_are_understood() {
        for description in [
            "",
            "Launching a new EC2 instance",
            "Moving EC2 instance to Standby: i-0000000a",
            "Terminating EC2 instance: i-xyz",
        ] {
            assert_eq!(describes(description), None, "{description}");
        }
        let warm = describes("Launching a new EC2 instance from warm pool: i-0000000a");
        let id = InstanceId::new("i-0000000a");
        assert_eq!(warm, Some((Transition::Launching, id)));
    }

    #[tokio::test]
    async fn hooks_are_read_with_their_metadata() {
        let autoscaling = autoscaling(|asked| {
            let hook = "<member><LifecycleHookName>h</LifecycleHookName>\
                <LifecycleTransition>autoscaling:EC2_INSTANCE_TERMINATING</LifecycleTransition>\
                <NotificationMetadata>{}</NotificationMetadata></member>";
            let hooks = format!("<LifecycleHooks>{hook}</LifecycleHooks>");
            (200, stub::xml(&asked.action, &hooks))
        });
        let hooks = autoscaling.hooks(&GroupName::new("G")).await;
        let expected = Hook {
            name: HookName::new("h"),
            transition: Some(Transition::Terminating),
            metadata: Some("{}".to_owned()),
        };
        assert_eq!(hooks.expect("an answer"), [expected]);
    }
}

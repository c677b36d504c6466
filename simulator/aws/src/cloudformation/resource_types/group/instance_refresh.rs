//! `AutoScalingInstanceRefresh`: an update of a group starts an instance refresh, and follows it to
//! its end.
//!
//! The properties and their defaults, what triggers it, that it excludes AutoScalingRollingUpdate,
//! that signals mean nothing to it, that a failure rolls the stack back with another refresh, and
//! that it may take 36 hours:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html>
//!
//! assumption: the group gets its new properties first, and the refresh names none of its own; the
//! texts of the events; an update fails if somebody else's refresh is in its way (it "may fail"),
//! while a rollback waits for its turn; a cancelled update cancels its refresh, as does one that
//! gives it up after the 36 hours; and a rollback's refresh watches no alarms. The stack events of
//! an update with this policy prove it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{GroupError, Stage};
use crate::account::Account;
use crate::autoscaling;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::evaluate::same;
use crate::cloudformation::handler::{raw, record};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::node::whole_number;
use crate::cloudformation::policy_error::PolicyError;
use crate::cloudformation::status_reason::StatusReason;
use crate::cloudformation::{operation, stack};

/// How long one refresh may take (the page above).
const LONGEST: Duration = Duration::from_secs(36 * 3600);

/// The properties whose change starts a refresh (the page above), of those that the account knows.
const TRIGGERS: [&str; 2] = ["LaunchTemplate", "VPCZoneIdentifier"];

/// `AutoScalingInstanceRefresh`, as StartInstanceRefresh takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    preferences: Value,
}

/// A refresh that an update follows.
#[derive(Debug)]
pub struct Refreshing {
    policy: Policy,
    /// The refresh, once it is started.
    id: Option<String>,
    /// Whether the stack goes back.
    back: bool,
    until: Timestamp,
}

impl Policy {
    /// Reads a worked out UpdatePolicy; nothing if it has no instance refresh.
    ///
    /// assumption: what is wrong with it is reported when the group is made, not when it is first
    /// rolled. A stack that AWS creates with such a policy proves it wrong.
    ///
    /// # Errors
    /// Why it is not possible, naming the member.
    pub fn read(update_policy: &Value) -> Result<Option<Self>, PolicyError> {
        let Some(refresh) = update_policy.get("AutoScalingInstanceRefresh") else {
            return Ok(None);
        };
        if update_policy.get("AutoScalingRollingUpdate").is_some() {
            return Err(PolicyError::TwoReplacements);
        }
        let members = refresh.as_object().into_iter().flatten();
        for (key, value) in members {
            match key.as_str() {
                "Strategy" if value == "Rolling" => {}
                "Preferences" => {}
                "Strategy" => {
                    let strategy = value.clone();
                    return Err(PolicyError::UnknownStrategy { strategy });
                }
                _ => {
                    return Err(PolicyError::UnknownMember {
                        policy: "AutoScalingInstanceRefresh",
                        member: key.clone(),
                    });
                }
            }
        }
        if refresh.get("Strategy").is_none() {
            return Err(PolicyError::NoStrategy);
        }
        let mut preferences = json!({
            "MinHealthyPercentage": 100, "MaxHealthyPercentage": 110, "SkipMatching": true,
            "ScaleInProtectedInstances": "Wait", "StandbyInstances": "Wait",
        });
        for (key, value) in refresh["Preferences"].as_object().into_iter().flatten() {
            preferences[key] = numbers(value);
        }
        autoscaling::check_preferences(&preferences).map_err(PolicyError::Preferences)?;
        Ok(Some(Self { preferences }))
    }

    /// What a refresh is asked to respect, forward or back.
    fn preferences(&self, back: bool) -> Value {
        let mut preferences = self.preferences.clone();
        if back && let Some(members) = preferences.as_object_mut() {
            members.remove("AlarmSpecification");
        }
        preferences
    }
}

/// Parameters come as text, which CloudFormation turns into what the property is.
fn numbers(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(numbers).collect(),
        Value::Object(members) => {
            let members: Map<String, Value> = members
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            members.into()
        }
        one => whole_number(one).map_or_else(|| one.clone(), Value::from),
    }
}

/// Whether a change of the group from its `old` properties starts a refresh. With nothing changed
/// at all it was begun because an earlier attempt had failed.
pub fn is_triggered(old: &Value, new: &Value) -> bool {
    let differs = |key: &str| !same(&old[key], &new[key]);
    same(old, new) || TRIGGERS.into_iter().any(differs)
}

impl Refreshing {
    /// A refresh that is yet to be started.
    pub fn new(policy: Policy, back: bool, now: Timestamp) -> Self {
        Self {
            policy,
            id: None,
            back,
            until: now + LONGEST,
        }
    }
}

/// One look: starts the refresh, or sees how far it is; says how it ended, if it did.
pub fn look(
    account: &mut Account,
    id: &str,
    name: &str,
    group: &str,
) -> Option<Result<(), ResourceError>> {
    let refreshing = of(account, id, name)?;
    let (started, back, until) = (refreshing.id.clone(), refreshing.back, refreshing.until);
    let Some(refresh) = started else {
        let preferences = refreshing.policy.preferences(back);
        let begun = start(account, id, name, group, preferences, back);
        let waits_for_turn = of(account, id, name).is_some_and(|it| it.id.is_none());
        let is_late = begun.is_none() && waits_for_turn && account.now >= until;
        return begun.or_else(|| is_late.then(|| Err(GroupError::RefreshBlocked.into())));
    };
    let input = json!({"AutoScalingGroupName": group, "InstanceRefreshIds": [refresh]});
    let answer = match raw(
        account,
        id,
        "autoscaling",
        "DescribeInstanceRefreshes",
        &input,
    ) {
        Ok(answer) => answer,
        Err(error) => return Some(Err(record(account, "autoscaling", error).into())),
    };
    let seen = &answer["InstanceRefreshes"][0];
    match seen["Status"].as_str().unwrap_or_default() {
        "Successful" => Some(Ok(())),
        status @ ("Failed" | "Cancelled" | "RollbackSuccessful" | "RollbackFailed") => {
            // Recorded (radkawar/stackd testdata/aws/autoscaling/refresh_native.json, 2026-09): one
            // that has rolled back gives its reason there only.
            let reason = match &seen["RollbackDetails"]["RollbackReason"] {
                Value::Null => scalar_text(&seen["StatusReason"]),
                reason => scalar_text(reason),
            };
            Some(Err(GroupError::RefreshEnded {
                refresh,
                status: status.to_owned(),
                percent: Box::new(seen["PercentageComplete"].clone()),
                reason,
            }
            .into()))
        }
        _ if account.now >= until => {
            cancel(account, id, name);
            Some(Err(GroupError::RefreshTooLong { refresh }.into()))
        }
        _ => None,
    }
}

fn start(
    account: &mut Account,
    id: &str,
    name: &str,
    group: &str,
    preferences: Value,
    back: bool,
) -> Option<Result<(), ResourceError>> {
    let input =
        json!({"AutoScalingGroupName": group, "Strategy": "Rolling", "Preferences": preferences});
    match raw(account, id, "autoscaling", "StartInstanceRefresh", &input) {
        Ok(answer) => {
            let refresh = scalar_text(&answer["InstanceRefreshId"]);
            let text = format!("Instance refresh {refresh} started.");
            stack::resource_enters(
                account,
                id,
                name,
                "UPDATE_IN_PROGRESS",
                StatusReason::Progress(text),
            );
            of(account, id, name)?.id = Some(refresh);
            None
        }
        Err(error) if back && error.code == "InstanceRefreshInProgress" => None,
        Err(error) => Some(Err(record(account, "autoscaling", error).into())),
    }
}

/// The update is cancelled: so is its refresh, if it goes on.
pub fn cancel(account: &mut Account, id: &str, name: &str) {
    let Some(work) = operation::group_work(account, id, name) else {
        return;
    };
    let group = work.group.clone();
    if matches!(&work.stage, Stage::Refreshing(refreshing) if refreshing.id.is_some()) {
        let input = json!({"AutoScalingGroupName": group});
        // One that has just ended needs no cancelling.
        drop(raw(
            account,
            id,
            "autoscaling",
            "CancelInstanceRefresh",
            &input,
        ));
    }
}

fn of<'a>(account: &'a mut Account, id: &str, name: &str) -> Option<&'a mut Refreshing> {
    match &mut operation::group_work(account, id, name)?.stage {
        Stage::Refreshing(refreshing) => Some(refreshing),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_read_with_its_defaults() {
        let policy = |policy: Value| Policy::read(&policy);
        assert_eq!(policy(Value::Null), Ok(None));
        assert_eq!(policy(json!({"AutoScalingRollingUpdate": {}})), Ok(None));
        let refresh = json!({"Strategy": "Rolling", "Preferences": {
            "MaxHealthyPercentage": "150", "CheckpointPercentages": ["50", "100"], "AlarmSpecification": {"Alarms": ["7"]}}});
        let read = policy(json!({"AutoScalingInstanceRefresh": refresh}))
            .expect("good")
            .expect("there");
        let expected = json!({
            "MinHealthyPercentage": 100, "MaxHealthyPercentage": 150, "SkipMatching": true,
            "ScaleInProtectedInstances": "Wait", "StandbyInstances": "Wait",
            "CheckpointPercentages": [50, 100], "AlarmSpecification": {"Alarms": ["7"]},
        });
        assert_eq!(read.preferences(false), expected);
        assert!(read.preferences(true).get("AlarmSpecification").is_none());
    }

    #[test]
    fn what_is_not_possible_is_said() {
        let refused = |policy: Value| Policy::read(&policy).expect_err("refused").to_string();
        let both = json!({"AutoScalingRollingUpdate": {}, "AutoScalingInstanceRefresh": {"Strategy": "Rolling"}});
        assert!(refused(both).contains("exclude each other"));
        let root = json!({"AutoScalingInstanceRefresh": {"Strategy": "ReplaceRootVolume"}});
        assert!(refused(root).contains("ReplaceRootVolume"));
        assert!(refused(json!({"AutoScalingInstanceRefresh": {}})).contains("no Strategy"));
        let falling =
            json!({"Strategy": "Rolling", "Preferences": {"CheckpointPercentages": ["50", "20"]}});
        assert!(
            refused(json!({"AutoScalingInstanceRefresh": falling})).contains("ascending order")
        );
        let speed = json!({"AutoScalingInstanceRefresh": {"Strategy": "Rolling", "Speed": 1}});
        assert!(refused(speed).contains("Speed"));
    }

    #[test]
    fn only_some_changes_start_a_refresh() {
        let version = |version: u64, max: u64| json!({"LaunchTemplate": {"Version": version}, "MaxSize": max});
        assert!(is_triggered(&version(1, 4), &version(2, 4)));
        assert!(!is_triggered(&version(1, 4), &version(1, 5)));
        assert!(is_triggered(&version(1, 4), &version(1, 4)), "tried again");
    }
}

//! DescribeScalingActivities: which activities there are, also of groups that are gone.
//!
//! Documented
//! (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html>):
//! those in progress first, then the newest first; for six weeks; the filters, of which `Status`
//! needs the group's name. Recorded (radkawar/stackd
//! testdata/aws/autoscaling/retention_intervention.json, 2026-09): those of a deleted group are of
//! the group state `Deleted`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::activity::Activity;
use super::group::Group;
use super::input::{not_one_of, page, validation};
use super::{State, no_such_group};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::wire::{ApiError, lists, paging};

/// How long AWS remembers an activity.
const REMEMBERED_SECONDS: i64 = 6 * 7 * 24 * 3600;

/// Where the `n`th activity of its group stands in the list: what is in progress first, then the
/// newest. One that ends between two pages may be listed twice, and is never left out.
fn place(group: &Group, activity: &Activity, n: u64) -> String {
    let over = u8::from(activity.ended.is_some());
    let started = u64::try_from(activity.started.as_millisecond()).unwrap_or_default();
    let (started, n) = (paging::newest_first(started), paging::newest_first(n));
    format!("{over}/{started}/{n}/{}", group.name)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeScalingActivities<'a> {
    #[serde(default)]
    activity_ids: Vec<String>,
    auto_scaling_group_name: Option<&'a str>,
    #[serde(borrow, default)]
    filters: Vec<Filter<'a>>,
    #[serde(default)]
    include_deleted_groups: bool,
    max_records: Option<u32>,
    next_token: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter<'a> {
    name: &'a str,
    #[serde(default)]
    values: Vec<String>,
}

/// DescribeScalingActivities.
pub(super) fn describe(
    account: &mut Account,
    request: DescribeScalingActivities<'_>,
) -> Result<Value, ApiError> {
    let (name, deleted_too) = (
        request.auto_scaling_group_name,
        request.include_deleted_groups,
    );
    let wanted = Wanted::read(request.activity_ids, request.filters, name.is_some())?;
    let oldest = account.now.as_second() - REMEMBERED_SECONDS;
    let activities = groups(&account[AUTOSCALING], name, deleted_too)?
        .into_iter()
        .flat_map(|group| {
            let each = group.activities.iter().zip(0..);
            each.map(move |(one, n)| (group, one, n))
        })
        .filter(|(_, activity, _)| activity.started.as_second() >= oldest && wanted.has(activity))
        .map(|(group, activity, n)| (place(group, activity, n), (group, activity)));
    let (page, next) = page(
        request.max_records,
        request.next_token,
        activities,
        100,
        100,
    )?;
    let page = page
        .into_iter()
        .map(|(group, activity)| activity.to_json(group))
        .collect();
    let mut answer = lists([("Activities", page)]);
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// The groups that are meant: the one called `name`, or all; those that are gone only if they are
/// asked for.
fn groups<'a>(
    state: &'a State,
    name: Option<&str>,
    deleted_too: bool,
) -> Result<Vec<&'a Group>, ApiError> {
    let gone = state.deleted.iter().filter(|_| deleted_too);
    let all = gone.chain(state.groups());
    let Some(name) = name else {
        return Ok(all.collect());
    };
    let found: Vec<&Group> = all.filter(|group| group.name == name).collect();
    if found.is_empty() {
        return Err(no_such_group(name));
    }
    Ok(found)
}

/// Which activities a call asks for.
#[derive(Debug, Default)]
struct Wanted {
    ids: Vec<String>,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
    statuses: Option<Vec<String>>,
}

impl Wanted {
    fn read(
        ids: Vec<String>,
        filters: Vec<Filter<'_>>,
        names_group: bool,
    ) -> Result<Self, ApiError> {
        let mut wanted = Self {
            ids,
            ..Self::default()
        };
        for Filter { name, values } in filters {
            match name {
                "StartTimeLowerBound" => wanted.not_before = Some(instant(&values)?),
                "StartTimeUpperBound" => wanted.not_after = Some(instant(&values)?),
                "Status" if names_group => wanted.statuses = Some(values),
                "Status" => {
                    return Err(validation(
                        "The filter Status needs AutoScalingGroupName, which is not given.",
                    ));
                }
                other => {
                    let known = ["StartTimeLowerBound", "StartTimeUpperBound", "Status"];
                    return Err(not_one_of("Filters", other, &known));
                }
            }
        }
        Ok(wanted)
    }

    fn has(&self, activity: &Activity) -> bool {
        let among = |all: &[String], one: &str| all.iter().any(|it| it == one);
        (self.ids.is_empty() || among(&self.ids, &activity.id))
            && self.not_before.is_none_or(|at| activity.started >= at)
            && self.not_after.is_none_or(|at| activity.started <= at)
            && self
                .statuses
                .as_deref()
                .is_none_or(|all| among(all, activity.status))
    }
}

fn instant(values: &[String]) -> Result<Timestamp, ApiError> {
    let mutation = || {
        validation(format!(
            "A filter on the start time has the values {values:?}; it needs one time, such as 2026-11-23T00:00:00Z."
        ))
    };
    match values {
        [one] => one.parse().map_err(|_| mutation()),
        _ => Err(mutation()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::scene::*;

    fn described(account: &mut Account, input: Value) -> Vec<Value> {
        let answer = must(account, "autoscaling", "DescribeScalingActivities", input);
        answer["Activities"].as_array().expect("a list").clone()
    }

    #[test]
    fn a_deleted_group_is_described_only_if_it_is_asked_for() {
        let mut account = account(1, json!({"DesiredCapacity": 1}));
        pass(&mut account, 100);
        let none = json!({"DesiredCapacity": 0});
        call(&mut account, "SetDesiredCapacity", none).expect("in bounds");
        pass(&mut account, 300);
        let of_it = json!({"AutoScalingGroupName": GROUP});
        let alive = described(&mut account, of_it.clone());
        assert_eq!(alive[0]["AutoScalingGroupState"], "InService");
        call(&mut account, "DeleteAutoScalingGroup", json!({})).expect("it is empty");
        let error = call(&mut account, "DescribeScalingActivities", json!({})).expect_err("gone");
        assert!(error.message.contains("not found"), "{error}");
        assert_eq!(described(&mut account, json!({})).len(), 0);
        for input in [
            json!({"AutoScalingGroupName": GROUP, "IncludeDeletedGroups": "true"}),
            json!({"IncludeDeletedGroups": true}),
        ] {
            let gone = described(&mut account, input);
            assert_eq!(gone.len(), alive.len());
            assert_eq!(gone[0]["AutoScalingGroupState"], "Deleted");
            assert_eq!(gone[0]["ActivityId"], alive[0]["ActivityId"]);
        }
        pass(&mut account, REMEMBERED_SECONDS as u64);
        let later = described(&mut account, json!({"IncludeDeletedGroups": true}));
        assert_eq!(later.len(), 0);
    }

    #[test]
    fn activities_are_filtered_by_start_and_status() {
        let mut account = account(1, json!({"DesiredCapacity": 1}));
        pass(&mut account, 200);
        let more = json!({"DesiredCapacity": 2});
        call(&mut account, "SetDesiredCapacity", more).expect("in bounds");
        until_in(&mut account, crate::autoscaling::LifecycleState::Pending);
        let count = |account: &mut Account, name: &str, value: &str| {
            let filters = json!([{"Name": name, "Values": [value]}]);
            let input = json!({"AutoScalingGroupName": GROUP, "Filters": filters});
            described(account, input).len()
        };
        let middle = "2026-11-23T00:03:20Z";
        assert_eq!(count(&mut account, "StartTimeLowerBound", middle), 1);
        assert_eq!(count(&mut account, "StartTimeUpperBound", middle), 1);
        assert_eq!(count(&mut account, "Status", "Successful"), 1);
        assert_eq!(count(&mut account, "Status", "Failed"), 0);
        for (filter, words) in [
            (
                json!({"Name": "Status", "Values": []}),
                "needs AutoScalingGroupName",
            ),
            (json!({"Name": "Colour", "Values": []}), "Colour"),
            (
                json!({"Name": "StartTimeLowerBound", "Values": ["soon"]}),
                "soon",
            ),
        ] {
            let input = json!({"Filters": [filter]});
            let caller = crate::account::Caller::Operator;
            let action = "DescribeScalingActivities";
            let error = account.call(&caller, "autoscaling", action, &input);
            let error = error.expect_err("refused");
            assert!(error.message.contains(words), "{error}");
        }
    }
}

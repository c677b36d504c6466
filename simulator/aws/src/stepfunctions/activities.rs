//! The calls about activities: names under which Task states put their questions in line, for
//! workers to poll.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::machines::checked_name;
use super::request_fields::{ListAll, Page, list};
use crate::account::{Account, arn};
use crate::stepfunctions::STEPFUNCTIONS;
use crate::wire::ApiError;

/// An activity.
#[derive(Debug)]
pub struct Activity {
    name: String,
    created: Timestamp,
    /// Attempts that no worker has taken yet, oldest first.
    pub(super) waiting: VecDeque<Asked>,
}

/// An attempt that waits for a worker.
#[derive(Debug)]
pub(super) struct Asked {
    /// Which execution, in the list of all.
    pub run: usize,
    /// Which attempt of it.
    pub attempt: u64,
    /// What is asked, as JSON text.
    pub input: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateActivity<'a> {
    name: &'a str,
    _tags: Option<IgnoredAny>,
}

/// `CreateActivity`: the same name again is answered the same, whatever its tags
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateActivity.html>).
pub fn create(account: &mut Account, request: CreateActivity<'_>) -> Result<Value, ApiError> {
    let name = checked_name(request.name)?;
    let arn = arn("states", &format!("activity:{name}"));
    let made = Activity {
        name: name.to_owned(),
        created: account.now,
        waiting: VecDeque::new(),
    };
    let activities = &mut account[STEPFUNCTIONS].activities;
    let created = activities.entry(arn.clone()).or_insert(made).created;
    Ok(json!({"activityArn": arn, "creationDate": created.to_string()}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedActivity<'a> {
    activity_arn: &'a str,
}

/// `DeleteActivity`: one that is not there is deleted already.
///
/// assumption: questions in its queue keep waiting, since neither of their clocks has begun. A task
/// that fails when its activity is deleted proves it wrong.
pub fn delete(account: &mut Account, request: NamedActivity<'_>) -> Result<Value, ApiError> {
    let activities = &mut account[STEPFUNCTIONS].activities;
    activities.remove(request.activity_arn);
    Ok(json!({}))
}

/// `DescribeActivity`.
pub fn describe(account: &mut Account, request: NamedActivity<'_>) -> Result<Value, ApiError> {
    let arn = request.activity_arn;
    let activity = known(account, arn)?;
    Ok(described(arn, activity))
}

/// `ListActivities`.
pub fn list_all(account: &mut Account, request: ListAll<'_>) -> Result<Value, ApiError> {
    let activities = account[STEPFUNCTIONS].activities.iter();
    let all = activities.map(|(arn, activity)| (arn.clone(), described(arn, activity)));
    list("activities", all, Page::of_list(&request)?)
}

fn described(arn: &str, activity: &Activity) -> Value {
    json!({"activityArn": arn, "name": activity.name, "creationDate": activity.created.to_string()})
}

/// The activity with this ARN.
pub(super) fn known<'a>(account: &'a mut Account, arn: &str) -> Result<&'a mut Activity, ApiError> {
    if !arn.contains(":activity:") {
        return Err(ApiError::client(
            "InvalidArn",
            format!("Invalid Arn: 'Invalid ARN: {arn} is not the ARN of an activity'"),
        ));
    }
    let activities = &mut account[STEPFUNCTIONS].activities;
    activities.get_mut(arn).ok_or_else(|| {
        ApiError::client(
            "ActivityDoesNotExist",
            format!("Activity Does Not Exist: '{arn}'"),
        )
    })
}

//! Task protection: a task of a service that asks not to be stopped for a while.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::cluster::{failed_arn, named};
use super::super::input::{failure, names, within};
use super::super::{Event, scheduler};
use super::Task;
use crate::account::Account;
use crate::ecs::ECS;
use crate::wire::ApiError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct UpdateTaskProtection<'a> {
    cluster: Option<&'a str>,
    #[serde(default)]
    tasks: Vec<&'a str>,
    #[serde(default)]
    protection_enabled: bool,
    expires_in_minutes: Option<i64>,
}

/// UpdateTaskProtection, of ten tasks at most, for 120 minutes unless the call says otherwise.
pub(in crate::ecs) fn update(
    account: &mut Account,
    request: UpdateTaskProtection<'_>,
) -> Result<Value, ApiError> {
    let name = named(account, request.cluster)?;
    let enabled = request.protection_enabled;
    let minutes = within("expiresInMinutes", request.expires_in_minutes, 1..=2880)?;
    let lasts = Duration::from_secs(minutes.unwrap_or(120) as u64 * 60);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for wanted in names("tasks", request.tasks, 10)? {
        match protectable(account, &name, wanted) {
            Ok(id) => {
                let until = enabled.then(|| account.now + lasts);
                account[ECS].task_mut(&name, &id).protected_until = until;
                if enabled {
                    account.after(
                        lasts,
                        Event::ProtectionEnds {
                            cluster: name.clone(),
                            id: id.clone(),
                        },
                    );
                } else {
                    scheduler::task_changed(account, &name, &id);
                }
                found.extend(
                    account[ECS]
                        .cluster(&name)
                        .task(&id)
                        .map(|task| described(account, &name, task)),
                );
            }
            Err(reason) => failures.push(failure(&failed_arn(&name, "task", wanted), reason)),
        }
    }
    Ok(json!({"protectedTasks": found, "failures": failures}))
}

/// The id of a task that can be protected, or why it cannot.
fn protectable(account: &Account, cluster: &str, wanted: &str) -> Result<String, &'static str> {
    match account[ECS].cluster(cluster).task(wanted) {
        None => Err("MISSING"),
        Some(task) if task.service.is_none() => Err("TASK_NOT_VALID"),
        Some(task) if !task.wanted => Err("DEPLOYMENT_BLOCKED"),
        Some(task) => Ok(task.id.clone()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct GetTaskProtection<'a> {
    cluster: Option<&'a str>,
    #[serde(default)]
    tasks: Vec<&'a str>,
}

/// GetTaskProtection, of a hundred tasks at most. AWS also answers for all tasks when none is
/// named; here one must be.
pub(in crate::ecs) fn get(
    account: &Account,
    request: GetTaskProtection<'_>,
) -> Result<Value, ApiError> {
    let name = named(account, request.cluster)?;
    let cluster = account[ECS].cluster(&name);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for wanted in names("tasks", request.tasks, 100)? {
        match cluster.task(wanted) {
            Some(task) if task.service.is_some() => found.push(described(account, &name, task)),
            Some(_) => failures.push(failure(
                &failed_arn(&name, "task", wanted),
                "TASK_NOT_VALID",
            )),
            None => failures.push(failure(&failed_arn(&name, "task", wanted), "MISSING")),
        }
    }
    Ok(json!({"protectedTasks": found, "failures": failures}))
}

fn described(account: &Account, cluster: &str, task: &Task) -> Value {
    let arn = account[ECS].cluster(cluster).arn_of("task", &task.id);
    let mut described = json!({"taskArn": arn, "protectionEnabled": task.protected(account.now)});
    if let Some(until) = task.protected_until.filter(|until| *until > account.now) {
        described["expirationDate"] = until.to_string().into();
    }
    described
}

impl Task {
    /// Whether it is protected at `now`.
    pub(in crate::ecs) fn protected(&self, now: jiff::Timestamp) -> bool {
        self.protected_until.is_some_and(|until| until > now)
    }
}

/// A task's protection may have ended: its service looks again.
pub(in crate::ecs) fn ended(account: &mut Account, cluster: &str, id: &str) {
    if account[ECS].cluster(cluster).tasks.contains_key(id) {
        scheduler::task_changed(account, cluster, id);
    }
}

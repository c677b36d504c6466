//! Attributes that users put on container instances.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::cluster::named;
use super::super::input::{REQUESTS, invalid};
use crate::account::Account;
use crate::ecs::ECS;
use crate::trace::TraceEvent;
use crate::wire::ApiError;
use crate::wire::request::non_empty;

/// How many a call may put, and how many an instance may have beside those of ECS and its agent
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAttributes.html>).
const AT_MOST: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct PutAttributes<'a> {
    cluster: Option<&'a str>,
    #[serde(default)]
    attributes: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attribute<'a> {
    #[serde(deserialize_with = "non_empty")]
    name: &'a str,
    value: Option<&'a str>,
    target_type: Option<&'a str>,
    #[serde(deserialize_with = "non_empty")]
    target_id: &'a str,
}

/// PutAttributes, on container instances: there is nothing else that takes them.
pub(in crate::ecs) fn put(
    account: &mut Account,
    request: PutAttributes<'_>,
) -> Result<Value, ApiError> {
    let cluster = named(account, request.cluster)?;
    let given = request.attributes;
    if given.is_empty() || given.len() > AT_MOST {
        return Err(invalid(format!(
            "attributes must be a list of one to {AT_MOST}, not of {}",
            given.len()
        )));
    }
    // What may be refused comes first: a call that is refused changes nothing.
    let mut found = Vec::new();
    for one in &given {
        found.push(target(account, &cluster, one)?);
    }
    for (id, name, value) in found {
        let instance = account[ECS].instance_mut(&cluster, &id);
        instance.attributes.retain(|(known, _)| *known != name);
        instance.attributes.push((name.clone(), value));
        instance.version += 1;
        let instance = instance.ec2.clone();
        account.record(TraceEvent::Attribute { instance, name });
    }
    Ok(json!({"attributes": given}))
}

/// The id of the container instance that gets an attribute, and the attribute.
fn target(
    account: &Account,
    cluster: &str,
    attribute: &Value,
) -> Result<(String, String, Option<String>), ApiError> {
    let request: Attribute<'_> = REQUESTS.read("attributes", attribute)?;
    let (name, value) = (request.name, request.value);
    let by_arn = |id: &str| id.starts_with("arn:");
    let id = request.target_id;
    match request.target_type {
        Some("container-instance") => {}
        None if by_arn(id) => {}
        other => return Err(invalid(format!("Invalid targetType: {other:?}"))),
    }
    let well = |text: &str, more: &str| {
        (1..=128).contains(&text.len())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./\\".contains(c) || more.contains(c))
    };
    if !well(name, "") || value.is_some_and(|value| !well(value, "@: ") || value.trim() != value) {
        return Err(invalid(format!("Invalid attribute: {attribute}")));
    }
    let instance = account[ECS].cluster(cluster).instance(id);
    let Some(instance) = instance.filter(|instance| instance.registered()) else {
        return Err(ApiError::client(
            "TargetNotFoundException",
            format!("The target {id} was not found."),
        ));
    };
    let own = instance.attributes.iter().filter(|(known, _)| {
        let of_ecs = known.starts_with("ecs.") || known.starts_with("com.amazonaws.ecs.");
        !of_ecs && known != name
    });
    if own.count() >= AT_MOST {
        return Err(ApiError::client(
            "AttributeLimitExceededException",
            format!("{id} has {AT_MOST} custom attributes already."),
        ));
    }
    let value = value.map(str::to_owned);
    Ok((instance.id.clone(), name.to_owned(), value))
}

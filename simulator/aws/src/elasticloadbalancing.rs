//! Elastic Load Balancing, as far as ECS's services and those who look at them need it: target
//! groups and their attributes. There are no load balancers: a service's target group counts as
//! one's.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::account::{Account, Caller, arn};
use crate::ecs::ECS;
use crate::ecs::TargetGroup;
use crate::wire::{ApiError, Requests, lists};

/// How requests are read.
const REQUESTS: Requests = Requests::query("ValidationError");

/// The attribute that says how long a deregistered target finishes what it has.
const DELAY: &str = "deregistration_delay.timeout_seconds";
/// The longest delay, in seconds
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html>).
const LONGEST_DELAY: u64 = 3600;

/// Answers `CreateTargetGroup`, `DescribeTargetGroupAttributes`, `DescribeTargetHealth` and
/// `ModifyTargetGroupAttributes`.
///
/// # Errors
/// `TargetGroupNotFound`, `DuplicateTargetGroupName`, `ValidationError`, or `NotImplemented`.
pub fn call(
    account: &mut Account,
    _: &Caller,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match action {
        "CreateTargetGroup" => create(account, REQUESTS.read(action, input)?),
        "DescribeTargetGroupAttributes" => attributes(account, REQUESTS.read(action, input)?),
        "DescribeTargetHealth" => health(account, REQUESTS.read(action, input)?),
        "ModifyTargetGroupAttributes" => modify(account, REQUESTS.read(action, input)?),
        _ => Err(ApiError::not_implemented("elasticloadbalancing", action)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateTargetGroup<'a> {
    name: &'a str,
    _protocol: Option<IgnoredAny>,
    _port: Option<IgnoredAny>,
    _vpc_id: Option<IgnoredAny>,
    _target_type: Option<IgnoredAny>,
}

fn create(account: &mut Account, request: CreateTargetGroup<'_>) -> Result<Value, ApiError> {
    let name = request.name;
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || name.len() > 32 || !name.chars().all(legal) {
        return Err(invalid(format!(
            "Target group name '{name}' must be 1 to 32 letters, digits and hyphens"
        )));
    }
    let taken = |arn: &&String| arn.rsplit('/').nth(1) == Some(name);
    if account[ECS].target_groups.keys().any(|arn| taken(&arn)) {
        return Err(ApiError::client(
            "DuplicateTargetGroupName",
            format!(
                "A target group with the same name '{name}' exists, but with different settings"
            ),
        ));
    }
    let id = account.hex(16);
    let arn = arn("elasticloadbalancing", &format!("targetgroup/{name}/{id}"));
    account[ECS].add_target_group(&arn, TargetGroup::default());
    let group = json!({"TargetGroupArn": arn, "TargetGroupName": name, "LoadBalancerArns": []});
    Ok(json!({"TargetGroups": [group]}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NamedGroup<'a> {
    target_group_arn: &'a str,
}

fn attributes(account: &mut Account, request: NamedGroup<'_>) -> Result<Value, ApiError> {
    Ok(described(found(account, request.target_group_arn)?))
}

/// `DescribeTargetHealth`: the targets are those of ECS's services.
fn health(account: &mut Account, request: NamedGroup<'_>) -> Result<Value, ApiError> {
    found(account, request.target_group_arn)?;
    let targets = account[ECS].targets(request.target_group_arn);
    let described = targets.iter().map(|target| {
        let port = target.port;
        json!({"Target": {"Id": target.instance, "Port": port}, "HealthCheckPort": port.to_string(),
            "TargetHealth": target.health.to_json()})
    });
    Ok(lists([("TargetHealthDescriptions", described.collect())]))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ModifyTargetGroupAttributes<'a> {
    target_group_arn: &'a str,
    #[serde(borrow)]
    attributes: Vec<Attribute<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute<'a> {
    key: &'a str,
    value: &'a str,
}

fn modify(
    account: &mut Account,
    request: ModifyTargetGroupAttributes<'_>,
) -> Result<Value, ApiError> {
    let group = found(account, request.target_group_arn)?;
    for Attribute { key, value } in request.attributes {
        if key != DELAY {
            return Err(ApiError::not_known(format_args!(
                "the attribute {key:?} of a target group"
            )));
        }
        let seconds = value.parse().ok();
        let seconds = seconds.filter(|seconds| *seconds <= LONGEST_DELAY);
        group.deregistration_delay_seconds = seconds.ok_or_else(|| {
            invalid(format!(
                "{DELAY} must be a whole number from 0 to {LONGEST_DELAY}, and is {value:?}"
            ))
        })?;
    }
    Ok(described(group))
}

fn found<'a>(account: &'a mut Account, arn: &str) -> Result<&'a mut TargetGroup, ApiError> {
    account[ECS].target_groups.get_mut(arn).ok_or_else(|| {
        ApiError::client(
            "TargetGroupNotFound",
            format!("Target groups '{arn}' not found"),
        )
    })
}

/// Those attributes that somebody asks for; a real answer has more.
fn described(group: &TargetGroup) -> Value {
    let delay = group.deregistration_delay_seconds.to_string();
    json!({"Attributes": [{"Key": DELAY, "Value": delay}]})
}

fn invalid(message: String) -> ApiError {
    ApiError::client("ValidationError", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Caller;

    #[test]
    fn a_target_group_gives_its_delay() {
        let mut account = crate::services::account(jiff::Timestamp::UNIX_EPOCH, 1);
        let mut ask = |action: &str, input: Value| {
            account.call(&Caller::Operator, "elasticloadbalancing", action, &input)
        };
        let made = ask("CreateTargetGroup", json!({"Name": "web"})).expect("it is made");
        let arn = &made["TargetGroups"][0]["TargetGroupArn"];
        let again = ask("CreateTargetGroup", json!({"Name": "web"})).expect_err("it is there");
        assert_eq!(again.code, "DuplicateTargetGroupName");
        let one = json!({"TargetGroupArn": arn});
        let record = ask("DescribeTargetGroupAttributes", one).expect("attributes");
        assert_eq!(
            record["Attributes"],
            json!([{"Key": DELAY, "Value": "300"}])
        );
        let mut change = |key: &str, value: &str| {
            let attributes = json!([{"Key": key, "Value": value}]);
            let input = json!({"TargetGroupArn": arn, "Attributes": attributes});
            ask("ModifyTargetGroupAttributes", input)
        };
        assert_eq!(
            change(DELAY, "3601").expect_err("long").code,
            "ValidationError"
        );
        assert_eq!(
            change("stickiness", "1").expect_err("odd").code,
            "NotImplemented"
        );
        let record = change(DELAY, "30").expect("attributes");
        assert_eq!(record["Attributes"], json!([{"Key": DELAY, "Value": "30"}]));
        let lost = ask(
            "DescribeTargetGroupAttributes",
            json!({"TargetGroupArn": "x"}),
        );
        assert_eq!(lost.expect_err("none").code, "TargetGroupNotFound");
    }
}

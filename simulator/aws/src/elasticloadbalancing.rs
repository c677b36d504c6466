//! Elastic Load Balancing, as far as ECS's services and those who look at them need it: target
//! groups and their attributes. There are no load balancers: a service's target group counts as
//! one's.

use serde_json::{Value, json};

use crate::account::{Account, Caller, arn};
use crate::ecs::ECS;
use crate::ecs::TargetGroup;
use crate::wire::{ApiError, lists, only};

/// The attribute that says how long a deregistered target finishes what it has.
const DELAY: &str = "deregistration_delay.timeout_seconds";
/// The longest delay, in seconds (documented).
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
        "CreateTargetGroup" => create(account, input),
        "DescribeTargetGroupAttributes" => attributes(account, input),
        "DescribeTargetHealth" => health(account, input),
        "ModifyTargetGroupAttributes" => modify(account, input),
        _ => Err(ApiError::not_implemented("elasticloadbalancing", action)),
    }
}

fn create(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = ["Name", "Protocol", "Port", "VpcId", "TargetType"];
    only("CreateTargetGroup", input, &known)?;
    let name = input["Name"].as_str().unwrap_or_default();
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

fn attributes(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("DescribeTargetGroupAttributes", input, &["TargetGroupArn"])?;
    Ok(described(found(account, input)?))
}

/// `DescribeTargetHealth`: the targets are those of ECS's services.
fn health(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("DescribeTargetHealth", input, &["TargetGroupArn"])?;
    found(account, input)?;
    let targets = account[ECS].targets(input["TargetGroupArn"].as_str().unwrap_or_default());
    let described = targets.iter().map(|target| {
        let port = target.port;
        json!({"Target": {"Id": target.instance, "Port": port}, "HealthCheckPort": port.to_string(),
            "TargetHealth": target.health.to_json()})
    });
    Ok(lists([("TargetHealthDescriptions", described.collect())]))
}

fn modify(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = ["TargetGroupArn", "Attributes"];
    only("ModifyTargetGroupAttributes", input, &known)?;
    let group = found(account, input)?;
    for attribute in input["Attributes"].as_array().into_iter().flatten() {
        let (key, value) = (&attribute["Key"], &attribute["Value"]);
        if key != DELAY {
            return Err(ApiError::not_known(format_args!(
                "the attribute {key} of a target group"
            )));
        }
        let seconds = value.as_str().and_then(|value| value.parse().ok());
        let seconds = seconds.filter(|seconds| *seconds <= LONGEST_DELAY);
        group.deregistration_delay_seconds = seconds.ok_or_else(|| {
            invalid(format!(
                "{DELAY} must be a whole number from 0 to {LONGEST_DELAY}, and is {value}"
            ))
        })?;
    }
    Ok(described(group))
}

fn found<'a>(account: &'a mut Account, input: &Value) -> Result<&'a mut TargetGroup, ApiError> {
    let arn = input["TargetGroupArn"].as_str().unwrap_or_default();
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

//! Task definitions: what a task needs of an instance, and how long it takes to leave.

mod container;

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::filter::Expression;
use super::input::{Include, invalid};
use crate::account::{Account, arn};
use crate::ecs::ECS;
use crate::wire::ApiError;
use crate::wire::request::non_empty;
pub(super) use container::{Container, Port};
pub use container::{EXIT_SECONDS, RUN_SECONDS};

/// A task definition.
#[derive(Debug)]
pub(super) struct TaskDefinition {
    pub(super) family: String,
    pub(super) arn: String,
    pub(super) cpu: u64,
    pub(super) memory: u64,
    pub(super) containers: Vec<Container>,
    pub(super) constraints: Vec<Expression>,
    /// How long a task lives before it ends by itself; `None` for ever.
    pub(super) run: Option<Duration>,
    /// For Fargate, and not for container instances.
    pub(super) fargate: bool,
    described: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegisterTaskDefinition<'a> {
    #[serde(deserialize_with = "non_empty")]
    family: &'a str,
    #[serde(default)]
    container_definitions: Vec<Value>,
    network_mode: Option<&'a str>,
    cpu: Option<&'a str>,
    memory: Option<&'a str>,
    task_role_arn: Option<Value>,
    execution_role_arn: Option<Value>,
    #[serde(default)]
    placement_constraints: Vec<Value>,
    requires_compatibilities: Option<Vec<&'a str>>,
}

/// RegisterTaskDefinition.
pub(super) fn register(
    account: &mut Account,
    request: RegisterTaskDefinition<'_>,
) -> Result<Value, ApiError> {
    let family = checked_family(request.family)?.to_owned();
    let mode = request.network_mode.unwrap_or("bridge");
    let fargate = is_for_fargate(&request, mode)?;
    let containers = request
        .container_definitions
        .iter()
        .map(|container| container::read(container, mode))
        .collect::<Result<Vec<_>, _>>()?;
    if containers.is_empty() {
        return Err(invalid("Container list cannot be empty."));
    }
    let constraints = member_of(&request.placement_constraints)?;
    if request.memory.is_none() && containers.iter().any(|c| c.reserved().is_none()) {
        return Err(ApiError::client(
            "ClientException",
            "Invalid setting for container. At least one of 'memory' or 'memoryReservation' must be specified.",
        ));
    }
    let run = container::label(&request.container_definitions[0], RUN_SECONDS)?;
    let (cpu, memory) = (size("cpu", request.cpu)?, size("memory", request.memory)?);
    let now = account.now;
    let revisions = account[ECS].definitions.entry(family.clone()).or_default();
    let revision = revisions.len() + 1;
    let arn = arn("ecs", &format!("task-definition/{family}:{revision}"));
    let described = described(request, &arn, revision, mode, now);
    let definition = TaskDefinition {
        cpu: cpu.unwrap_or(containers.iter().map(|c| c.cpu).sum()),
        memory: memory.unwrap_or(containers.iter().filter_map(Container::reserved).sum()),
        run,
        fargate,
        family,
        arn,
        containers,
        constraints,
        described,
    };
    let answer = json!({"taskDefinition": definition.described});
    revisions.push(Arc::new(definition));
    Ok(answer)
}

/// Whether its tasks are for Fargate: they have an interface of their own, and say so; they also
/// say what they need.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html>
fn is_for_fargate(request: &RegisterTaskDefinition<'_>, mode: &str) -> Result<bool, ApiError> {
    let wanted = request.requires_compatibilities.as_deref();
    let wanted = wanted.unwrap_or_default();
    let fargate = wanted.contains(&"FARGATE");
    if wanted.iter().any(|one| !["EC2", "FARGATE"].contains(one)) {
        return Err(ApiError::not_known(
            "a compatibility other than EC2 and FARGATE",
        ));
    }
    let client = |message| Err(ApiError::client("ClientException", message));
    match (mode, !fargate) {
        ("bridge" | "host" | "none", true) => Ok(false),
        ("awsvpc", false) if request.cpu.is_none() || request.memory.is_none() => {
            client("Fargate requires task definition to have cpu and memory at the task level.")
        }
        ("awsvpc", false) => Ok(true),
        ("awsvpc", true) => Err(ApiError::not_known(
            "networkMode awsvpc for EC2 instances, which needs network interfaces; add FARGATE to requiresCompatibilities",
        )),
        (_, false) => client("Fargate only supports network mode 'awsvpc'."),
        (mode, true) => Err(ApiError::not_known(format_args!("networkMode {mode}"))),
    }
}

fn checked_family(family: &str) -> Result<&str, ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if family.len() > 255 || !family.chars().all(legal) {
        return Err(ApiError::client(
            "ClientException",
            format!("Invalid family: {family}"),
        ));
    }
    Ok(family)
}

fn described(
    request: RegisterTaskDefinition<'_>,
    arn: &str,
    revision: usize,
    mode: &str,
    now: jiff::Timestamp,
) -> Value {
    let mut described = json!({
        "taskDefinitionArn": arn,
        "family": request.family,
        "revision": revision,
        "status": "ACTIVE",
        "networkMode": mode,
        "containerDefinitions": request.container_definitions,
        "volumes": [],
        "requiresAttributes": [],
        "placementConstraints": request.placement_constraints,
        "compatibilities": if mode == "awsvpc" { json!(["EC2", "FARGATE"]) } else { json!(["EXTERNAL", "EC2"]) },
        "registeredAt": now.to_string(),
    });
    for (member, given) in [
        ("cpu", request.cpu.map(Value::from)),
        ("memory", request.memory.map(Value::from)),
        ("taskRoleArn", request.task_role_arn),
        ("executionRoleArn", request.execution_role_arn),
        (
            "requiresCompatibilities",
            request.requires_compatibilities.map(Value::from),
        ),
    ] {
        if let Some(given) = given {
            described[member] = given;
        }
    }
    described
}

/// A task's cpu or memory, which the API writes as a string.
fn size(member: &str, given: Option<&str>) -> Result<Option<u64>, ApiError> {
    match given {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            ApiError::client(
                "ClientException",
                format!("Invalid '{member}' setting for task: {text}"),
            )
        }),
    }
}

/// The expressions of `memberOf` constraints; any other type is refused.
fn member_of(constraints: &[Value]) -> Result<Vec<Expression>, ApiError> {
    constraints
        .iter()
        .map(|constraint| match constraint["type"].as_str() {
            Some("memberOf") => parse_member_of(constraint),
            _ => Err(invalid(format!(
                "placement constraint {constraint} must be of type memberOf"
            ))),
        })
        .collect()
}

/// The expression of one `memberOf` constraint.
pub(super) fn parse_member_of(constraint: &Value) -> Result<Expression, ApiError> {
    let text = constraint["expression"].as_str().unwrap_or_default();
    Expression::parse(text).map_err(|why| {
        invalid(format!(
            "Invalid expression in placement constraint: {text}: {why}"
        ))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeTaskDefinition<'a> {
    #[serde(deserialize_with = "non_empty")]
    task_definition: &'a str,
    #[serde(default)]
    _include: Vec<Include>,
}

/// DescribeTaskDefinition.
pub(super) fn describe(
    account: &Account,
    request: DescribeTaskDefinition<'_>,
) -> Result<Value, ApiError> {
    let definition = find(account, request.task_definition)?;
    Ok(json!({"taskDefinition": definition.described, "tags": []}))
}

/// The task definition that `name` means: `family`, `family:revision`, or an ARN.
pub(super) fn find(account: &Account, name: &str) -> Result<Arc<TaskDefinition>, ApiError> {
    let prefix = arn("ecs", "task-definition/");
    let short = name.strip_prefix(&prefix).unwrap_or(name);
    let (family, revision) = match short.split_once(':') {
        Some((family, revision)) => (family, revision.parse::<usize>().ok()),
        None => (short, account[ECS].definitions.get(short).map(Vec::len)),
    };
    account[ECS]
        .definitions
        .get(family)
        .zip(revision)
        .and_then(|(revisions, revision)| revisions.get(revision.checked_sub(1)?))
        .cloned()
        .ok_or_else(|| {
            ApiError::client(
                "ClientException",
                format!("Unable to describe task definition: {name}"),
            )
        })
}

//! Task definitions: what a task needs of an instance, and how long it takes to leave.

mod container;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::filter::Expression;
use super::input::{Input, invalid};
use crate::account::{Account, arn};
use crate::ecs::ECS;
use crate::wire::ApiError;
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

const KNOWN: [&str; 9] = [
    "family",
    "containerDefinitions",
    "networkMode",
    "cpu",
    "memory",
    "taskRoleArn",
    "executionRoleArn",
    "placementConstraints",
    "requiresCompatibilities",
];

/// RegisterTaskDefinition.
pub(super) fn register(account: &mut Account, members: &Value) -> Result<Value, ApiError> {
    let input = Input::new("RegisterTaskDefinition", members, &KNOWN)?;
    let family = family(&input)?;
    let mode = input.text("networkMode")?.unwrap_or("bridge");
    let fargate = is_for_fargate(&input, mode)?;
    let containers = input
        .list("containerDefinitions")?
        .iter()
        .map(|container| container::read(container, mode))
        .collect::<Result<Vec<_>, _>>()?;
    if containers.is_empty() {
        return Err(invalid("Container list cannot be empty."));
    }
    let constraints = member_of(input.list("placementConstraints")?)?;
    if !input.has("memory") && containers.iter().any(|c| c.reserved().is_none()) {
        return Err(ApiError::client(
            "ClientException",
            "Invalid setting for container. At least one of 'memory' or 'memoryReservation' must be specified.",
        ));
    }
    let run = container::label(&input.list("containerDefinitions")?[0], RUN_SECONDS)?;
    let (cpu, memory) = (size(&input, "cpu")?, size(&input, "memory")?);
    let now = account.now;
    let revisions = account[ECS].definitions.entry(family.clone()).or_default();
    let revision = revisions.len() + 1;
    let arn = arn("ecs", &format!("task-definition/{family}:{revision}"));
    let described = described(&input, &arn, &family, revision, mode, now);
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
fn is_for_fargate(input: &Input<'_>, mode: &str) -> Result<bool, ApiError> {
    let wanted = input.list("requiresCompatibilities")?;
    let (fargate, others): (Vec<&Value>, Vec<&Value>) =
        wanted.iter().partition(|one| *one == "FARGATE");
    if others.iter().any(|one| *one != "EC2") {
        return Err(ApiError::not_known(
            "a compatibility other than EC2 and FARGATE",
        ));
    }
    let client = |message| Err(ApiError::client("ClientException", message));
    match (mode, fargate.is_empty()) {
        ("bridge" | "host" | "none", true) => Ok(false),
        ("awsvpc", false) if !input.has("cpu") || !input.has("memory") => {
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

fn family(input: &Input<'_>) -> Result<String, ApiError> {
    let family = input.needed("family")?;
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if family.len() > 255 || !family.chars().all(legal) {
        return Err(ApiError::client(
            "ClientException",
            format!("Invalid family: {family}"),
        ));
    }
    Ok(family.to_owned())
}

fn described(
    input: &Input<'_>,
    arn: &str,
    family: &str,
    revision: usize,
    mode: &str,
    now: jiff::Timestamp,
) -> Value {
    let mut described = json!({
        "taskDefinitionArn": arn,
        "family": family,
        "revision": revision,
        "status": "ACTIVE",
        "networkMode": mode,
        "containerDefinitions": input.value("containerDefinitions"),
        "volumes": [],
        "requiresAttributes": [],
        "placementConstraints": input.list("placementConstraints").unwrap_or_default(),
        "compatibilities": if mode == "awsvpc" { json!(["EC2", "FARGATE"]) } else { json!(["EXTERNAL", "EC2"]) },
        "registeredAt": now.to_string(),
    });
    for member in [
        "cpu",
        "memory",
        "taskRoleArn",
        "executionRoleArn",
        "requiresCompatibilities",
    ] {
        if input.has(member) {
            described[member] = input.value(member).clone();
        }
    }
    described
}

/// A task's cpu or memory, which the API writes as a string.
fn size(input: &Input<'_>, member: &str) -> Result<Option<u64>, ApiError> {
    match input.text(member)? {
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

/// DescribeTaskDefinition.
pub(super) fn describe(account: &Account, members: &Value) -> Result<Value, ApiError> {
    let input = Input::new(
        "DescribeTaskDefinition",
        members,
        &["taskDefinition", "include"],
    )?;
    input.include(&["TAGS"])?;
    let definition = find(account, input.needed("taskDefinition")?)?;
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

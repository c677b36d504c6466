//! SNS: topics that keep what is published to them. Nobody subscribes here; a scenario tells each
//! message.
//!
//! EventBridge publishes only where the topic's own policy lets it: the policy that a new topic
//! gets does not
//! (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html>).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::{Account, Caller, arn};
use crate::glob::matches_iam_glob;
use crate::state::Key;
use crate::trace::TraceEvent;
use crate::wire::{ApiError, Requests, WIRE};

/// The longest message, in bytes
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
const MESSAGE_LIMIT: usize = 256 * 1024;

/// How requests are read.
const REQUESTS: Requests = Requests::query("InvalidParameter");

/// The way to what SNS remembers of an account.
pub const SNS: Key<State> = Key::new();

/// The topics, by ARN.
#[derive(Debug, Default)]
pub struct State {
    topics: BTreeMap<String, Topic>,
}

/// A topic.
#[derive(Debug, Default)]
pub struct Topic {
    /// Its policy; nothing for the one that every topic is born with, which lets in the account's
    /// own identities only.
    policy: Option<Value>,
    /// What was published to it, in order.
    pub messages: Vec<String>,
}

impl State {
    /// The topic of that ARN.
    pub fn topic(&self, arn: &str) -> Option<&Topic> {
        self.topics.get(arn)
    }
}

/// Answers `CreateTopic`, `SetTopicAttributes` and `Publish`.
///
/// # Errors
/// `NotFound`, `InvalidParameter`, `AuthorizationError`, or `NotImplemented`.
pub fn call(
    account: &mut Account,
    caller: &Caller,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match action {
        "CreateTopic" => create(account, REQUESTS.read(action, input)?),
        "SetTopicAttributes" => set(account, REQUESTS.read(action, input)?),
        "Publish" => publish(account, caller, REQUESTS.read(action, input)?),
        _ => Err(ApiError::not_implemented("sns", action)),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("InvalidParameter", message)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateTopic<'a> {
    name: &'a str,
}

fn create(account: &mut Account, request: CreateTopic<'_>) -> Result<Value, ApiError> {
    let name = request.name;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !(1..=256).contains(&name.len()) || !name.chars().all(allowed) {
        return Err(invalid("Invalid parameter: Topic Name"));
    }
    let arn = arn("sns", name);
    account[SNS].topics.entry(arn.clone()).or_default();
    Ok(json!({ "TopicArn": arn }))
}

fn known<'a>(account: &'a mut Account, arn: &str) -> Result<&'a mut Topic, ApiError> {
    let topic = account[SNS].topics.get_mut(arn);
    topic.ok_or_else(|| ApiError {
        status: 404,
        code: "NotFound".to_owned(),
        message: "Topic does not exist".to_owned(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetTopicAttributes<'a> {
    topic_arn: &'a str,
    _attribute_name: Attribute,
    attribute_value: &'a str,
}

#[derive(Deserialize)]
enum Attribute {
    Policy,
}

/// Of the attributes only the policy is known.
fn set(account: &mut Account, request: SetTopicAttributes<'_>) -> Result<Value, ApiError> {
    let policy = serde_json::from_str(request.attribute_value)
        .map_err(|error| invalid(format!("Invalid parameter: Policy Error: {error}")))?;
    known(account, request.topic_arn)?.policy = Some(policy);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Publish {
    topic_arn: String,
    message: String,
}

fn publish(account: &mut Account, caller: &Caller, request: Publish) -> Result<Value, ApiError> {
    let Publish {
        topic_arn: arn,
        message,
    } = request;
    if message.is_empty() {
        return Err(invalid("Invalid parameter: Empty message"));
    }
    if message.len() > MESSAGE_LIMIT {
        return Err(invalid("Invalid parameter: Message too long"));
    }
    let topic = known(account, &arn)?;
    let lets_in = match caller {
        Caller::Operator => true,
        Caller::Service(service) => topic.lets_in(service, &arn),
        Caller::Function(_)
        | Caller::ActivityWorker(_)
        | Caller::PolicyHolder(_)
        | Caller::StackRole(_) => false,
    };
    if !lets_in {
        return Err(ApiError {
            status: 403,
            code: "AccessDenied".to_owned(),
            message: format!("{arn} has no policy that allows sns:Publish"),
        });
    }
    topic.messages.push(message.clone());
    let topic = arn.rsplit(':').next().unwrap_or_default().to_owned();
    account.record(TraceEvent::Notice { topic, message });
    // Of the wire's chance: that somebody is told changes nothing of what happens.
    let id = account[WIRE].random.u128(..);
    Ok(json!({"MessageId": format!("{id:032x}")}))
}

impl Topic {
    /// Whether the policy lets the AWS service publish. A statement with a Condition does not:
    /// EventBridge cannot publish under one (the page above).
    fn lets_in(&self, service: &str, arn: &str) -> bool {
        let principal = format!("{service}.amazonaws.com");
        let statements = self
            .policy
            .iter()
            .flat_map(|policy| list(&policy["Statement"]));
        statements.into_iter().any(|statement| {
            let has = |member: &Value, wanted: &str| {
                let mut each = list(member).into_iter().filter_map(Value::as_str);
                each.any(|pattern| matches_iam_glob(wanted, &pattern.to_lowercase()))
            };
            statement["Effect"] == "Allow"
                && statement["Condition"].is_null()
                && has(&statement["Principal"]["Service"], &principal)
                && has(&statement["Action"], "sns:publish")
                && has(&statement["Resource"], &arn.to_lowercase())
        })
    }
}

/// A policy writes one value for a list of one.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:notices";

    fn account() -> Account {
        let mut account = crate::services::account(jiff::Timestamp::UNIX_EPOCH, 1);
        let made = ask(
            &mut account,
            &Caller::Operator,
            "CreateTopic",
            json!({"Name": "notices"}),
        );
        assert_eq!(made.expect("made")["TopicArn"], TOPIC);
        account
    }

    fn ask(
        account: &mut Account,
        caller: &Caller,
        action: &str,
        input: Value,
    ) -> Result<Value, ApiError> {
        account.call(caller, "sns", action, &input)
    }

    fn published_under(statement: Value) -> Result<Value, ApiError> {
        let mut account = account();
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let set = json!({"TopicArn": TOPIC, "AttributeName": "Policy", "AttributeValue": policy});
        ask(&mut account, &Caller::Operator, "SetTopicAttributes", set).expect("set");
        let message = json!({"TopicArn": TOPIC, "Message": "hello"});
        ask(&mut account, &Caller::Service("events"), "Publish", message)
    }

    #[test]
    fn eventbridge_publishes_only_where_the_topic_s_policy_lets_it_and_without_conditions() {
        let statement = json!({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sns:Publish", "Resource": TOPIC});
        published_under(statement.clone()).expect("let in");
        for (member, other) in [
            ("Effect", json!("Deny")),
            ("Principal", json!({"Service": "s3.amazonaws.com"})),
            ("Action", json!("sns:Subscribe")),
            (
                "Resource",
                json!("arn:aws:sns:eu-west-1:123456789012:other"),
            ),
            ("Condition", json!({"ArnLike": {"aws:SourceArn": "*"}})),
        ] {
            let mut statement = statement.clone();
            statement[member] = other;
            let refused = published_under(statement).expect_err(member);
            assert_eq!(refused.code, "AccessDenied");
        }
        let message = json!({"TopicArn": TOPIC, "Message": "hello"});
        let refused = ask(
            &mut account(),
            &Caller::Service("events"),
            "Publish",
            message,
        );
        assert_eq!(
            refused.expect_err("a new topic's policy").code,
            "AccessDenied"
        );
    }

    #[test]
    fn what_is_published_is_kept_and_recorded() {
        let mut account = account();
        let message = json!({"TopicArn": TOPIC, "Message": "hello"});
        ask(&mut account, &Caller::Operator, "Publish", message).expect("published");
        assert_eq!(
            account[SNS].topic(TOPIC).expect("there").messages,
            ["hello"]
        );
        let told = account.trace.iter().any(|told| {
            matches!(&told.event, TraceEvent::Notice { topic, message } if topic == "notices" && message == "hello")
        });
        assert!(told, "{:?}", account.trace);
    }

    #[test]
    fn what_is_not_there_or_not_known_is_refused() {
        let mut account = account();
        for (action, input, code) in [
            (
                "Publish",
                json!({"TopicArn": "arn:aws:sns:eu-west-1:123456789012:other", "Message": "m"}),
                "NotFound",
            ),
            ("CreateTopic", json!({"Name": "a b"}), "InvalidParameter"),
            (
                "CreateTopic",
                json!({"Name": "a", "Attributes": {}}),
                "NotImplemented",
            ),
            (
                "SetTopicAttributes",
                json!({"TopicArn": TOPIC, "AttributeName": "KmsMasterKeyId", "AttributeValue": "k"}),
                "NotImplemented",
            ),
            ("Subscribe", json!({}), "NotImplemented"),
        ] {
            let refused = ask(&mut account, &Caller::Operator, action, input).expect_err(action);
            assert_eq!(refused.code, code, "{action}");
        }
    }
}

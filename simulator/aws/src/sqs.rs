//! What EventBridge needs of SQS: queues that take its events and its dead letters, for
//! whoever looks into them. Queues that a stack makes are in that stack alone,
//! and none is on the wire.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use crate::account::{ACCOUNT_ID, Account, Caller, REGION, arn};
use crate::state::Key;
use crate::wire::{ApiError, Requests};

/// How long a message that was received is not shown again (the default of AWS).
const HIDDEN: Duration = Duration::from_secs(30);
/// The most messages of one call
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>).
const MOST: usize = 10;

/// How requests are read.
const REQUESTS: Requests = Requests::query("InvalidParameterValue");

/// The way to what SQS remembers of an account.
pub const SQS: Key<State> = Key::new();

/// The queues, by ARN.
#[derive(Debug, Default)]
pub struct State {
    queues: BTreeMap<String, Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Whether its policy lets EventBridge in.
    lets_events_in: bool,
    messages: Vec<Message>,
}

#[derive(Debug)]
struct Message {
    id: String,
    body: String,
    attributes: BTreeMap<&'static str, String>,
    hidden_until: Timestamp,
}

/// Answers `CreateQueue`, `ReceiveMessage` and `DeleteMessage`.
///
/// # Errors
/// `QueueDoesNotExist`, `InvalidParameterValue`, or `NotImplemented`.
pub fn call(
    account: &mut Account,
    _: &Caller,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match action {
        "CreateQueue" => create(account, REQUESTS.read(action, input)?),
        "ReceiveMessage" => receive(account, REQUESTS.read(action, input)?),
        "DeleteMessage" => delete(account, REQUESTS.read(action, input)?),
        _ => Err(ApiError::not_implemented("sqs", action)),
    }
}

/// EventBridge sends a message to the queue of this ARN.
///
/// # Errors
/// As recorded (radkawar/stackd, testdata/aws/eventbridge/inputs.json, 2026-09): there is no such
/// queue, or it does not let EventBridge in.
pub fn send(account: &mut Account, queue: &str, body: &str) -> Result<(), ApiError> {
    let request = account.uuid();
    let (status, code, message) = match account[SQS].queues.get(queue) {
        Some(known) if known.lets_events_in => {
            put(account, queue, body, BTreeMap::new());
            return Ok(());
        }
        Some(_) => (
            403,
            "AccessDenied",
            format!(
                "User: events.amazonaws.com is not authorized to perform: sqs:sendmessage on resource: {queue} because no resource-based policy allows the sqs:sendmessage action"
            ),
        ),
        None => (
            400,
            "AWS.SimpleQueueService.NonExistentQueue",
            "The specified queue does not exist or you do not have access to it.".to_owned(),
        ),
    };
    let message = format!(
        "{message} (Service: AmazonSQS; Status Code: {status}; Error Code: {code}; Request ID: {request}; Proxy: null)"
    );
    let error = ApiError::client(code, message);
    Err(ApiError { status, ..error })
}

/// Puts a message into the queue of this ARN, if it is there.
pub fn put(
    account: &mut Account,
    queue: &str,
    body: &str,
    attributes: BTreeMap<&'static str, String>,
) {
    let id = account.uuid();
    let now = account.now;
    if let Some(queue) = account[SQS].queues.get_mut(queue) {
        queue.messages.push(Message {
            id,
            body: body.to_owned(),
            attributes,
            hidden_until: now,
        });
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateQueue<'a> {
    queue_name: &'a str,
    #[serde(borrow, default)]
    attributes: Attributes<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes<'a> {
    policy: Option<&'a str>,
}

fn create(account: &mut Account, request: CreateQueue<'_>) -> Result<Value, ApiError> {
    let name = request.queue_name;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !(1..=80).contains(&name.len()) || !name.chars().all(allowed) {
        let message =
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
        return Err(ApiError::client("InvalidParameterValue", message));
    }
    let queue = Queue {
        lets_events_in: lets_events_in(request.attributes.policy)?,
        messages: Vec::new(),
    };
    account[SQS].queues.entry(arn("sqs", name)).or_insert(queue);
    let url = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT_ID}/{name}");
    Ok(json!({ "QueueUrl": url }))
}

/// Whether a policy lets EventBridge send. Of conditions nothing is known here.
fn lets_events_in(policy: Option<&str>) -> Result<bool, ApiError> {
    let Some(text) = policy else {
        return Ok(false);
    };
    let policy: Value = serde_json::from_str(text).map_err(|_| {
        ApiError::client(
            "InvalidAttributeValue",
            "Invalid value for the parameter Policy.",
        )
    })?;
    let statements = policy["Statement"].as_array().into_iter().flatten();
    let mut lets_in = false;
    for statement in statements {
        if statement["Effect"] != "Allow" || !statement["Condition"].is_null() {
            return Err(ApiError::not_known(format_args!(
                "the queue's policy statement {statement}"
            )));
        }
        lets_in |= statement["Principal"]["Service"] == "events.amazonaws.com"
            && statement["Action"] == "sqs:SendMessage";
    }
    Ok(lets_in)
}

fn queue<'a>(account: &'a mut Account, url: &str) -> Result<&'a mut Queue, ApiError> {
    let name = url.rsplit('/').next().unwrap_or_default();
    let queue = account[SQS].queues.get_mut(&arn("sqs", name));
    queue
        .ok_or_else(|| ApiError::client("QueueDoesNotExist", "The specified queue does not exist."))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveMessage<'a> {
    queue_url: &'a str,
    max_number_of_messages: Option<usize>,
    message_attribute_names: Option<IgnoredAny>,
}

fn receive(account: &mut Account, request: ReceiveMessage<'_>) -> Result<Value, ApiError> {
    let most = request.max_number_of_messages.unwrap_or(1).min(MOST);
    let with_attributes = request.message_attribute_names.is_some();
    let now = account.now;
    let shown = queue(account, request.queue_url)?
        .messages
        .iter_mut()
        .filter(|message| message.hidden_until <= now)
        .take(most);
    let messages: Vec<Value> = shown
        .map(|message| {
            message.hidden_until = now + HIDDEN;
            message.to_json(with_attributes)
        })
        .collect();
    Ok(if messages.is_empty() {
        json!({})
    } else {
        json!({ "Messages": messages })
    })
}

impl Message {
    fn to_json(&self, with_attributes: bool) -> Value {
        let mut message =
            json!({"MessageId": self.id, "ReceiptHandle": self.id, "Body": self.body});
        if with_attributes && !self.attributes.is_empty() {
            let attributes = self.attributes.iter().map(|(name, value)| {
                let value = json!({"StringValue": value, "DataType": "String"});
                ((*name).to_owned(), value)
            });
            message["MessageAttributes"] = Value::Object(attributes.collect::<Map<_, _>>());
        }
        message
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteMessage<'a> {
    queue_url: &'a str,
    receipt_handle: &'a str,
}

fn delete(account: &mut Account, request: DeleteMessage<'_>) -> Result<Value, ApiError> {
    let messages = &mut queue(account, request.queue_url)?.messages;
    messages.retain(|message| message.id != request.receipt_handle);
    Ok(json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Caller;

    fn ask(account: &mut Account, action: &str, input: Value) -> Result<Value, ApiError> {
        account.call(&Caller::Operator, "sqs", action, &input)
    }

    #[test]
    fn a_message_is_shown_once_in_a_while_until_it_is_deleted() {
        let mut account = crate::services::account(Timestamp::UNIX_EPOCH, 1);
        let made = ask(&mut account, "CreateQueue", json!({"QueueName": "q"})).expect("made");
        let look = json!({"QueueUrl": made["QueueUrl"], "MessageAttributeNames": ["All"]});
        assert_eq!(
            ask(&mut account, "ReceiveMessage", look.clone()),
            Ok(json!({}))
        );
        let attributes = BTreeMap::from([("ERROR_CODE", "NO_RESOURCE".to_owned())]);
        put(&mut account, &arn("sqs", "q"), "body", attributes);
        let got = ask(&mut account, "ReceiveMessage", look.clone()).expect("shown");
        let message = &got["Messages"][0];
        assert_eq!(message["Body"], "body");
        assert_eq!(
            message["MessageAttributes"]["ERROR_CODE"]["StringValue"],
            "NO_RESOURCE"
        );
        assert_eq!(
            ask(&mut account, "ReceiveMessage", look.clone()),
            Ok(json!({}))
        );
        account.advance(account.now + HIDDEN);
        let again = ask(&mut account, "ReceiveMessage", look.clone()).expect("shown again");
        assert_eq!(again, got);
        let end = json!({"QueueUrl": made["QueueUrl"], "ReceiptHandle": message["ReceiptHandle"]});
        ask(&mut account, "DeleteMessage", end).expect("deleted");
        account.advance(account.now + HIDDEN);
        assert_eq!(ask(&mut account, "ReceiveMessage", look), Ok(json!({})));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let mut account = crate::services::account(Timestamp::UNIX_EPOCH, 1);
        let policy = json!({"Statement": [{"Effect": "Allow", "Condition": {}}]}).to_string();
        for (action, input, code) in [
            ("SendMessage", json!({}), "NotImplemented"),
            (
                "CreateQueue",
                json!({"QueueName": "a b"}),
                "InvalidParameterValue",
            ),
            (
                "CreateQueue",
                json!({"QueueName": "q", "Attributes": {"Policy": policy}}),
                "NotImplemented",
            ),
            (
                "ReceiveMessage",
                json!({"QueueUrl": "https://none/q"}),
                "QueueDoesNotExist",
            ),
        ] {
            let refused = ask(&mut account, action, input).expect_err(action);
            assert_eq!(refused.code, code, "{action}");
        }
    }
}

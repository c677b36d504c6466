//! Delivery: from an event on the bus to an execution or a topic, or to the dead-letter queue.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ExecutionName;
use super::dead_letter::DeadLetter;
use super::loss::is_lost;
use super::rules::Rule;
use super::target::{Message, Target};
use super::transformer::{self, is_deliverable};
use crate::account::{Account, Caller};
use crate::eventbridge::EVENTBRIDGE;
use crate::faults::{FAULTS, Fault, LATEST_EVENT, OUT_OF_ORDER};
use crate::sqs;
use crate::trace::TraceEvent;
use crate::wire::ApiError;

/// The code of what a target does not get because it is no JSON.
const INVALID_JSON: &str = "INVALID_JSON";

/// One event on its way to one target.
#[derive(Debug, Clone)]
pub struct Delivery {
    rule: String,
    rule_arn: String,
    target: Target,
    event: Arc<Value>,
    put: Timestamp,
    retries: u64,
}

/// Plans the deliveries of `event`, which is on the bus now.
pub fn plan(account: &mut Account, event: Value) {
    let rules = account[EVENTBRIDGE].rules.values();
    let matching: Vec<Rule> = rules
        .filter(|rule| rule.enabled && rule.matches(&event))
        .cloned()
        .collect();
    plan_for(account, matching, event);
}

/// Plans the deliveries of `event` to the targets of these rules.
pub fn plan_for(account: &mut Account, rules: Vec<Rule>, event: Value) {
    let event = Arc::new(event);
    for rule in rules {
        let rule_arn = rule.arn();
        for target in rule.targets {
            let delivery = Delivery {
                rule: rule.name.clone(),
                rule_arn: rule_arn.clone(),
                target,
                event: Arc::clone(&event),
                put: account.now,
                retries: 0,
            };
            let (from, to) = account[EVENTBRIDGE].timing.latency;
            let latency = account.between(from, to) + delay(account);
            if is_lost(account, &delivery.event) {
                record_delivery(account, &delivery, "lost on the bus".to_owned());
                continue;
            }
            account.after(latency, planned(delivery.clone()));
            if account[FAULTS].active.has(Fault::EventTwice) {
                let (from, to) = account[EVENTBRIDGE].timing.second_copy;
                let later = latency + account.between(from, to);
                account.after(later, planned(delivery));
            }
        }
    }
}

fn planned(delivery: Delivery) -> super::Event {
    super::Event(super::Due::Delivery(Box::new(delivery)))
}

/// By how much an event is later than usual: its faults.
fn delay(account: &mut Account) -> Duration {
    let mut late = Duration::ZERO;
    for (fault, most) in [
        (Fault::EventLate, LATEST_EVENT),
        (Fault::EventOutOfOrder, OUT_OF_ORDER),
    ] {
        if account[FAULTS].active.has(fault) {
            late += Duration::from_millis(account[FAULTS].random.u64(0..most.as_millis() as u64));
        }
    }
    late
}

/// Delivers, and if that fails, plans to try again or gives up.
pub fn deliver(account: &mut Account, mut delivery: Delivery) {
    let message = delivery.message();
    let error = match hand_over(account, &delivery, &message) {
        Ok(()) => return record_delivery(account, &delivery, "delivered".to_owned()),
        Err(error) => error,
    };
    let code = error_code(&error);
    let delay = backoff(account, delivery.retries);
    let exhausted = match delivery.fate(code, account.now + delay) {
        Fate::TryAgain => {
            let outcome = format!("{code}: {}; to be tried again", error.message);
            record_delivery(account, &delivery, outcome);
            delivery.retries += 1;
            return account.after(delay, planned(delivery));
        }
        Fate::GiveUp(exhausted) => exhausted,
    };
    let end = if delivery.target.dead_letter_queue.is_some() {
        "sent to the dead-letter queue"
    } else {
        "lost"
    };
    record_delivery(
        account,
        &delivery,
        format!("{code}: {}; {end}", error.message),
    );
    let letter = DeadLetter {
        queue: delivery.target.dead_letter_queue,
        body: message,
        rule_arn: delivery.rule_arn,
        target_arn: delivery.target.arn,
        error_code: code.to_owned(),
        error_message: error.message,
        exhausted_retry_condition: exhausted,
        retry_attempts: (delivery.retries > 0).then_some(delivery.retries),
    };
    if let Some(queue) = &letter.queue {
        sqs::put(account, queue, &letter.body, letter.attributes());
    }
    account[EVENTBRIDGE].dead_letters.push(letter);
}

/// What becomes of a delivery that failed.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    TryAgain,
    /// With the condition that was exhausted; none if trying again would not help.
    GiveUp(Option<&'static str>),
}

impl Delivery {
    /// What the target gets.
    fn message(&self) -> String {
        match &self.target.message {
            Message::Event => self.event.to_string(),
            Message::Constant(text) => text.clone(),
            Message::Transformed(transformer) => {
                let rule = transformer::Rule {
                    name: &self.rule,
                    arn: &self.rule_arn,
                    ingested: self.put,
                };
                transformer.text(&self.event, rule)
            }
        }
    }

    /// What becomes of it after an error with this code, if the next try would be at `next`.
    fn fate(&self, code: &str, next: Timestamp) -> Fate {
        let age = Duration::try_from(next.duration_since(self.put)).unwrap_or_default();
        if !matches!(code, "THROTTLING" | "INTERNAL_ERROR") {
            Fate::GiveUp(None)
        } else if self.retries >= self.target.max_retries {
            Fate::GiveUp(Some("MaximumRetryAttempts"))
        } else if age > self.target.max_age {
            Fate::GiveUp(Some("MaximumEventAgeInSeconds"))
        } else {
            Fate::TryAgain
        }
    }
}

/// Gives the target its message, which must be JSON; what a transformer makes need not be (see
/// [`transformer`]).
fn hand_over(account: &mut Account, delivery: &Delivery, message: &str) -> Result<(), ApiError> {
    let is_made = matches!(delivery.target.message, Message::Transformed(_));
    if is_made && !is_deliverable(message) {
        return Err(ApiError::client(INVALID_JSON, "Invalid input for target."));
    }
    let arn = &delivery.target.arn;
    if arn.contains(":stateMachine:") {
        start(account, delivery, message)
    } else if arn.contains(":sqs:") {
        sqs::send(account, arn, message)
    } else {
        publish(account, delivery, message)
    }
}

fn start(account: &mut Account, delivery: &Delivery, message: &str) -> Result<(), ApiError> {
    let id = delivery.event["id"].as_str().unwrap_or_default().to_owned();
    let name = match account[EVENTBRIDGE].timing.execution_name {
        ExecutionName::EventId => id,
        ExecutionName::Fresh => format!("{id}_{}", account.uuid()),
    };
    let input = json!({
        "stateMachineArn": delivery.target.arn, "name": name, "input": message,
    });
    account
        .call(
            &Caller::Service("events"),
            "states",
            "StartExecution",
            &input,
        )
        .map(|_| ())
}

fn publish(account: &mut Account, delivery: &Delivery, message: &str) -> Result<(), ApiError> {
    let input = json!({"TopicArn": delivery.target.arn, "Message": message});
    let caller = Caller::Service("events");
    account.call(&caller, "sns", "Publish", &input).map(|_| ())
}

/// The codes that EventBridge gives its dead letters.
fn error_code(error: &ApiError) -> &'static str {
    match error.code.as_str() {
        INVALID_JSON => INVALID_JSON,
        "ExecutionAlreadyExists" => "RESOURCE_ALREADY_EXISTS",
        "StateMachineDoesNotExist"
        | "StateMachineDeleting"
        | "NotFound"
        | "AWS.SimpleQueueService.NonExistentQueue" => "NO_RESOURCE",
        "AccessDenied" | "AccessDeniedException" => "NO_PERMISSIONS",
        "ThrottlingException" | "Throttling" | "ExecutionLimitExceeded" => "THROTTLING",
        _ if error.status >= 500 && error.status != 501 => "INTERNAL_ERROR",
        _ => "SDK_CLIENT_ERROR",
    }
}

/// assumption: twice as long each time, up to eight minutes (185 retries fill the 24 hours so),
/// half of it random. The times of retried deliveries prove it.
fn backoff(account: &mut Account, retries: u64) -> Duration {
    let most = account[EVENTBRIDGE].timing.longest_backoff;
    let exponent = u32::try_from(retries).unwrap_or(u32::MAX).min(16);
    let delay = Duration::from_secs(1 << exponent).min(most);
    account.between(delay / 2, delay)
}

fn record_delivery(account: &mut Account, delivery: &Delivery, outcome: String) {
    let member = |name: &str| delivery.event[name].as_str().unwrap_or_default().to_owned();
    account.record(TraceEvent::Delivery {
        rule: delivery.rule.clone(),
        event: member("id"),
        detail_type: member("detail-type"),
        outcome,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_passing_errors_are_tried_again_and_within_the_policy() {
        let given = json!({
            "Id": "t", "Arn": "arn:aws:states:eu-west-1:123456789012:stateMachine:m", "RoleArn": "role",
            "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60},
        });
        let delivery = |retries| Delivery {
            rule: "r".to_owned(),
            rule_arn: String::new(),
            target: Target::parse(&given).expect("a target"),
            event: Arc::new(json!({})),
            put: Timestamp::UNIX_EPOCH,
            retries,
        };
        let at = |seconds| Timestamp::from_second(seconds).expect("an instant");
        assert_eq!(delivery(1).fate("THROTTLING", at(60)), Fate::TryAgain);
        assert_eq!(delivery(1).fate("NO_RESOURCE", at(1)), Fate::GiveUp(None));
        assert_eq!(
            delivery(2).fate("THROTTLING", at(1)),
            Fate::GiveUp(Some("MaximumRetryAttempts"))
        );
        assert_eq!(
            delivery(1).fate("THROTTLING", at(61)),
            Fate::GiveUp(Some("MaximumEventAgeInSeconds"))
        );
    }
}

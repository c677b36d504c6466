//! Notices: each event sends its notice or none, whatever its texts have in them, and what the
//! topic does not take is kept.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::account::Account;
use simulator::eventbridge;
use simulator::eventbridge::EVENTBRIDGE;
use simulator::sns::SNS;

use super::{TOPIC, call, deployed, property};

/// The longest that an event of a service takes to its targets.
const EVENT_IS_THERE: Duration = Duration::from_secs(140);

/// The notices that the topic got of one event; as JSON, since EventBridge need not keep a
/// template's white space.
fn notices_of(account: &mut Account, mut event: Value) -> Vec<Value> {
    let before = account[SNS].topic(TOPIC).expect("there").messages.len();
    event["time"] = json!("2026-11-24T09:00:00Z");
    eventbridge::put_event(account, event);
    account.advance(account.now + EVENT_IS_THERE);
    let messages = &account[SNS].topic(TOPIC).expect("there").messages[before..];
    messages
        .iter()
        .map(|message| {
            let message = message.replace("2026-11-24T09:00:00Z", "TIME");
            serde_json::from_str(&message).unwrap_or_else(|error| panic!("{message}: {error}"))
        })
        .collect()
}

#[test]
fn each_event_sends_this_notice_or_none_and_nothing_is_lost() {
    let samples: Value =
        serde_json::from_str(include_str!("../conformance/operated/notices.json")).expect("JSON");
    let samples = samples.as_array().expect("a list");
    let mut account = deployed();
    for sample in samples {
        let notices = notices_of(&mut account, sample["event"].clone());
        let notice = &sample["notice"];
        let wanted: Vec<&Value> = notice.is_object().then_some(notice).into_iter().collect();
        assert_eq!(
            notices.iter().collect::<Vec<_>>(),
            wanted,
            "{}",
            sample["what"]
        );
    }
    let sent = samples.iter().filter(|sample| sample["notice"].is_object());
    assert!(sent.count() >= 16, "each rule sends one of them");
    assert_eq!(account[EVENTBRIDGE].dead_letters, []);
}

/// A topic that does not let EventBridge in.
#[test]
fn a_notice_that_the_topic_does_not_take_is_kept_in_the_queue_whose_policy_names_each_rule() {
    let mut account = deployed();
    let policy = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    let policy = json!({"TopicArn": TOPIC, "AttributeName": "Policy", "AttributeValue": policy});
    call(&mut account, "sns", "SetTopicAttributes", policy);
    let samples: Value =
        serde_json::from_str(include_str!("../conformance/operated/notices.json")).expect("JSON");
    let mut rules = BTreeSet::new();
    for sample in samples.as_array().expect("a list") {
        assert!(notices_of(&mut account, sample["event"].clone()).is_empty());
    }
    let queue = "arn:aws:sqs:eu-west-1:123456789012:DevCluster-notice-dead-letters";
    for letter in &account[EVENTBRIDGE].dead_letters {
        assert_eq!(letter.queue.as_deref(), Some(queue));
        assert_eq!(letter.error_code, "NO_PERMISSIONS");
        let notice: Value = serde_json::from_str(&letter.body).expect("the notice");
        assert!(notice["summary"].is_string(), "{notice}");
        rules.insert(letter.rule_arn.clone());
    }
    let policy = property(&account, "NoticeDeadLettersPolicy", "PolicyDocument");
    let statement = &policy["Statement"][0];
    assert_eq!(statement["Resource"], queue);
    let named = statement["Condition"]["ArnEquals"]["aws:SourceArn"].as_array();
    let named: BTreeSet<String> = named
        .expect("a list")
        .iter()
        .map(|arn| arn.as_str().expect("an ARN").to_owned())
        .collect();
    assert_eq!(named, rules, "every rule sends a notice of some sample");
    let alarm = property(&account, "NoticeDeadLettersAlarm", "Dimensions");
    assert_eq!(alarm[0]["Value"], "DevCluster-notice-dead-letters");
}

//! What EventBridge could not deliver.

use std::collections::BTreeMap;

/// What could not be delivered, with the attributes that its message in the dead-letter queue has.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// ARN of the queue; none if the target has none, and the event is lost.
    pub queue: Option<String>,
    /// Its body: what the target was to get, which is the event unless the target says otherwise.
    pub body: String,
    /// `RULE_ARN`
    pub rule_arn: String,
    /// `TARGET_ARN`
    pub target_arn: String,
    /// `ERROR_CODE`
    pub error_code: String,
    /// `ERROR_MESSAGE`
    pub error_message: String,
    /// `EXHAUSTED_RETRY_CONDITION`, if the event was given up for its retries or its age.
    pub exhausted_retry_condition: Option<&'static str>,
    /// `RETRY_ATTEMPTS`, if it was tried again at all.
    pub retry_attempts: Option<u64>,
}

impl DeadLetter {
    /// The attributes of its message.
    pub fn attributes(&self) -> BTreeMap<&'static str, String> {
        let retries = self.retry_attempts.map(|retries| retries.to_string());
        let exhausted = self.exhausted_retry_condition.map(str::to_owned);
        [
            ("RULE_ARN", Some(self.rule_arn.clone())),
            ("TARGET_ARN", Some(self.target_arn.clone())),
            ("ERROR_CODE", Some(self.error_code.clone())),
            ("ERROR_MESSAGE", Some(self.error_message.clone())),
            ("EXHAUSTED_RETRY_CONDITION", exhausted),
            ("RETRY_ATTEMPTS", retries),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect()
    }
}

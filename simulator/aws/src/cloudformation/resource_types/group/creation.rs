//! A CreationPolicy.

use std::time::Duration;

use serde_json::Value;

use super::rolling_policy::Pause;
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::node::whole_number;
use crate::cloudformation::policy_error::PolicyError;

/// A CreationPolicy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// How many signals.
    pub count: u64,
    /// Within which time.
    pub timeout: Pause,
    /// How many per cent of them must be SUCCESS.
    pub percent: u64,
}

/// The longest Timeout of a CreationPolicy
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-creationpolicy.html>).
const LONGEST_CREATION: Duration = Duration::from_secs(12 * 3600);

impl Creation {
    /// Reads a worked out CreationPolicy; nothing if it waits for no signal.
    ///
    /// # Errors
    /// Why it is not possible.
    pub fn read(policy: &Value) -> Result<Option<Self>, PolicyError> {
        let members = policy.as_object().into_iter().flatten();
        for (key, value) in members {
            let (policy, known): (_, &[&str]) = match key.as_str() {
                "ResourceSignal" => ("ResourceSignal", &["Count", "Timeout"]),
                "AutoScalingCreationPolicy" => (
                    "AutoScalingCreationPolicy",
                    &["MinSuccessfulInstancesPercent"],
                ),
                _ => return Err(PolicyError::UnknownCreationPolicy { name: key.clone() }),
            };
            let mut members = value.as_object().into_iter().flatten();
            if let Some((member, _)) = members.find(|(name, _)| !known.contains(&name.as_str())) {
                let member = member.clone();
                return Err(PolicyError::UnknownMember { policy, member });
            }
        }
        let Some(signal) = policy.get("ResourceSignal") else {
            return Ok(None);
        };
        let number = |value: Option<&Value>, default| match value {
            Some(value) => whole_number(value).ok_or_else(|| PolicyError::NotACount {
                value: value.clone(),
            }),
            None => Ok(default),
        };
        let percent = policy
            .get("AutoScalingCreationPolicy")
            .and_then(|of| of.get("MinSuccessfulInstancesPercent"));
        let timeout = signal
            .get("Timeout")
            .map_or_else(|| "PT5M".to_owned(), scalar_text);
        Ok(Some(Self {
            count: number(signal.get("Count"), 1)?,
            timeout: Pause::read(&timeout, LONGEST_CREATION)?,
            percent: number(percent, 100)?,
        }))
    }
}

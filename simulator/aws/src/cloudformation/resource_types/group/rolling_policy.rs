//! The rolling update's sums and sentences: how many instances at a time, how many in between, and
//! what DescribeStackEvents then says. No state, no calls.
//!
//! The formulas and the texts are recorded: guardian/testing-asg-rolling-update, 2024, and
//! <https://github.com/awslabs/amazon-eks-ami/issues/66>.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;

use crate::cloudformation::node::{scalar_text, whole_number};
use crate::cloudformation::policy_error::{PauseError, PolicyError};

/// `AutoScalingRollingUpdate`, with its defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How many are replaced at a time. Default 1.
    pub max_batch_size: u64,
    /// How many stay in service meanwhile. Default 0.
    pub min_instances_in_service: u64,
    /// How many per cent of a batch's signals must be SUCCESS. Default 100.
    pub min_successful_percent: u64,
    /// How long to wait for signals, or simply to wait. Default none, and PT5M with signals.
    pub pause: Pause,
    /// The processes that are suspended meanwhile.
    pub suspend: Vec<String>,
    /// Whether each new instance must signal. Default false.
    pub wait_on_signals: bool,
}

/// A duration with the text that says it, such as `PT15M`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// As the template wrote it.
    pub text: String,
    /// What it means.
    pub duration: Duration,
}

impl Pause {
    /// Reads an ISO 8601 duration of at most `most`.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(text: &str, most: Duration) -> Result<Self, PauseError> {
        let duration = text
            .parse::<SignedDuration>()
            .ok()
            .filter(|_| text.starts_with("PT"))
            .and_then(|duration| Duration::try_from(duration).ok())
            .ok_or_else(|| PauseError::NotADuration {
                text: text.to_owned(),
            })?;
        if duration > most {
            return Err(PauseError::TooLong {
                text: text.to_owned(),
                most,
            });
        }
        Ok(Self {
            text: text.to_owned(),
            duration,
        })
    }
}

/// The longest PauseTime
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html>).
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

impl Policy {
    /// Reads a worked out UpdatePolicy; nothing if it has no rolling update.
    ///
    /// # Errors
    /// Why it is not possible, naming the member.
    pub fn read(update_policy: &Value) -> Result<Option<Self>, PolicyError> {
        let Some(members) = update_policy.as_object() else {
            return Ok(None);
        };
        let known = ["AutoScalingRollingUpdate", "AutoScalingInstanceRefresh"];
        if let Some(other) = members.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(PolicyError::UnknownUpdatePolicy {
                name: other.clone(),
            });
        }
        let Some(rolling) = members
            .get("AutoScalingRollingUpdate")
            .and_then(Value::as_object)
        else {
            return Ok(None);
        };
        let mut policy = Self {
            max_batch_size: 1,
            min_instances_in_service: 0,
            min_successful_percent: 100,
            pause: Pause {
                text: String::new(),
                duration: Duration::ZERO,
            },
            suspend: Vec::new(),
            wait_on_signals: false,
        };
        for (key, value) in rolling {
            policy.member(key, value)?;
        }
        if policy.pause.text.is_empty() {
            let default = if policy.wait_on_signals {
                "PT5M"
            } else {
                "PT0S"
            };
            policy.pause = Pause::read(default, LONGEST_PAUSE)?;
        }
        Ok(Some(policy))
    }

    fn member(&mut self, key: &str, value: &Value) -> Result<(), PolicyError> {
        let number = || {
            whole_number(value).ok_or_else(|| PolicyError::NotANumber {
                member: key.to_owned(),
                value: value.clone(),
            })
        };
        match key {
            "MaxBatchSize" => self.max_batch_size = number()?,
            "MinInstancesInService" => self.min_instances_in_service = number()?,
            "MinSuccessfulInstancesPercent" => self.min_successful_percent = number()?,
            "PauseTime" => {
                self.pause = Pause::read(&scalar_text(value), LONGEST_PAUSE)
                    .map_err(PolicyError::PauseTime)?
            }
            "WaitOnResourceSignals" => self.wait_on_signals = scalar_text(value) == "true",
            "SuspendProcesses" => {
                self.suspend = value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(scalar_text)
                    .collect();
            }
            _ => {
                return Err(PolicyError::UnknownMember {
                    policy: "AutoScalingRollingUpdate",
                    member: key.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// The sizes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// MinSize.
    pub min: u64,
    /// MaxSize.
    pub max: u64,
    /// DesiredCapacity.
    pub desired: u64,
}

/// How a group is rolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many are replaced at a time; 0 means that there is no room to roll.
    pub batch: u64,
    /// DesiredCapacity meanwhile; more than before means that instances are added before one is
    /// taken away.
    pub temporary: u64,
}

/// How to roll `obsolete` instances of a group of these sizes.
pub fn plan(policy: &Policy, sizes: Sizes, obsolete: u64) -> Plan {
    let room = sizes.max.saturating_sub(policy.min_instances_in_service);
    let batch = obsolete.min(policy.max_batch_size).min(room);
    Plan {
        batch,
        temporary: sizes.desired.max(batch + policy.min_instances_in_service),
    }
}

/// How many of `expected` signals must be SUCCESS.
pub fn needed(expected: u64, percent: u64) -> u64 {
    (expected * percent).div_ceil(100)
}

/// `Rolling update initiated. …`
pub fn initiated(policy: &Policy, plan: Plan, obsolete: u64) -> String {
    let keeping = match policy.min_instances_in_service {
        0 => String::new(),
        least => format!(", while keeping at least {least} instance(s) in service"),
    };
    let waiting = match (policy.wait_on_signals, policy.pause.duration.is_zero()) {
        (true, _) => format!(
            " Waiting on resource signals with a timeout of {} when new instances are added to the autoscaling group.",
            policy.pause.text
        ),
        (false, false) => {
            format!(
                " Pausing for {} when new instances are added to the autoscaling group.",
                policy.pause.text
            )
        }
        (false, true) => String::new(),
    };
    format!(
        "Rolling update initiated. Terminating {obsolete} obsolete instance(s) in batches of {}{keeping}.{waiting}",
        plan.batch
    )
}

/// `Temporarily setting …`
pub fn temporarily(temporary: u64) -> String {
    format!("Temporarily setting autoscaling group MinSize and DesiredCapacity to {temporary}.")
}

/// `New instance(s) added …`
pub fn added(policy: &Policy, count: u64) -> String {
    let text = &policy.pause.text;
    if policy.wait_on_signals {
        format!(
            "New instance(s) added to autoscaling group - Waiting on {count} resource signal(s) with a timeout of {text}."
        )
    } else if policy.pause.duration.is_zero() {
        "New instance(s) added to autoscaling group.".to_owned()
    } else {
        format!("New instance(s) added to autoscaling group - Pausing for {text}.")
    }
}

/// `Received SUCCESS signal …`
pub fn received(status: &str, unique_id: &str) -> String {
    format!("Received {status} signal with UniqueId {unique_id}")
}

/// `Terminating instance(s) …`
pub fn terminating(instances: &[String], replacing: u64) -> String {
    format!(
        "Terminating instance(s) [{}]; replacing with {replacing} new instance(s).",
        instances.join(",")
    )
}

/// `Successfully terminated …`; `done` of `all` obsolete instances are gone.
pub fn terminated(instances: &[String], done: u64, all: u64) -> String {
    let percent = (200 * done + all) / (2 * all.max(1));
    format!(
        "Successfully terminated instance(s) [{}] (Progress {percent}%).",
        instances.join(",")
    )
}

/// `Failed to receive …`
pub fn missing_signals(count: u64) -> String {
    format!(
        "Failed to receive {count} resource signal(s) for the current batch.  Each resource signal timeout is counted as a FAILURE."
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(batch: u64, in_service: u64) -> Policy {
        let rolling = json!({"MaxBatchSize": batch, "MinInstancesInService": in_service.to_string(),
            "PauseTime": "PT15M", "WaitOnResourceSignals": "true"});
        Policy::read(&json!({"AutoScalingRollingUpdate": rolling}))
            .expect("good")
            .expect("a rolling update")
    }

    #[test]
    fn batches_and_temporary_sizes_are_as_observed() {
        for (desired, max, in_service, most, batch, temporary) in [
            (5, 10, 5, 100, 5, 10),
            (6, 9, 3, 100, 6, 9),
            (9, 9, 3, 100, 6, 9),
            (9, 9, 8, 100, 1, 9),
            (3, 5, 3, 1, 1, 4),
        ] {
            let sizes = Sizes {
                min: 1,
                max,
                desired,
            };
            assert_eq!(
                plan(&policy(most, in_service), sizes, desired),
                Plan { batch, temporary }
            );
        }
        let sizes = Sizes {
            min: 3,
            max: 3,
            desired: 3,
        };
        assert_eq!(plan(&policy(1, 3), sizes, 3).batch, 0, "no room to roll");
    }

    #[test]
    fn sentences_are_as_observed() {
        let in_service = policy(1, 1);
        assert_eq!(
            initiated(
                &in_service,
                Plan {
                    batch: 1,
                    temporary: 2
                },
                2
            ),
            "Rolling update initiated. Terminating 2 obsolete instance(s) in batches of 1, while keeping at least 1 \
             instance(s) in service. Waiting on resource signals with a timeout of PT15M when new instances are added \
             to the autoscaling group."
        );
        let without = Policy {
            wait_on_signals: false,
            ..policy(1, 0)
        };
        assert_eq!(
            initiated(
                &without,
                Plan {
                    batch: 1,
                    temporary: 2
                },
                2
            ),
            "Rolling update initiated. Terminating 2 obsolete instance(s) in batches of 1. Pausing for PT15M when new \
             instances are added to the autoscaling group."
        );
        assert_eq!(
            terminating(&["i-a".to_owned(), "i-b".to_owned()], 1),
            "Terminating instance(s) [i-a,i-b]; replacing with 1 new instance(s)."
        );
    }

    #[test]
    fn progress_is_in_whole_per_cents() {
        for (done, all, percent) in [(1, 3, 33), (2, 3, 67), (3, 3, 100), (1, 9, 11), (1, 2, 50)] {
            assert!(terminated(&[], done, all).ends_with(&format!("(Progress {percent}%).")));
        }
    }

    #[test]
    fn what_is_not_known_of_the_policy_is_refused() {
        let refused = |policy: Value| Policy::read(&policy).expect_err("refused").to_string();
        assert!(
            refused(json!({"AutoScalingReplacingUpdate": {"WillReplace": true}}))
                .contains("AutoScalingReplacingUpdate")
        );
        assert!(
            refused(json!({"AutoScalingRollingUpdate": {"PauseTime": "PT2H"}}))
                .contains("60 minutes")
        );
        assert!(refused(json!({"AutoScalingRollingUpdate": {"Speed": 1}})).contains("Speed"));
    }
}

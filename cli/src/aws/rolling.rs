//! How far a rolling update is: CloudFormation says that in the reasons of the group's events, and
//! nowhere else.

use jiff::SignedDuration;

use super::StackEvent;

/// A step of a rolling update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollingStep {
    /// It begins.
    Begins {
        /// Instances that it will replace.
        obsolete: usize,
        /// How many at a time.
        batch: usize,
    },
    /// CloudFormation waits for new instances.
    Waits {
        /// For so many signals.
        signals: usize,
        /// For so long at most: the update's PauseTime
        /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html>).
        timeout: SignedDuration,
    },
    /// A new instance has signalled.
    Signal,
    /// A batch of instances is terminated.
    Batch,
    /// The signals of a batch did not come in time: the update fails.
    TimedOut,
}

/// The reason of a resource whose update was cancelled, as CloudFormation gives it.
const CANCELLED: &str = "Resource update cancelled";

/// How the reason begins of a group that failed because of signals: a new instance signalled
/// FAILURE, or too few signalled at all.
const SIGNALS: &str = "Received ";
const COUNTED: &str = " signal(s) out of ";

impl StackEvent {
    /// Whether it says that the update of a resource was cancelled: by somebody, or because
    /// another one failed.
    pub fn is_cancelled(&self) -> bool {
        self.reason == CANCELLED
    }

    /// Whether it says that a group failed because of the signals of its new instances.
    pub fn is_about_signals(&self) -> bool {
        self.reason.starts_with(SIGNALS) && self.reason.contains(COUNTED)
    }

    /// The step of a rolling update that the event tells of, if any.
    pub fn rolling_step(&self) -> Option<RollingStep> {
        let reason = self.reason.as_str();
        if let Some(rest) = reason.strip_prefix("Rolling update initiated. Terminating ") {
            let (obsolete, rest) = rest.split_once(' ')?;
            let (_, rest) = rest.split_once("in batches of ")?;
            return Some(RollingStep::Begins {
                obsolete: obsolete.parse().ok()?,
                batch: leading_number(rest)?,
            });
        }
        if let Some((_, rest)) = reason.split_once(" - Waiting on ") {
            let (_, timeout) = rest.split_once("with a timeout of ")?;
            return Some(RollingStep::Waits {
                signals: leading_number(rest)?,
                timeout: timeout.trim_end_matches('.').parse().ok()?,
            });
        }
        if reason.starts_with("Failed to receive ")
            && reason.contains(" signal(s) for the current batch")
        {
            return Some(RollingStep::TimedOut);
        }
        if reason.starts_with("Terminating instance(s) [") {
            return Some(RollingStep::Batch);
        }
        reason
            .starts_with("Received SUCCESS signal with UniqueId ")
            .then_some(RollingStep::Signal)
    }
}

fn leading_number(text: &str) -> Option<usize> {
    let digits = text.find(|c: char| !c.is_ascii_digit());
    text[..digits.unwrap_or(text.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_steps_are_read_from_what_cloudformation_was_recorded_to_say() {
        let step = |reason: &str| {
            let event = StackEvent {
                id: "1".to_owned(),
                at: Timestamp::UNIX_EPOCH,
                resource: "Group".to_owned(),
                status: "UPDATE_IN_PROGRESS".to_owned(),
                reason: reason.to_owned(),
            };
            event.rolling_step()
        };
        assert_eq!(
            step(
                "Rolling update initiated. Terminating 5 obsolete instance(s) in batches of 2, while keeping at least 5 \
                 instance(s) in service. Waiting on resource signals with a timeout of PT5M when new instances are added to \
                 the autoscaling group."
            ),
            Some(RollingStep::Begins {
                obsolete: 5,
                batch: 2
            })
        );
        assert_eq!(
            step(
                "New instance(s) added to autoscaling group - Waiting on 2 resource signal(s) with a timeout of PT1H."
            ),
            Some(RollingStep::Waits {
                signals: 2,
                timeout: SignedDuration::from_hours(1)
            })
        );
        assert_eq!(
            step("Terminating instance(s) [i-1,i-2]; replacing with 2 new instance(s)."),
            Some(RollingStep::Batch)
        );
        assert_eq!(
            step("Received SUCCESS signal with UniqueId i-1"),
            Some(RollingStep::Signal)
        );
        assert_eq!(
            step(
                "Failed to receive 1 resource signal(s) for the current batch.  Each resource signal timeout is counted as \
                 a FAILURE."
            ),
            Some(RollingStep::TimedOut)
        );
        for other in [
            "",
            "User Initiated",
            "Received FAILURE signal with UniqueId i-1",
            "Rolling update initiated. Terminating many",
        ] {
            assert_eq!(step(other), None, "{other}");
        }
    }
}

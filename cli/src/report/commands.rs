//! The commands that workers name in their reasons: they know neither the profile nor the Region
//! that you gave.

use super::Source;

impl Source {
    /// The same with `complete` applied to every text of a worker, of CloudFormation and of Auto
    /// Scaling: each of them may quote a worker's reason.
    pub fn with_commands(mut self, complete: impl Fn(&str) -> String) -> Self {
        let change = |text: &mut String| *text = complete(text);
        for event in &mut self.events {
            change(&mut event.reason);
        }
        for activity in &mut self.activities {
            change(&mut activity.message);
        }
        for passage in &mut self.passages {
            change(&mut passage.cause);
            for failure in &mut passage.failures {
                change(&mut failure.cause);
            }
            for phase in &mut passage.phases {
                change(&mut phase.reason);
                change(&mut phase.waited_for);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{Activity, StackEvent};
    use crate::report::{ExecutionTrace, Failure, Kind, Phase, RolloutReport};
    use jiff::Timestamp;

    const BARE: &str = "see 'ecs-rollout explain i-1'";

    /// What a report shows of an operation in which each text names a command.
    fn source() -> Source {
        let at = Timestamp::UNIX_EPOCH;
        let later = Timestamp::from_second(60).expect("a time");
        let mut phase = Phase::between(Kind::TasksStop, at, later);
        (phase.reason, phase.waited_for) = (BARE.to_owned(), BARE.to_owned());
        let failure = Failure {
            at,
            instance: "i-1".to_owned(),
            state: "Drained".to_owned(),
            error: "Throttled".to_owned(),
            cause: BARE.to_owned(),
            again: true,
        };
        Source {
            stack: "s".to_owned(),
            status: "UPDATE_ROLLBACK_COMPLETE".to_owned(),
            events: vec![StackEvent {
                id: "1".to_owned(),
                at,
                resource: "Group".to_owned(),
                status: "UPDATE_FAILED".to_owned(),
                reason: BARE.to_owned(),
            }],
            activities: vec![Activity {
                id: "a".to_owned(),
                description: "Terminating EC2 instance: i-1".to_owned(),
                status: "Failed".to_owned(),
                message: BARE.to_owned(),
                cause: String::new(),
                began: at,
                ended: Some(later),
            }],
            passages: vec![ExecutionTrace {
                instance: "i-1".to_owned(),
                stopped: Some(later),
                status: "FAILED".to_owned(),
                error: "RolloutStopped".to_owned(),
                cause: BARE.to_owned(),
                failures: vec![failure],
                phases: vec![phase],
                ..ExecutionTrace::default()
            }],
            ..Source::default()
        }
    }

    #[test]
    fn no_command_of_a_report_is_without_the_flags_that_were_given() {
        let flagged = "'ecs-rollout explain i-1 --profile p'";
        let complete = |text: &str| text.replace("'ecs-rollout explain i-1'", flagged);
        let source = source().with_commands(complete);
        let tale = RolloutReport::of(source);
        let json = serde_json::to_string(&tale).expect("plain data");
        let text = crate::view::report::text(&tale);
        for shown in [&json, &text] {
            assert!(shown.contains(flagged), "{shown}");
            assert!(!shown.contains(BARE), "{shown}");
        }
    }
}

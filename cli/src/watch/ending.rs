//! How an operation ended: what came of it, why, and what you can do next.

use jiff::SignedDuration;
use serde::Serialize;

use super::Course;
use crate::aws::{FailedOperation, with_access};
use crate::format::duration;

/// How it ended. Members are spelled so in JSON output.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    /// The stack's name.
    #[serde(skip)]
    pub stack: String,
    /// The stack's status.
    pub status: String,
    /// Whether it ended as it was meant to.
    pub well: bool,
    /// Instances that are retained for a person.
    pub retained: Vec<String>,
    /// Where it led.
    #[serde(skip)]
    pub course: Course,
    /// Instances that were replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<usize>,
    /// Of so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<usize>,
    /// The AMI that they have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ami: Option<String>,
    /// How long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// Why it did not end well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What failed besides, such as a drain in the rollback.
    #[serde(rename = "alsoFailed", skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// What puts the old AMI id back, after a rollback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<String>,
    /// The instance that the cause is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

impl Ending {
    /// What came of it, and what you can do next, each in a sentence.
    pub fn summary(&self) -> String {
        let sentences = [
            Some(self.outcome()),
            self.also_failed(),
            self.next_step(),
            self.restoring(),
        ];
        let sentences: Vec<String> = sentences.into_iter().flatten().collect();
        sentences.join(" ")
    }

    /// What failed besides, if anything did: the first of it in full.
    pub fn also_failed(&self) -> Option<String> {
        let first = self.also.first()?.trim_end_matches('.');
        Some(match self.also.len() - 1 {
            0 => format!("Also failed: {first}."),
            more => format!("Also failed: {first}; and {more} more."),
        })
    }

    /// The next step, if there is one.
    pub fn next_step(&self) -> Option<String> {
        self.next().map(|next| format!("Next: {next}."))
    }

    /// The command that puts the old AMI back, after a rollback: the next update reads the
    /// parameter again.
    pub fn restoring(&self) -> Option<String> {
        self.restore.clone()
    }

    /// What came of it.
    pub fn outcome(&self) -> String {
        let took = self.seconds.map_or_else(String::new, |seconds| {
            format!(" in {}", duration(SignedDuration::from_secs(seconds)))
        });
        let counted = match (self.replaced, self.of) {
            (Some(replaced), Some(of)) => format!("{replaced} of {of}"),
            _ => String::new(),
        };
        let on_ami = self
            .ami
            .as_ref()
            .map_or_else(String::new, |ami| format!(" on {ami}"));
        if let Some(failed) = self.failed() {
            return format!("{}{took}, {}: {}", failed.what, self.status, self.why());
        }
        match (&self.course, self.well) {
            (Course::Deletion, true) => format!("Stack deleted{took}."),
            (Course::Creation, true) => format!("Stack created{took}: {counted} in service."),
            (_, true) => format!("Rollout complete: {counted}{on_ami}{took}."),
            (Course::Back, false) => format!("Rolled back{took}: {}", self.why()),
            (_, false) => format!("{}{took}: {}", self.status, self.why()),
        }
    }

    /// The operation that failed and left the stack to you, if one did.
    fn failed(&self) -> Option<FailedOperation> {
        FailedOperation::of(&self.stack, &self.status)
    }

    fn why(&self) -> String {
        match (&self.cause, self.retained.as_slice()) {
            (Some(cause), _) => format!("{}.", cause.trim_end_matches('.')),
            (None, []) => "CloudFormation names no cause.".to_owned(),
            (None, [one]) => format!("{one} is retained: its drain failed."),
            (None, some) => format!(
                "{} instances are retained: their drains failed.",
                some.len()
            ),
        }
    }

    /// The commands that say more, or that clean up.
    pub fn next(&self) -> Option<String> {
        if self.well {
            return None;
        }
        // A retained instance may be the cause for which the operation failed, so its end comes
        // first.
        let way_out = self.failed().map(|failed| failed.way_out("`"));
        if self.retained.is_empty() {
            return way_out;
        }
        // An instance that is retained is the first thing to look at; what is gone cannot be
        // explained.
        let about = |id: &&str| self.instance.as_deref() == Some(*id);
        let mut retained: Vec<&str> = self.retained.iter().map(String::as_str).collect();
        retained.sort_by_key(|id| !about(id));
        let steps = [Some(end_retained(&retained, "`")), way_out];
        let steps: Vec<String> = steps.into_iter().flatten().collect();
        Some(steps.join("; then "))
    }
}

/// The commands that look at retained instances, and then end them; each within these `quotes`.
pub fn end_retained(retained: &[&str], quotes: &str) -> String {
    let Some((first, rest)) = retained.split_first() else {
        return String::new();
    };
    let command = |verb: &str| {
        let command = with_access(&format!("ecs-rollout {verb} {first}"));
        format!("{quotes}{command}{quotes}")
    };
    let (explain, terminate) = (command("explain"), command("terminate"));
    format!("{explain}, then {terminate}{}", and_the_same(rest))
}

/// That a command is for these instances too.
pub fn and_the_same(rest: &[&str]) -> String {
    match rest {
        [] => String::new(),
        rest => format!("; the same for {}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(course: Course, well: bool) -> Ending {
        Ending {
            stack: "prod".to_owned(),
            status: "UPDATE_COMPLETE".to_owned(),
            well,
            retained: Vec::new(),
            course,
            replaced: Some(9),
            of: Some(9),
            ami: Some("ami-0123456789abcdef0".to_owned()),
            seconds: Some(887),
            cause: None,
            also: Vec::new(),
            instance: None,
            restore: None,
        }
    }

    #[test]
    fn what_failed_besides_is_a_sentence_of_its_own() {
        let mut back = Ending {
            cause: Some("the update was cancelled".to_owned()),
            also: vec!["i-01 (DrainFailed): a task runs.".to_owned()],
            ..ending(Course::Back, false)
        };
        assert_eq!(
            back.summary(),
            "Rolled back in 14m47s: the update was cancelled. Also failed: i-01 (DrainFailed): a task runs."
        );
        back.also
            .push("i-02 (DrainFailed): a task runs.".to_owned());
        let also = back.also_failed().expect("two failed");
        assert!(also.ends_with("a task runs; and 1 more."), "{also}");
        let json = serde_json::to_value(&back).expect("plain data");
        assert_eq!(json["alsoFailed"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn the_summary_says_what_came_of_it() {
        assert_eq!(
            ending(Course::Forward, true).summary(),
            "Rollout complete: 9 of 9 on ami-0123456789abcdef0 in 14m47s."
        );
        assert_eq!(
            ending(Course::Creation, true).summary(),
            "Stack created in 14m47s: 9 of 9 in service."
        );
        assert_eq!(
            ending(Course::Deletion, true).summary(),
            "Stack deleted in 14m47s."
        );
    }

    #[test]
    fn the_summary_of_a_rollback_names_the_cause_and_the_next_step() {
        let back = Ending {
            cause: Some("i-01 did not drain within 5m00s".to_owned()),
            instance: Some("i-01".to_owned()),
            retained: vec!["i-00".to_owned(), "i-01".to_owned()],
            ..ending(Course::Back, false)
        };
        assert_eq!(
            back.summary(),
            "Rolled back in 14m47s: i-01 did not drain within 5m00s. Next: `ecs-rollout explain i-01`, then `ecs-rollout \
             terminate i-01`; the same for i-00."
        );
        let none = Ending {
            cause: None,
            retained: Vec::new(),
            ..back
        };
        assert_eq!(
            none.summary(),
            "Rolled back in 14m47s: CloudFormation names no cause."
        );
        let with_restore = Ending {
            restore: Some("Before the next update, SSM parameter /ami must hold ami-0.".to_owned()),
            ..none.clone()
        };
        assert_eq!(
            with_restore.summary(),
            "Rolled back in 14m47s: CloudFormation names no cause. Before the next update, SSM parameter /ami must hold \
             ami-0."
        );
        let left = Ending {
            retained: vec!["i-00".to_owned()],
            ..ending(Course::Forward, false)
        };
        assert_eq!(
            left.summary(),
            "UPDATE_COMPLETE in 14m47s: i-00 is retained: its drain failed. Next: `ecs-rollout explain i-00`, then \
             `ecs-rollout terminate i-00`."
        );
    }

    #[test]
    fn a_rollback_that_failed_is_no_rollback_and_says_how_it_is_continued() {
        let failed = Ending {
            status: "UPDATE_ROLLBACK_FAILED".to_owned(),
            cause: Some("Received 0 SUCCESS signal(s) out of 1.".to_owned()),
            ..ending(Course::Back, false)
        };
        assert_eq!(
            failed.summary(),
            "The rollback failed in 14m47s, UPDATE_ROLLBACK_FAILED: Received 0 SUCCESS signal(s) out of 1. Next: remove the \
             cause, then `aws cloudformation continue-update-rollback --stack-name prod`."
        );
        let retained = Ending {
            retained: vec!["i-00".to_owned()],
            ..failed.clone()
        };
        let next = retained.next_step().expect("a next step");
        assert!(next.starts_with("Next: `ecs-rollout explain i-00`, then"));
        assert!(next.ends_with("continue-update-rollback --stack-name prod`."));
        for (status, what) in [
            ("UPDATE_FAILED", "The update failed, "),
            ("CREATE_FAILED", "The creation of the stack failed, "),
            ("ROLLBACK_FAILED", "The creation of the stack failed, "),
            ("DELETE_FAILED", "The deletion of the stack failed in"),
        ] {
            let status = status.to_owned();
            let failed = Ending {
                status,
                ..failed.clone()
            };
            assert!(failed.outcome().starts_with(what), "{}", failed.outcome());
            assert!(failed.next_step().is_some(), "{}", failed.status);
        }
    }
}

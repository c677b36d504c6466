//! Changes as lines.

use std::fmt::{self, Display};

use super::{Change, Course, how_far, without_instance};

impl Change {
    /// Subject, what, and detail.
    pub(super) fn parts(&self) -> (String, String, String) {
        match self {
            Self::Stack { status } => ("stack".to_owned(), status.clone(), String::new()),
            Self::Event {
                resource,
                status,
                reason,
                ..
            } => (resource.clone(), status.clone(), reason.clone()),
            Self::Instance {
                instance,
                state,
                version,
            } => {
                let detail = format!("launch template version {version}");
                (instance.clone(), state.clone(), detail)
            }
            Self::Answer { instance, said } => {
                let reason = without_instance(&said.reason, instance);
                (instance.clone(), said.situation().to_owned(), reason)
            }
            Self::Progress { .. } | Self::Pause { .. } => self.parts_of_the_whole(),
            Self::Warning { reason } => ("warning".to_owned(), String::new(), reason.clone()),
            Self::Trouble { reason } => ("problem".to_owned(), String::new(), reason.clone()),
            Self::End(end) => ("end".to_owned(), end.status.clone(), end.summary()),
            Self::Service { .. } | Self::Activity { .. } | Self::Execution { .. } => {
                self.parts_around_the_roll()
            }
        }
    }

    /// The same of the rollout as a whole.
    fn parts_of_the_whole(&self) -> (String, String, String) {
        match self {
            Self::Progress {
                course,
                ami,
                replaced,
                of,
                drains,
                waiting_to_drain,
                retained,
                at_launch,
                paused,
                ..
            } => {
                let so_far = replaced.map(|replaced| how_far(course, replaced, *of));
                let ami = ami.as_ref().map(|ami| match course {
                    Course::Forward => format!("to {ami}"),
                    _ => ami.clone(),
                });
                let moving = [
                    (paused, "paused"),
                    (drains, "draining"),
                    (waiting_to_drain, "waiting to drain"),
                    (retained, "retained"),
                    (at_launch, "at the launch hook"),
                ];
                let moving = moving.into_iter().filter(|(count, _)| **count > 0);
                let moving = moving.map(|(count, what)| Some(format!("{count} {what}")));
                let parts: Vec<String> = [ami].into_iter().chain(moving).flatten().collect();
                (
                    "progress".to_owned(),
                    so_far.unwrap_or_default(),
                    parts.join(", "),
                )
            }
            Self::Pause { paused, words, .. } => {
                let subject = if *paused { "paused" } else { "resumed" };
                (subject.to_owned(), String::new(), words.clone())
            }
            _ => Default::default(),
        }
    }

    /// The same of what happens around the rollout.
    fn parts_around_the_roll(&self) -> (String, String, String) {
        match self {
            Self::Service {
                service,
                running,
                desired,
                pending,
                message,
            } => {
                let detail = match message.as_str() {
                    "" => String::new(),
                    message => format!("{pending} pending: {message}"),
                };
                let what = format!("{running} of {desired} running");
                (service.clone(), what, detail)
            }
            Self::Activity {
                activity,
                status,
                reason,
                ..
            } => {
                let detail = if activity.contains(reason.as_str()) {
                    activity.clone()
                } else {
                    format!("{activity}: {reason}")
                };
                ("scaling".to_owned(), status.clone(), detail)
            }
            Self::Execution {
                execution,
                instance,
                status,
                reason,
                ..
            } => {
                let name = execution.rsplit(':').next().unwrap_or_default();
                let detail = format!("execution {name}: {reason}");
                (instance.clone(), status.clone(), detail)
            }
            _ => Default::default(),
        }
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, what, detail) = self.parts();
        let line = if what.is_empty() {
            format!("{subject:<19} {detail}")
        } else {
            format!("{subject:<19} {what:<26} {detail}")
        };
        f.write_str(line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_counts_towards_where_the_operation_leads() {
        let told = |course: Course, retained: usize| {
            let progress = Change::Progress {
                version: "2".to_owned(),
                course,
                ami: Some("ami-1".to_owned()),
                replaced: Some(3),
                of: 4,
                in_service: 4,
                drains: 0,
                waiting_to_drain: 0,
                retained,
                at_launch: 0,
                paused: 1,
            };
            progress.to_string()
        };
        assert_eq!(
            told(Course::Forward, 1),
            "progress            3 of 4 replaced            to ami-1, 1 paused, 1 retained"
        );
        assert_eq!(
            told(Course::Back, 0),
            "progress            3 of 4 on the old AMI      ami-1, 1 paused"
        );
        assert_eq!(
            told(Course::Creation, 0),
            "progress            3 of 4 in service          ami-1, 1 paused"
        );
    }
}

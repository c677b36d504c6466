//! Changes as lines.

use std::fmt::{self, Display};

use super::{Change, without_instance};

impl Change {
    /// Subject, what, and detail.
    fn parts(&self) -> (String, String, String) {
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
            Self::Trouble { reason } => ("trouble".to_owned(), String::new(), reason.clone()),
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
                ami,
                replaced,
                of,
                drains,
                at_launch,
                ..
            } => {
                let so_far = replaced.map(|replaced| format!("{replaced} of {of} replaced"));
                let ami = ami.as_ref().map(|ami| format!("to {ami}"));
                let moving = [(drains, "draining"), (at_launch, "at the launch hook")];
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

    /// The same of what happens around the roll.
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
                let detail = match activity.contains(reason.as_str()) {
                    true => activity.clone(),
                    false => format!("{activity}: {reason}"),
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
        let line = match what.is_empty() {
            true => format!("{subject:<19} {detail}"),
            false => format!("{subject:<19} {what:<26} {detail}"),
        };
        f.write_str(line.trim_end())
    }
}

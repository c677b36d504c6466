//! Changes as lines.

use std::fmt::{self, Display};

use super::Change;

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
                let what = format!("{} {}", said.worker, said.verdict);
                (
                    instance.clone(),
                    what.trim_end().to_owned(),
                    said.reason.clone(),
                )
            }
            Self::Progress {
                version,
                replaced,
                in_service,
                drains,
                at_launch,
            } => {
                let detail = format!(
                    "{replaced} of {in_service} in service are of version {version}; {drains} at their terminate hooks, {at_launch} \
                     at their launch hooks"
                );
                ("progress".to_owned(), String::new(), detail)
            }
            Self::Trouble { reason } => ("trouble".to_owned(), String::new(), reason.clone()),
            Self::End {
                status,
                well,
                retained,
            } => {
                let how = match (well, retained.as_slice()) {
                    (true, _) => "it is over, and all is well".to_owned(),
                    (false, []) => "it is over, and did not go as it was meant to".to_owned(),
                    (false, some) => format!(
                        "it is over; retained for you: {}; ask why: ecs-rollout explain {1}; end it: ecs-rollout terminate {1}",
                        some.join(", "),
                        some[0]
                    ),
                };
                ("end".to_owned(), status.clone(), how)
            }
            Self::Service { .. } | Self::Activity { .. } | Self::Execution { .. } => {
                self.parts_around_the_roll()
            }
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
        let line = format!("{subject:<19} {what:<22} {detail}");
        f.write_str(line.trim_end())
    }
}

//! The command line, and what it comes to.

use std::time::Duration;

use activity_worker::Settings;
use clap::Parser;

/// Answers the questions of ecs-rollout's state machine from a process of your own, instead of
/// Lambda functions.
///
/// Deploy the stack with the parameter WorkerHost=Activity, give the role of whatever runs this
/// process the policy in the stack's output ActivityWorkerPolicyArn, and start one process or more.
/// Credentials come from where AWS SDKs look for them. A process that is told to stop (SIGTERM or
/// SIGINT) takes nothing new, finishes what it holds, and ends; what a process held that was killed
/// is asked again after 90 seconds.
#[derive(Debug, Parser)]
#[command(name = "activity-worker", version)]
#[command(
    after_help = "Logs are JSON lines on stdout; RUST_LOG sets their level (info).\n\nExit code: 0 after a stop; 1 if questions were left unanswered, which are then asked again; 2 for bad input."
)]
pub struct CommandLine {
    /// What the ARNs of the activities begin with: the stack's output ActivityPrefix, such as
    /// arn:aws:states:eu-west-1:123456789012:activity:DevCluster-
    #[arg(long, env = "ACTIVITY_PREFIX", value_name = "PREFIX", value_parser = prefix)]
    activities: String,
    /// Questions of each activity that are worked on at a time
    #[arg(long, env = "ACTIVITY_CONCURRENCY", value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=100))]
    concurrency: u8,
    /// What the executions' histories call this process [default: the host's name]
    #[arg(long, env = "ACTIVITY_WORKER_NAME", value_name = "NAME", value_parser = worker_name)]
    name: Option<String>,
    /// Seconds that questions which are held may still take when the process is told to stop
    #[arg(long, env = "ACTIVITY_GRACE_SECONDS", value_name = "SECONDS", default_value_t = 25, value_parser = clap::value_parser!(u64).range(0..=3600))]
    grace_seconds: u64,
}

impl CommandLine {
    /// What the process does; `host` is the host's name.
    pub fn settings(&self, host: &str) -> Settings {
        let host: String = host.chars().filter(|c| allowed(*c)).take(80).collect();
        let fallback = if host.is_empty() {
            "activity-worker".to_owned()
        } else {
            host
        };
        Settings {
            activities: Settings::activities_with(&self.activities),
            concurrency: usize::from(self.concurrency),
            name: self.name.clone().unwrap_or(fallback),
            grace: Duration::from_secs(self.grace_seconds),
        }
    }

    /// The Region of the activities, in which everything else is as well.
    pub fn region(&self) -> String {
        self.activities
            .split(':')
            .nth(3)
            .unwrap_or_default()
            .to_owned()
    }
}

/// Why the value of an option cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum OptionError {
    /// The activities are named in another form.
    #[error(
        "it is no arn:PARTITION:states:REGION:ACCOUNT:activity:CLUSTER- ; take the stack's output ActivityPrefix, with the hyphen at its end"
    )]
    NotAPrefix,
    /// The process would have a name that AWS or a log may not take.
    #[error("a name has 1 to 80 letters, digits, hyphens, underscores and dots")]
    NotAName,
}

fn prefix(text: &str) -> Result<String, OptionError> {
    let parts: Vec<&str> = text.split(':').collect();
    let good = match parts[..] {
        [
            "arn",
            partition,
            "states",
            region,
            account,
            "activity",
            name,
        ] => {
            let digits = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
            digits
                && !partition.is_empty()
                && !region.is_empty()
                && name.len() > 1
                && name.ends_with('-')
        }
        _ => false,
    };
    if good {
        Ok(text.to_owned())
    } else {
        Err(OptionError::NotAPrefix)
    }
}

/// AWS takes other characters as well, but these are enough for names.
fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.".contains(c)
}

fn worker_name(text: &str) -> Result<String, OptionError> {
    if (1..=80).contains(&text.len()) && text.chars().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(OptionError::NotAName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "arn:aws:states:eu-west-1:123456789012:activity:Dev-";

    fn parse(more: &[&str]) -> Result<CommandLine, clap::Error> {
        let words = ["activity-worker"].iter().chain(more);
        CommandLine::try_parse_from(words)
    }

    #[test]
    fn a_prefix_names_the_activities_and_the_region() {
        let options = parse(&["--activities", PREFIX]).expect("good");
        let settings = options.settings("ip-10-0-0-1 (x)");
        assert_eq!(options.region(), "eu-west-1");
        assert_eq!(
            (settings.concurrency, settings.name.as_str()),
            (4, "ip-10-0-0-1x")
        );
        let last = settings.activities.last().expect("six");
        assert_eq!(last.1, format!("{PREFIX}reconcile"));
        assert_eq!(options.settings("").name, "activity-worker");
    }

    #[test]
    fn bad_input_is_refused_with_the_way_out() {
        for (words, says) in [
            (
                &["--activities", "Dev-"][..],
                "take the stack's output ActivityPrefix",
            ),
            (
                &[
                    "--activities",
                    "arn:aws:states:eu-west-1:123456789012:activity:Dev",
                ],
                "hyphen",
            ),
            (&["--activities", PREFIX, "--concurrency", "0"], "1..=100"),
            (
                &["--activities", PREFIX, "--name", "a b"],
                "letters, digits",
            ),
        ] {
            let message = parse(words).expect_err("bad").to_string();
            assert!(message.contains(says), "{words:?}: {message}");
        }
    }
}

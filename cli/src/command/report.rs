//! `report`: the scenario of a past roll, from what AWS remembers of it.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::flow;
use super::rehearse::Output;
use super::stack_argument::StackArgument;
use crate::aws::{Access, with_access_in};
use crate::failure::{Exit, Failure};
use crate::fetch::{PACE, Reader};
use crate::format::read_duration;
use crate::report::{RolloutReport, Source};
use crate::view::out::{print, print_value};
use crate::view::{page, report};

/// Flags of `report`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout report ecs-cluster
  ecs-rollout report ecs-cluster --html roll.html
  ecs-rollout report ecs-cluster --since 2h --output json
  ecs-rollout report ecs-cluster --since 2026-11-26T19:00:00Z

Changes nothing, and makes five calls a second at most: cloudformation:DescribeStacks, DescribeStackEvents,
autoscaling:DescribeAutoScalingGroups, DescribeScalingActivities, states:DescribeStateMachine, ListExecutions,
GetExecutionHistory, ecs:ListContainerInstances, DescribeContainerInstances; after a rollback ssm:GetParameter. Step Functions and CloudFormation remember 90 days, Auto Scaling six weeks.

Exit code: 0 if the rollout ended well, 1 if the stack rolled back or failed, an instance is retained, a hook was left open, or the rollout
is still under way; 2 input; 4 AWS."))]
pub struct Report {
    #[command(flatten)]
    stack: StackArgument,
    /// The operations that began since then, such as 2h, 3d or 2026-11-26T19:00:00Z [default: the
    /// last one of the stack]
    #[arg(long, value_name = "TIME", value_parser = Since::read)]
    since: Option<Since>,
    /// Also write the report as a self-contained HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Lines to read, or one JSON object
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// From this instant.
    At(Timestamp),
    /// So long before now.
    Ago(SignedDuration),
}

impl Since {
    fn read(text: &str) -> Result<Self, Failure> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        match read_duration(text) {
            Some(span) => Ok(Self::Ago(span)),
            None => Err(
                "neither a time, such as 2026-11-26T19:00:00Z, nor a span of hours or days, such as 2h or 3d"
                    .into(),
            ),
        }
    }

    fn at(self, now: Timestamp) -> Result<Timestamp, Failure> {
        match self {
            Self::At(at) if at > now => Err(format!("--since {at} is in the future").into()),
            Self::At(at) => Ok(at),
            Self::Ago(span) => now
                .checked_sub(span)
                .map_err(|error| format!("--since: {error}").into()),
        }
    }
}

impl Report {
    /// Reads, and tells.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, Failure> {
        if let Some(path) = &self.html {
            writable(path)?;
        }
        let source = super::wait_for(self.read())??.with_commands(with_access_in);
        let definition = source.definition.clone();
        let tale = RolloutReport::of(source);
        if let Some(path) = &self.html {
            write(path, &tale, &definition)?;
        }
        match self.output {
            Output::Text => {
                for (severity, line) in report::lines(&tale) {
                    print_value(severity, &line, report::VALUES);
                }
            }
            Output::Json => {
                let text = serde_json::to_string_pretty(&tale).expect("a tale is plain data");
                print(format!("{text}\n"));
            }
        }
        Ok(match tale.well {
            Some(true) => ExitCode::SUCCESS,
            Some(false) => ExitCode::FAILURE,
            None => Exit::Otherwise.into(),
        })
    }

    async fn read(&self) -> Result<Source, Failure> {
        let aws = self.access.connect().await?;
        let since = |now| self.since.map(|since| since.at(now)).transpose();
        Reader::new(aws, PACE, true)
            .read(&self.stack.name()?, since)
            .await
    }
}

/// Finds out beforehand whether the page can be written: nobody should wait for that. What is in
/// the file stays, and what is not there is not left behind.
///
/// # Errors
/// A sentence that names the file.
pub fn writable(path: &Path) -> Result<(), Failure> {
    let is_new = !path.exists();
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|error| cannot(path, &error))?;
    if is_new {
        std::fs::remove_file(path).map_err(|error| cannot(path, &error))
    } else {
        Ok(())
    }
}

/// Writes the page.
///
/// # Errors
/// A sentence that names the file; or that the definition is none.
pub fn write(path: &Path, tale: &RolloutReport, definition: &str) -> Result<(), Failure> {
    let page = page::page(tale, definition)?;
    write_text(path, &page)
}

/// Writes a file that a flag names.
///
/// # Errors
/// If it cannot be written, with its name.
pub fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| cannot(path, &error))
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::from(format!(
        "{}: {error}; name a file that can be written",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_find_out_whether_a_file_can_be_written_changes_none() {
        let path = std::env::temp_dir().join(format!("report-{}.html", std::process::id()));
        assert_eq!(writable(&path), Ok(()));
        assert!(!path.exists(), "a file is left behind");
        std::fs::write(&path, "before").expect("a file");
        assert_eq!(writable(&path), Ok(()));
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), "before");
        std::fs::remove_file(&path).expect("the file goes");
    }

    #[test]
    fn since_is_a_time_or_a_span() {
        let now: Timestamp = "2026-11-26T19:00:00Z".parse().expect("a time");
        let at = |text: &str| Since::read(text).and_then(|since| since.at(now));
        assert_eq!(
            at("2h").map(|it| it.to_string()),
            Ok("2026-11-26T17:00:00Z".to_owned())
        );
        assert_eq!(
            at("3d").map(|it| it.to_string()),
            Ok("2026-11-23T19:00:00Z".to_owned())
        );
        let noon = "2026-11-26T13:00:00+01:00";
        assert_eq!(
            at(noon).map(|it| it.to_string()),
            Ok("2026-11-26T12:00:00Z".to_owned())
        );
        for wrong in [
            "",
            "yesterday",
            "-2h",
            "0s",
            "2026-13-01T00:00:00Z",
            "2027-01-01T00:00:00Z",
        ] {
            assert!(at(wrong).is_err(), "{wrong:?} is no time");
        }
    }
}

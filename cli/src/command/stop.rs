//! `stop`: halts a roll safely: cancels the update, which CloudFormation then rolls back; or holds everything as it is.

use std::process::ExitCode;

use clap::Args;
use workers::model::group::HOLD_TAG;

use super::confirm::agreed;
use crate::aws::{Access, Aws, Group, Member, Pause, Stack, told};
use crate::view::out::say;
use crate::watching::resume_command;

/// Flags of `stop`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ecs-rollout stop ecs-cluster
  ecs-rollout stop ecs-cluster --yes && ecs-rollout watch ecs-cluster
  ecs-rollout stop ecs-cluster --hold 'sale until noon, ask Kim'
  ecs-rollout stop ecs-cluster --release

Cancelled, an update is rolled back. Held, everything waits as it is until it is released: no further drain begins, no new
instance is let in; drains that are open go on to their end. CloudFormation gives a batch an hour, so a hold that is longer
ends with its way back, which is held as well; and a lifecycle hook ends after 48 hours whatever holds it.

Calls: cloudformation:DescribeStacks, CancelUpdateStack, autoscaling:DescribeAutoScalingGroups, DescribeInstanceRefreshes,
CreateOrUpdateTags and DeleteTags (of the group's tag ecs-rollout:hold). No instance is let go or cut off by it.

Exit code: 0 if it is done, 1 if nothing was done, 2 if it could not be.")]
pub struct Stop {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
    /// Hold everything as it is, and say why
    #[arg(long, value_name = "WHY", num_args = 0..=1, default_missing_value = "no reason given", conflicts_with = "release")]
    hold: Option<String>,
    /// Let go on what is held
    #[arg(long)]
    release: bool,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    access: Access,
}

impl Stop {
    /// Says what it will do, asks, and does it.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, String> {
        super::wait_for(async {
            let aws = self.access.connect().await?;
            let stack = aws.stack(&self.stack).await.map_err(|error| told(&error))?;
            match (&self.hold, self.release) {
                (Some(why), _) => self.hold(&aws, &stack, why).await,
                (None, true) => self.release(&aws, &stack).await,
                (None, false) => self.cancel(&aws, &stack).await,
            }
        })?
    }

    /// Whether he agrees, who was told what will be done.
    fn agrees(&self, question: &str) -> Result<bool, String> {
        if self.yes || agreed(question)? {
            return Ok(true);
        }
        say("Nothing is done.\n");
        Ok(false)
    }

    async fn cancel(&self, aws: &Aws, stack: &Stack) -> Result<ExitCode, String> {
        if !stack.goes_forward() {
            return Err(format!(
                "stack {} is {}: no update of it goes forward that could be cancelled; nothing is done",
                stack.name, stack.status
            ));
        }
        let group = group(aws, stack).await?;
        say(plan(stack, &group));
        if !self.agrees("Cancel it?")? {
            return Ok(ExitCode::FAILURE);
        }
        aws.cancel_update(&stack.name).await?;
        say(format!(
            "The update of {0} is being cancelled. Until it is over: ecs-rollout watch {0}\n",
            stack.name
        ));
        Ok(ExitCode::SUCCESS)
    }

    async fn hold(&self, aws: &Aws, stack: &Stack, why: &str) -> Result<ExitCode, String> {
        let members = group(aws, stack).await?;
        if let Some(pause) = &members.pause {
            say(already_paused(&stack.group()?, pause, &stack.name));
            return Ok(ExitCode::FAILURE);
        }
        let hour = match stack.goes_forward() {
            true => {
                "CloudFormation gives a batch an hour: if it is held for longer, the update fails and goes back.\n"
            }
            false => "",
        };
        say(format!(
            "This holds group {} as it is, by its tag {HOLD_TAG}.\n{}\
             \x20 stay as they are        all others; no drain begins, nobody is let in\n{hour}",
            stack.group()?,
            going_on(&members),
        ));
        if !self.agrees("Hold it?")? {
            return Ok(ExitCode::FAILURE);
        }
        aws.hold(&stack.group()?, Some(why)).await?;
        say(format!(
            "It is held. Let it go on with: {}\n",
            resume_command(&stack.name)
        ));
        Ok(ExitCode::SUCCESS)
    }

    async fn release(&self, aws: &Aws, stack: &Stack) -> Result<ExitCode, String> {
        let name = stack.group()?;
        let seen = aws.capacity(&name).await.map_err(|error| told(&error))?;
        let Some(why) = seen.on_hold else {
            say(format!("Nobody holds group {name}: nothing is done.\n"));
            return Ok(ExitCode::FAILURE);
        };
        say(format!(
            "This lets group {name} go on, which is held: '{why}'.\n"
        ));
        if !self.agrees("Release it?")? {
            return Ok(ExitCode::FAILURE);
        }
        aws.hold(&name, None).await?;
        say(format!(
            "It goes on within minutes. See it with: ecs-rollout watch {}\n",
            stack.name
        ));
        Ok(ExitCode::SUCCESS)
    }
}

async fn group(aws: &Aws, stack: &Stack) -> Result<Group, String> {
    let group = aws.group(&stack.group()?).await;
    group.map_err(|error| told(&error))
}

/// The instances for which `test` holds.
fn ids(group: &Group, test: impl Fn(&Member) -> bool) -> String {
    let those = group.members.iter().filter(|one| test(one));
    let those: Vec<&str> = those.map(|one| one.id.as_str()).collect();
    match those.is_empty() {
        true => "none".to_owned(),
        false => those.join(", "),
    }
}

/// Why a second pause changes nothing: the reason of the first would be lost.
fn already_paused(group: &str, pause: &Pause, stack: &str) -> String {
    let since = pause.since.map_or_else(String::new, |since| {
        format!(" since {}", since.strftime("%Y-%m-%d %H:%M:%SZ"))
    });
    format!(
        "Group {group} is paused already{since}: '{}'. Nothing is done. To give another reason, resume it first: {}\n",
        pause.why,
        resume_command(stack)
    )
}

fn going_on(group: &Group) -> String {
    format!(
        "\x20 go on to their end      drains: {}\n",
        ids(group, |one| one.state.awaits_end())
    )
}

/// What will be done, and what stays as it is.
fn plan(stack: &Stack, group: &Group) -> String {
    format!(
        "This cancels the update of stack {}. CloudFormation rolls it back: instances that came from the new launch template are \
         replaced by instances from the old one, a batch at a time.\n{}\
         \x20 are let in first        new instances at their launch hooks: {}\n\
         \x20 stay as they are        retained: {}\n",
        stack.name,
        going_on(group),
        ids(group, |one| one.state.awaits_launch()),
        ids(group, |one| one.state.is_retained()),
    )
}

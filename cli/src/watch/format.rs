//! What is shown of a worker's answer, and of a pause: the situation in a few words.

use jiff::Timestamp;

use workers::model::group::LifecycleState;

use super::{Course, LastAnswer, Step};
use crate::aws::{Pause, with_access};
use crate::format::{between, clock};

impl LastAnswer {
    /// What it says about the instance.
    pub fn step(&self) -> Step {
        match (self.worker, self.is_of_launch) {
            ("joined", _) => Step::Joins,
            ("stable", true) => Step::WaitsForDrains,
            ("draining", _) if self.verdict != "Reached" => Step::WaitsToDrain,
            _ => Step::Proceeds,
        }
    }

    /// What goes on, in as few words as possible.
    pub fn in_a_word(&self) -> &'static str {
        match (self.worker, self.is_of_launch) {
            ("joined", _) => "joining",
            ("draining", _) => "queued",
            ("drained", _) => "draining",
            ("stable", true) => "queued",
            ("stable", false) => "recovering",
            _ => "completing",
        }
    }

    /// The situation that the answer describes. It is chosen by worker and verdict; the reason says
    /// more.
    pub fn situation(&self) -> &'static str {
        let verdict = self.verdict.as_str();
        match (self.worker, self.is_of_launch, verdict) {
            (_, _, "Over") => "already over",
            _ if self.paused.is_some() => "paused",
            ("joined", _, "Reached") => "joined",
            ("joined", _, "Never") => "did not join",
            ("joined", ..) => "waiting to join the cluster",
            ("draining", _, "Reached") => "draining",
            ("draining", ..) => "waiting for its turn to drain",
            ("drained", _, "Reached") => "all tasks stopped",
            ("drained", _, "Never") => "drain failed",
            ("drained", ..) => "waiting for tasks to stop",
            ("stable", true, "Reached") => "no earlier drain is open",
            ("stable", true, "Never") => "refused: an earlier drain failed",
            ("stable", true, _) => "waiting for earlier drains",
            ("stable", false, "Reached") => "services recovered",
            ("stable", false, "Never") => "services did not recover",
            ("stable", false, _) => "waiting for services to recover",
            _ => "completing the lifecycle action",
        }
    }
}

/// Why an instance in this state is retained. In the warm pool that is no failed drain: nobody
/// answered at its terminate hook
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html>).
pub fn why_retained(state: &LifecycleState) -> &'static str {
    match state {
        LifecycleState::WarmedTerminatingRetained => {
            "Not terminated out of the warm pool, its terminate hook was not completed"
        }
        _ => "Drain failed",
    }
}

/// How many instances of how many are where the operation leads.
pub fn how_far(course: &Course, done: usize, of: usize) -> String {
    let what = match course {
        Course::Creation => "in service",
        Course::Back => "on the old AMI",
        Course::Forward | Course::Deletion => "replaced",
    };
    format!("{done} of {of} {what}")
}

/// The command that ends a pause.
pub fn resume_command(stack: &str) -> String {
    with_access(&format!("ecs-rollout resume {stack}"))
}

/// The situation of a paused rollout: reason, since when, what of the batch's time is left, and how
/// it is resumed.
pub fn paused(pause: &Pause, times_out: Option<Timestamp>, now: Timestamp, stack: &str) -> String {
    let since = pause.since.map_or_else(String::new, |since| {
        format!(" since {} ({})", clock(since), between(since, now))
    });
    let left = match times_out {
        Some(end) if end > now => format!(
            " CloudFormation gives the batch up in {}, at {}.",
            between(now, end),
            clock(end)
        ),
        Some(end) => format!(" The batch's time ended at {}.", clock(end)),
        None => String::new(),
    };
    let why = pause.why.trim_end_matches('.');
    format!(
        "PAUSED{since}: {why}.{left} Resume: {}",
        resume_command(stack)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_situation_follows_from_worker_verdict_and_way() {
        for (way, input, expected) in [
            ("LAUNCHING", json!({}), "waiting to join the cluster"),
            (
                "LAUNCHING",
                json!({"joined": {"verdict": "Reached"}, "stable": {"verdict": "NotYet"}}),
                "waiting for earlier drains",
            ),
            (
                "LAUNCHING",
                json!({"joined": {"verdict": "Reached"}, "stable": {"verdict": "Never"}}),
                "refused: an earlier drain failed",
            ),
            (
                "TERMINATING",
                json!({"draining": {"verdict": "Reached"}, "drained": {"verdict": "NotYet"}}),
                "waiting for tasks to stop",
            ),
            (
                "TERMINATING",
                json!({"draining": {"verdict": "Reached"}, "drained": {"verdict": "Reached"}}),
                "waiting for services to recover",
            ),
        ] {
            let mut input = input;
            input["detail"] =
                json!({"LifecycleTransition": format!("autoscaling:EC2_INSTANCE_{way}")});
            assert_eq!(LastAnswer::last(&input).situation(), expected, "{input}");
        }
    }

    #[test]
    fn a_pause_says_why_since_when_how_long_and_how_it_ends() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let mut pause = Pause {
            why: "sale until noon.".to_owned(),
            since: Some(at(3_600)),
        };
        assert_eq!(
            paused(&pause, Some(at(7_200)), at(4_500), "ecs-cluster"),
            "PAUSED since 01:00:00Z (15m00s): sale until noon. CloudFormation gives the batch up in 45m00s, at 02:00:00Z. \
             Resume: ecs-rollout resume ecs-cluster"
        );
        pause.since = None;
        assert_eq!(
            paused(&pause, None, at(4_500), "ecs-cluster"),
            "PAUSED: sale until noon. Resume: ecs-rollout resume ecs-cluster"
        );
    }
}

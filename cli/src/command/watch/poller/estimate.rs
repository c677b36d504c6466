//! The plan's estimate of a rollout that was started elsewhere, until its first batch has ended.

use jiff::SignedDuration;
use tokio::sync::oneshot::{self, Receiver};

use crate::aws::Aws;
use crate::failure::Failure;
use crate::plan::estimate::rehearse;
use crate::plan::observation::{Observation, PlanRequest, look_at};

/// How long the rollout takes, as far as that is known.
#[derive(Debug)]
pub enum Estimate {
    /// Nobody has asked yet.
    Open,
    /// The cluster is being looked at, or rehearsed.
    Sought(Receiver<Option<SignedDuration>>),
    /// This is the answer; nothing, if the cluster cannot be rehearsed.
    Known(Option<SignedDuration>),
}

impl Estimate {
    /// What the plan said before the rollout began, if there was one.
    pub fn of(planned: Option<SignedDuration>) -> Self {
        planned.map_or(Self::Open, |planned| Self::Known(Some(planned)))
    }

    /// Whether nobody has asked yet.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// Whether the answer is awaited.
    pub fn is_sought(&self) -> bool {
        matches!(self, Self::Sought(_))
    }

    /// Looks at the cluster and rehearses it, beside the rounds.
    pub fn seek(&mut self, aws: Aws, stack: String) {
        let (sender, answer) = oneshot::channel();
        tokio::spawn(async move {
            // Without an estimate the first batch tells: whoever may not look at all that it takes
            // watches all the same.
            let Ok(seen) = looked(&aws, &stack).await else {
                return;
            };
            // A large cluster takes a minute, in which the rounds continue. A task of tokio's: in a
            // recording virtual time waits for it.
            tokio::task::spawn_blocking(move || sender.send(estimated(&seen)).ok());
        });
        *self = Self::Sought(answer);
    }

    /// The answer, once there is one.
    pub fn known(&mut self) -> Option<SignedDuration> {
        if let Self::Sought(answer) = self {
            match answer.try_recv() {
                Ok(known) => *self = Self::Known(known),
                Err(oneshot::error::TryRecvError::Closed) => *self = Self::Known(None),
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
        }
        match self {
            Self::Known(known) => *known,
            Self::Open | Self::Sought(_) => None,
        }
    }
}

async fn looked(aws: &Aws, stack: &str) -> Result<Observation, Failure> {
    Ok(look_at(aws, stack, &|| aws.now()).await?.0)
}

/// How long a rollout of this cluster takes from its begin, by the function that `plan` uses.
fn estimated(seen: &Observation) -> Option<SignedDuration> {
    rehearse(seen, &PlanRequest::default()).ok()?.duration()
}

#[cfg(test)]
mod tests {
    use simulator::account::{Caller, REGION};
    use simulator::scenario::files::{Files, built_in_parameters};
    use simulator::scenario::{Action, Settings, play_and_look};
    use simulator::sdk_client::{in_process_connector, sdk_config};
    use simulator::workload::Workload;

    use super::*;

    #[test]
    fn a_rollout_under_way_is_estimated_as_before_it_began() {
        let mut settings = Settings {
            files: Files::built_in(),
            parameters: built_in_parameters(),
            workload: Workload::built_in(4),
            faults: Vec::new(),
            seed: 1,
            variants: Vec::new(),
            mutation: None,
        };
        settings.set_instances(4);
        settings.workload.tasks.clear();
        let estimate = |before: &[Action]| {
            let looked = play_and_look(&settings, before, &[], async |world| {
                let config = sdk_config(world, in_process_connector(world, Caller::Operator));
                let aws = Aws::of(&config, REGION.to_owned());
                looked(&aws, "ecs-cluster").await.expect("it can be seen")
            });
            let (seen, _) = looked.expect("it can be played");
            estimated(&seen).expect("it can be rehearsed").as_secs_f64()
        };
        let before = estimate(&[Action::Deploy]);
        let under_way = estimate(&[Action::Deploy, Action::StartRollout, Action::Advance(300)]);
        let part = under_way / before;
        assert!(
            (0.85..1.15).contains(&part),
            "{under_way} s, before {before} s"
        );
    }

    #[tokio::test]
    async fn what_the_plan_estimated_is_known_and_what_cannot_be_estimated_stays_unknown() {
        let planned = SignedDuration::from_secs(90);
        let mut known = Estimate::of(Some(planned));
        assert!(!known.is_open());
        assert_eq!(known.known(), Some(planned));
        let (sender, answer) = oneshot::channel();
        let mut sought = Estimate::Sought(answer);
        assert_eq!(sought.known(), None);
        drop(sender);
        assert_eq!(sought.known(), None);
        assert!(matches!(sought, Estimate::Known(None)));
        assert!(Estimate::of(None).is_open());
    }
}

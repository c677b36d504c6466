//! What a refresh does next: sums over what was seen of the group, no calls.

use super::preferences::{Preferences, Protected, Standby};

/// What was seen of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// DesiredCapacity.
    pub desired: u32,
    /// Instances beyond it that the refresh has out.
    pub surge: u32,
    /// How many instances count, on their way in ones included.
    pub counted: u32,
    /// Those to replace that are in service and may go now.
    pub ready: u32,
    /// Those to replace that are protected from scale-in.
    pub protected: u32,
    /// Those to replace that are in standby.
    pub standby: u32,
    /// Those to replace that are still on their way in.
    pub coming: u32,
    /// New ones that are not in service yet.
    pub arriving: u32,
    /// New ones in service that are not warm yet, or whose health is not known yet.
    pub checking: u32,
    /// Those on their way out for which the refresh waits.
    pub leaving: u32,
    /// How many there were to replace when it began, or turned round.
    pub total: u32,
    /// The next checkpoint's percentage, if there is one.
    pub checkpoint: Option<u32>,
    /// Whether it is the last.
    pub is_last: bool,
}

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Something is under way.
    Wait(Waits),
    /// So many old ones go, in whose place new ones have come.
    Retire(u32),
    /// The next batch: so many old ones go at once and are replaced, so many new ones come before
    /// others go.
    Batch {
        /// How many go at once.
        go: u32,
        /// How many come first.
        come: u32,
    },
    /// A checkpoint is reached.
    Checkpoint,
    /// The last checkpoint is reached, and leaves instances as they are.
    Enough,
    /// Only instances in standby are left, and they are to go.
    TakeStandby,
    /// Only instances are left that are protected, or in standby.
    Blocked,
    /// All are replaced.
    Done,
}

/// What a refresh waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Instances on their way into service.
    Launches,
    /// New instances whose health is not known yet.
    Health,
    /// Instances on their way out.
    Terminations,
}

impl View {
    /// How many are still to be replaced.
    fn left(&self, preferences: &Preferences) -> u32 {
        let protected = match preferences.protected {
            Protected::Ignore => 0,
            Protected::Refresh | Protected::Wait => self.protected,
        };
        let standby = match preferences.standby {
            Standby::Ignore => 0,
            Standby::Terminate | Standby::Wait => self.standby,
        };
        self.ready + protected + standby + self.coming
    }

    /// How many per cent are replaced.
    fn percent(&self, preferences: &Preferences) -> u32 {
        match self.total {
            0 => 100,
            total => 100 * self.quarters(preferences, 1) / (4 * total),
        }
    }

    /// How far it is, in quarters of an instance. Recorded (refresh_native.json) of an instance
    /// whose replacement comes first: a quarter when the new one is in service (`in_service`: two
    /// in a rollback), a half when its health is known, and the whole when the old one has left.
    ///
    /// assumption: an instance that goes first is a half. PercentageComplete of such a refresh
    /// proves it.
    pub fn quarters(&self, preferences: &Preferences, in_service: u32) -> u32 {
        let replaced = self.total.saturating_sub(self.left(preferences));
        let missing = (self.desired + self.surge).saturating_sub(self.counted);
        let new = (replaced + self.surge).min(self.total);
        let serving = new.saturating_sub(missing + self.arriving);
        let healthy = serving.saturating_sub(self.checking);
        2 * replaced + 2 * healthy + in_service * (serving - healthy)
    }

    /// What is next.
    pub fn next(&self, preferences: &Preferences) -> Next {
        if self.total == 0 {
            return Next::Done;
        }
        let short = self.counted < self.desired + self.surge;
        if short || self.arriving > 0 || self.coming > 0 {
            return Next::Wait(Waits::Launches);
        }
        if self.checking > 0 {
            return Next::Wait(Waits::Health);
        }
        if self.leaving > 0 {
            return Next::Wait(Waits::Terminations);
        }
        if self.surge > 0 {
            return Next::Retire(self.surge.min(self.ready));
        }
        let left = self.left(preferences);
        match self.checkpoint {
            Some(percent) if left > 0 && self.percent(preferences) >= percent => {
                return if self.is_last && percent < 100 {
                    Next::Enough
                } else {
                    Next::Checkpoint
                };
            }
            _ => {}
        }
        match (left, self.ready) {
            // assumption: a last checkpoint at which nothing is left delays nothing (see `act`).
            (0, _) => Next::Done,
            (_, 0) if self.standby > 0 && preferences.standby == Standby::Terminate => {
                Next::TakeStandby
            }
            (_, 0) => Next::Blocked,
            _ => self.batch(preferences),
        }
    }

    /// The minimum is rounded up
    /// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html>), and at
    /// 100 per cent new instances come first (recorded: refresh_native.json).
    ///
    /// assumption: the maximum is rounded down; where both leave no room one instance is replaced
    /// at a time; MaxSize does not stop it; and a checkpoint is not overshot. The activities of a
    /// refresh of a small group prove it.
    fn batch(&self, preferences: &Preferences) -> Next {
        let least = (self.desired * preferences.min_healthy).div_ceil(100);
        let most = self.desired * preferences.max_healthy / 100;
        let (mut go, mut come) = (self.desired - least, most.saturating_sub(self.desired));
        if go + come == 0 {
            match preferences.min_healthy {
                100 => come = 1,
                _ => go = 1,
            }
        }
        let to_checkpoint = self.checkpoint.map_or(self.total, |percent| {
            let until = (self.total * percent).div_ceil(100);
            until.saturating_sub(self.total.saturating_sub(self.left(preferences)))
        });
        let limit = self.ready.min(to_checkpoint.max(1));
        let go = go.min(limit);
        Next::Batch {
            go,
            come: come.min(limit - go),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn preferences(input: Value) -> Preferences {
        Preferences::read(&input).expect("good preferences")
    }

    fn view(desired: u32, ready: u32) -> View {
        View {
            desired,
            surge: 0,
            counted: desired,
            ready,
            protected: 0,
            standby: 0,
            coming: 0,
            arriving: 0,
            checking: 0,
            leaving: 0,
            total: desired,
            checkpoint: None,
            is_last: false,
        }
    }

    #[test]
    fn the_percentages_say_how_many_go_and_how_many_come_first() {
        for (desired, least, most, go, come) in [
            (10, 100, 110, 0, 1),
            (10, 100, 200, 0, 10),
            (10, 90, 100, 1, 0),
            (10, 50, 100, 5, 0),
            (10, 80, 120, 2, 2),
            (2, 100, 110, 0, 1),
            (1, 100, 150, 0, 1),
            (1, 90, 100, 1, 0),
            (3, 90, 100, 1, 0),
            (4, 0, 100, 4, 0),
        ] {
            let wanted =
                preferences(json!({"MinHealthyPercentage": least, "MaxHealthyPercentage": most}));
            let next = view(desired, desired).next(&wanted);
            assert_eq!(next, Next::Batch { go, come }, "{desired} {least} {most}");
        }
    }

    #[test]
    fn what_is_under_way_is_waited_for_and_then_old_ones_retire() {
        let preferences =
            preferences(json!({"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}));
        let mut seen = view(4, 4);
        (seen.surge, seen.arriving, seen.counted) = (2, 1, 6);
        let waits = |seen: &View| match seen.next(&preferences) {
            Next::Wait(waits) => waits,
            other => panic!("{other:?}"),
        };
        assert_eq!(waits(&seen), Waits::Launches);
        (seen.arriving, seen.counted) = (0, 5);
        assert_eq!(waits(&seen), Waits::Launches, "one has not even come");
        (seen.counted, seen.checking, seen.leaving) = (6, 1, 1);
        assert_eq!(waits(&seen), Waits::Health);
        seen.checking = 0;
        assert_eq!(waits(&seen), Waits::Terminations);
        seen.leaving = 0;
        assert_eq!(seen.next(&preferences), Next::Retire(2));
        seen.ready = 1;
        assert_eq!(seen.next(&preferences), Next::Retire(1));
        (seen.surge, seen.counted, seen.ready) = (0, 4, 0);
        assert_eq!(seen.next(&preferences), Next::Done);
    }

    #[test]
    fn a_checkpoint_is_reached_and_not_overshot() {
        let preferences = preferences(json!({
            "MinHealthyPercentage": 0, "MaxHealthyPercentage": 100, "CheckpointPercentages": ["25", 100]}));
        let mut seen = view(10, 10);
        seen.checkpoint = Some(25);
        assert_eq!(seen.next(&preferences), Next::Batch { go: 3, come: 0 });
        seen.ready = 7;
        assert_eq!(seen.next(&preferences), Next::Checkpoint);
        seen.is_last = true;
        assert_eq!(seen.next(&preferences), Next::Enough);
        (seen.ready, seen.checkpoint) = (0, Some(100));
        assert_eq!(seen.next(&preferences), Next::Done);
    }

    #[test]
    fn protected_instances_are_waited_for_or_left_alone() {
        for (word, next) in [("Wait", Next::Blocked), ("Ignore", Next::Done)] {
            let mut seen = view(2, 0);
            seen.protected = 1;
            let preferences = preferences(json!({"ScaleInProtectedInstances": word}));
            assert_eq!(seen.next(&preferences), next, "{word}");
        }
    }

    #[test]
    fn progress_is_counted_by_parts_of_an_instance() {
        let preferences = preferences(json!({"MinHealthyPercentage": 100}));
        let mut seen = view(1, 1);
        let percent = |seen: &View| (seen.percent(&preferences), seen.quarters(&preferences, 2));
        assert_eq!(percent(&seen), (0, 0));
        (seen.surge, seen.counted) = (1, 1);
        assert_eq!(percent(&seen), (0, 0), "not launched yet");
        (seen.counted, seen.arriving) = (2, 1);
        assert_eq!(percent(&seen), (0, 0));
        (seen.arriving, seen.checking) = (0, 1);
        assert_eq!(percent(&seen), (25, 2));
        seen.checking = 0;
        assert_eq!(percent(&seen), (50, 2));
        (seen.ready, seen.surge, seen.counted, seen.leaving) = (0, 0, 1, 1);
        assert_eq!(percent(&seen), (100, 4));
    }

    #[test]
    fn what_is_in_standby_is_terminated_at_last_left_alone_or_waited_for() {
        for (word, next) in [
            ("Terminate", Next::TakeStandby),
            ("Ignore", Next::Done),
            ("Wait", Next::Blocked),
        ] {
            let mut seen = view(2, 0);
            seen.standby = 1;
            let preferences = preferences(json!({"StandbyInstances": word}));
            assert_eq!(seen.next(&preferences), next, "{word}");
            seen.ready = 1;
            let batch = Next::Batch { go: 1, come: 0 };
            assert_eq!(seen.next(&preferences), batch, "{word}: others come first");
        }
    }
}

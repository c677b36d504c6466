//! How long to wait: within its limits, whatever the settings and however late it is.

use proptest::prelude::*;
use workers::pace::wait_seconds;

use super::config;
use super::subject::{at, seconds, subject};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_wait_is_within_its_limits(
        subject in subject("terminate"), since in seconds(), now in seconds(), deadline in prop::option::of(seconds()),
    ) {
        let (settings, instance) = (&subject.settings, &subject.action.instance);
        let wait = wait_seconds(at(since), at(now), deadline.map(at), settings, instance);
        prop_assert!((1..=300).contains(&wait), "{} s", wait);
        prop_assert!(wait * 3 <= settings.heartbeat_timeout.as_secs(), "{} s", wait);
        if let Some(deadline) = deadline {
            prop_assert!(wait <= (deadline - now).max(1), "{} s, {} s before the deadline", wait, deadline - now);
        }
    }

    #[test]
    fn a_longer_phase_never_waits_less(
        subject in subject("terminate"), now in 0..200_000_i64, more in 0..200_000_i64,
    ) {
        let wait = |now| wait_seconds(at(0), at(now), None, &subject.settings, &subject.action.instance);
        prop_assert!(wait(now) <= wait(now + more));
    }
}

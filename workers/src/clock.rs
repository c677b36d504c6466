//! AWS's clock, as its answers tell it. A worker's own may be wrong (a host outside AWS), and deadlines count from times
//! that AWS wrote; so what counts is the `Date` of the last answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use jiff::{SignedDuration, Timestamp};

/// A smaller difference is none: `Date` has whole seconds, and an answer takes its time.
const TOLERATED: SignedDuration = SignedDuration::from_secs(3);

/// By how much AWS's clock is ahead of this machine's. Clones are the same clock.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead_ms: Arc<AtomicI64>,
}

impl Clock {
    /// AWS's time when this machine's clock shows `local`. Before the first answer it is taken to be the same.
    pub fn at(&self, local: Timestamp) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.ahead_ms.load(Ordering::Relaxed));
        if ahead.abs() < TOLERATED {
            return local;
        }
        local.checked_add(ahead).unwrap_or(local)
    }

    /// Takes the `Date` of an answer that came when this machine's clock showed `local`. Anything that is no date is
    /// no news.
    fn heard(&self, date: &str, local: Timestamp) {
        let Ok(date) = DateTime::from_str(date, Format::HttpDate) else {
            return;
        };
        let Ok(date) = Timestamp::from_second(date.secs()) else {
            return;
        };
        let ahead = date.duration_since(local).as_millis();
        self.ahead_ms
            .store(i64::try_from(ahead).unwrap_or(0), Ordering::Relaxed);
    }
}

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "Clock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // The SDK's own time source, so that a rehearsal's clock is the one that is corrected.
        let local = components
            .time_source()
            .and_then(|source| Timestamp::try_from(source.now()).ok());
        let date = context.response().headers().get("date");
        if let (Some(date), Some(local)) = (date, local) {
            self.heard(date, local);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(date: &str) -> String {
        let local: Timestamp = "2026-11-23T00:00:00.5Z".parse().expect("a time");
        let clock = Clock::default();
        clock.heard(date, local);
        clock.at(local).to_string()
    }

    #[test]
    fn the_date_of_an_answer_is_the_time() {
        assert_eq!(
            shown("Mon, 23 Nov 2026 00:10:00 GMT"),
            "2026-11-23T00:10:00Z"
        );
        assert_eq!(
            shown("Sun, 22 Nov 2026 23:50:00 GMT"),
            "2026-11-22T23:50:00Z"
        );
    }

    #[test]
    fn a_second_or_two_is_no_difference_and_nonsense_is_no_date() {
        let local = "2026-11-23T00:00:00.5Z";
        assert_eq!(shown("Mon, 23 Nov 2026 00:00:00 GMT"), local);
        assert_eq!(shown("Mon, 23 Nov 2026 00:00:03 GMT"), local);
        assert_eq!(shown("yesterday"), local);
    }
}

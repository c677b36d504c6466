//! AWS's clock, as its answers tell it. A worker's own may be wrong (a host outside AWS), and
//! deadlines count from times that AWS wrote; so what counts is the `Date` of the last answer.

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
    /// AWS's time when this machine's clock shows `local`. Before the first answer it is taken to
    /// be the same.
    pub fn at(&self, local: Timestamp) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.ahead_ms.load(Ordering::Relaxed));
        if ahead.abs() < TOLERATED {
            return local;
        }
        local.checked_add(ahead).unwrap_or(local)
    }

    /// Takes the `Date` of an answer that came when this machine's clock showed `local`. Anything
    /// that is no date is no news.
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
    use serde_json::json;

    use super::*;
    use crate::stepfunctions::StepFunctions;
    use crate::{Clients, stub};

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
        assert_eq!(shown("Sun, 22 Nov 2026 23:59:58 GMT"), local);
        assert_eq!(shown("yesterday"), local);
    }

    #[test]
    fn a_difference_of_three_seconds_is_one() {
        for (date, time) in [
            ("Mon, 23 Nov 2026 00:00:03 GMT", "2026-11-23T00:00:03Z"),
            ("Mon, 23 Nov 2026 00:00:04 GMT", "2026-11-23T00:00:04Z"),
            ("Mon, 23 Nov 2026 00:04:59 GMT", "2026-11-23T00:04:59Z"),
            ("Sun, 22 Nov 2026 23:59:57 GMT", "2026-11-22T23:59:57Z"),
            ("Sun, 22 Nov 2026 23:55:01 GMT", "2026-11-22T23:55:01Z"),
        ] {
            let local: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
            let clock = Clock::default();
            clock.heard(date, local);
            assert_eq!(clock.at(local).to_string(), time);
            // A clone is the same clock.
            assert_eq!(clock.clone().at(local).to_string(), time);
        }
    }

    #[tokio::test]
    async fn every_client_hears_the_date_of_its_answers() {
        for service in ["ecs", "autoscaling", "cloudformation", "states"] {
            // Whatever this machine's own clock shows, it is later.
            let aws = stub::aws_on("Mon, 01 Jan 2001 00:00:00 GMT", |asked| {
                let lists = json!({"serviceArns": [], "executions": []});
                (
                    200,
                    if asked.action.starts_with("List") {
                        lists.to_string()
                    } else {
                        stub::xml(&asked.action, "")
                    },
                )
            });
            let clients = Clients::new(&aws);
            let subject = stub::terminating();
            match service {
                "ecs" => drop(clients.ecs.daemons(&subject.settings.cluster).await),
                "autoscaling" => drop(clients.autoscaling.heartbeat(&subject.action).await),
                "cloudformation" => {
                    let stack = &subject.settings.target.stack;
                    drop(clients.cloudformation.stack_state(stack).await);
                }
                _ => {
                    let client = StepFunctions::new(&aws, &clients.clock);
                    drop(client.running("m", &[]).await);
                }
            }
            let local = stub::at(0);
            assert!(clients.clock.at(local) < local, "{service}");
        }
    }
}

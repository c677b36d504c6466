//! A paced scenario comes to what it comes to in virtual time, whoever looks on; and it ends when
//! they leave.

use std::thread;

use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;

use super::*;
use crate::scenario::run;

/// A rollout takes half an hour: a second of the wall clock, or as long as the machine needs.
const SPEED: u32 = 1800;

/// A rollout of two instances has ended by then.
const TWO_HOURS: i64 = 7200;

fn settings() -> Settings {
    Settings {
        seed: 3,
        ..Settings::built_in(2)
    }
}

fn list_clusters() -> HttpRequest {
    let mut request = HttpRequest::new(SdkBody::from("{}"));
    let headers = request.headers_mut();
    headers.insert(
        "x-amz-target",
        "AmazonEC2ContainerServiceV20141113.ListClusters",
    );
    headers.insert(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/ecs/aws4_request",
    );
    request
}

/// When an answer was given, in seconds.
fn date(answer: &HttpResponse) -> i64 {
    let date = answer.headers().get("date").expect("each answer has one");
    let date = DateTime::from_str(date, Format::HttpDate).expect("a date");
    date.secs()
}

/// Asks for `seconds` of the account's time, and leaves; the number of answers.
fn visit(visitor: Visitor, ready: oneshot::Receiver<()>, seconds: i64) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without time and I/O");
    runtime.block_on(async {
        ready.await.expect("the scenario can be played");
        let (mut answers, mut first) = (0, None);
        while let Ok(answer) = visitor.connector().call(list_clusters()).await {
            assert_eq!(answer.status().as_u16(), 200);
            answers += 1;
            if date(&answer) - *first.get_or_insert(date(&answer)) >= seconds {
                break;
            }
        }
        visitor.leave();
        answers
    })
}

fn played(seconds: i64) -> (Option<Outcome>, usize) {
    let (visitor, visitors) = visitors();
    let (ready, is_ready) = oneshot::channel();
    let asking = thread::spawn(move || visit(visitor, is_ready, seconds));
    let paced = Paced {
        before: &[Action::Deploy],
        actions: &[Action::Roll],
        speed: SPEED,
        visitors,
        ready,
    };
    let outcome = run_paced(&settings(), paced, None).expect("a scenario that can be played");
    (outcome, asking.join().expect("the visitor"))
}

#[test]
fn a_rollout_that_is_watched_ends_as_it_does_alone() {
    let silence = Arc::new(Mutex::new(Silence));
    let alone = run(&settings(), &[Action::Deploy, Action::Roll], silence);
    let alone = alone.expect("a scenario that can be played");
    let (watched, answers) = played(TWO_HOURS);
    let watched = watched.expect("nobody left before the end");
    assert!(answers > 1);
    assert_eq!(watched.ended, alone.ended);
    assert_eq!(watched.violations, alone.violations);
    assert!(watched.reports[0].as_asked(), "{:?}", watched.reports[0]);
}

#[test]
fn a_rollout_that_nobody_watches_any_more_ends() {
    let (outcome, answers) = played(0);
    assert_eq!((outcome, answers), (None, 1));
}

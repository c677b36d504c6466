//! The steps of a sequence on an account in memory. Only its own steps let time pass.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use simulator::account::{Account, Caller};
use simulator::eventbridge::EVENTBRIDGE;
use simulator::wire::ApiError;

use crate::bindings::Bindings;
use crate::matching::{Mismatch, matches};
use crate::sequence::{Call, Expected, Sequence, Step, Verb, Within};

/// When every sequence begins.
const BEGIN: &str = "2026-11-23T00:00:00Z";
/// How long an `await` lets pass at most between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// What became of a fact.
#[derive(Debug)]
pub struct Outcome {
    /// `service/id`.
    pub fact: String,
    /// How the account differs from the recording; `None`: it agrees.
    pub difference: Option<String>,
}

/// Does all steps of `sequence`.
///
/// # Errors
/// A step without a fact that did not go as recorded, or one that is written wrong, by file and
/// number.
pub fn replay(sequence: &Sequence) -> Result<Vec<Outcome>, String> {
    let begin: Timestamp = BEGIN.parse().expect("a constant instant");
    let mut account = simulator::services::account(begin, sequence.seed);
    account[EVENTBRIDGE].archive = Some(Vec::new());
    for variant in &sequence.variants {
        variant.apply(&mut account);
    }
    let mut replay = Replay {
        account,
        bindings: Bindings::default(),
        anchor: begin,
        seen: BTreeSet::new(),
    };
    let mut outcomes = Vec::new();
    for (index, step) in sequence.steps.iter().enumerate() {
        let place = || format!("{}: step {index}", sequence.name);
        let difference = match replay.step(step) {
            Ok(()) => None,
            Err(Mismatch::Different(how)) => Some(how),
            Err(Mismatch::Mistake(what)) => return Err(format!("{}: {what}", place())),
        };
        match (&step.fact, difference) {
            (Some(fact), difference) => outcomes.push(Outcome {
                fact: fact.clone(),
                difference: difference.map(|how| format!("{}: {how}", place())),
            }),
            (None, Some(how)) => return Err(format!("{}, which is setup: {how}", place())),
            (None, None) => {}
        }
    }
    Ok(outcomes)
}

struct Replay {
    account: Account,
    bindings: Bindings,
    /// When the last step began that was not about events: events since then are looked at.
    anchor: Timestamp,
    /// The places in the archive of the events that steps have found.
    seen: BTreeSet<usize>,
}

impl Replay {
    fn step(&mut self, step: &Step) -> Result<(), Mismatch> {
        if !matches!(step.verb, Verb::Event(..) | Verb::NoEvent(..)) {
            self.anchor = self.account.now;
        }
        match &step.verb {
            Verb::Call(call, expected) => {
                let input = self.bindings.fill(&call.input)?;
                self.call(call, &input, expected)
            }
            Verb::Await(call, expected, within) => self.wait_for(call, expected, *within),
            Verb::Event(pattern, within) => self.find_event(pattern, *within),
            Verb::NoEvent(pattern, length) => self.find_no_event(pattern, *length),
            Verb::Answer(answer) => answer.give(&mut self.account),
            Verb::Wait(length) => {
                self.account.advance(self.account.now + *length);
                Ok(())
            }
        }
    }

    fn call(&mut self, call: &Call, input: &Value, expected: &Expected) -> Result<(), Mismatch> {
        let answer = self
            .account
            .call(&Caller::Operator, &call.service, &call.action, input);
        match (expected, answer) {
            (Expected::Result(None), Ok(_)) => Ok(()),
            (Expected::Result(Some(result)), Ok(answer)) => {
                matches(result, Some(&answer), &mut self.bindings)
            }
            (Expected::Error(error), Err(answer)) => {
                matches(error, Some(&written(&answer)), &mut self.bindings)
            }
            (Expected::Result(_), Err(answer)) => Err(Mismatch::Different(format!(
                "{}:{} is refused: {answer}",
                call.service, call.action
            ))),
            (Expected::Error(error), Ok(answer)) => Err(Mismatch::Different(format!(
                "{}:{} answers {answer}, recorded the error {error}",
                call.service, call.action
            ))),
        }
    }

    fn wait_for(
        &mut self,
        call: &Call,
        expected: &Expected,
        within: Within,
    ) -> Result<(), Mismatch> {
        let input = self.bindings.fill(&call.input)?;
        let begin = self.account.now;
        let end = begin + within.most;
        loop {
            match self.call(call, &input, expected) {
                Ok(()) => break,
                Err(Mismatch::Different(how)) if self.account.now >= end => {
                    let most = within.most.as_secs_f64();
                    return Err(Mismatch::Different(format!("after {most} s: {how}")));
                }
                Err(Mismatch::Different(_)) => self.look_again(end),
                Err(mistake) => return Err(mistake),
            }
        }
        within_time("it came", since(self.account.now, begin), within)
    }

    /// Lets time pass until something happens, or a little.
    fn look_again(&mut self, end: Timestamp) {
        let soon = self.account.now + LOOK;
        let due = self.account.next_due().unwrap_or(soon);
        self.account.advance(soon.min(due).min(end));
    }

    fn find_event(&mut self, pattern: &Value, within: Within) -> Result<(), Mismatch> {
        let end = self.anchor + within.most;
        let mut nearest = "no such event".to_owned();
        let mut next = 0;
        loop {
            while let Some((put, event)) = self.event(next) {
                let place = next;
                next += 1;
                if put < self.anchor || self.seen.contains(&place) {
                    continue;
                }
                match matches(pattern, Some(&event), &mut self.bindings) {
                    Ok(()) => {
                        self.seen.insert(place);
                        return within_time("the event came", since(put, self.anchor), within);
                    }
                    Err(Mismatch::Different(how)) if is_kind(pattern, &event) => nearest = how,
                    Err(Mismatch::Different(_)) => {}
                    Err(mistake) => return Err(mistake),
                }
            }
            if self.account.now >= end {
                return Err(Mismatch::Different(format!(
                    "no event as recorded within {} s; the last of its kind: {nearest}",
                    within.most.as_secs_f64()
                )));
            }
            self.look_again(end);
        }
    }

    fn find_no_event(&mut self, pattern: &Value, length: Duration) -> Result<(), Mismatch> {
        self.account.advance(self.account.now + length);
        let mut next = 0;
        while let Some((put, event)) = self.event(next) {
            let is_new = put >= self.anchor && !self.seen.contains(&next);
            next += 1;
            if !is_new {
                continue;
            }
            match matches(pattern, Some(&event), &mut self.bindings.clone()) {
                Ok(()) => {
                    let after = since(put, self.anchor).as_secs_f64();
                    let how = format!("after {after} s there was an event, recorded none: {event}");
                    return Err(Mismatch::Different(how));
                }
                Err(Mismatch::Different(_)) => {}
                Err(mistake) => return Err(mistake),
            }
        }
        Ok(())
    }

    fn event(&self, place: usize) -> Option<(Timestamp, Value)> {
        let archive = self.account[EVENTBRIDGE].archive.as_ref()?;
        archive.get(place).cloned()
    }
}

fn since(later: Timestamp, earlier: Timestamp) -> Duration {
    later.duration_since(earlier).unsigned_abs()
}

fn within_time(what: &str, took: Duration, within: Within) -> Result<(), Mismatch> {
    if (within.least..=within.most).contains(&took) {
        return Ok(());
    }
    Err(Mismatch::Different(format!(
        "{what} after {} s, recorded {} to {} s",
        took.as_secs_f64(),
        within.least.as_secs_f64(),
        within.most.as_secs_f64()
    )))
}

/// Whether `event` has the detail-type that is looked for.
fn is_kind(pattern: &Value, event: &Value) -> bool {
    pattern.get("detail-type") == event.get("detail-type")
}

fn written(error: &ApiError) -> Value {
    json!({"code": error.code, "message": error.message, "status": error.status})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replays `steps` behind a group of one instance without hooks.
    fn outcomes(steps: Value) -> Result<Vec<Outcome>, String> {
        let mut all = vec![
            json!({"call": "ec2:CreateLaunchTemplate", "input": {"LaunchTemplateName": "template",
                "LaunchTemplateData": {"ImageId": "ami-1", "InstanceType": "t3.nano"}}}),
            json!({"call": "autoscaling:CreateAutoScalingGroup", "input": {
                "AutoScalingGroupName": "G", "MinSize": 0, "MaxSize": 1, "DesiredCapacity": 1,
                "LaunchTemplate": {"LaunchTemplateName": "template", "Version": "$Latest"},
                "VPCZoneIdentifier": "subnet-1"}}),
        ];
        all.extend(steps.as_array().expect("a list").clone());
        let source = json!({"repository": "r", "path": "p", "commit": "c", "recorded": "d"});
        let file = json!({"source": source, "about": "a", "steps": all});
        replay(&Sequence::parse("autoscaling/a", &file.to_string())?)
    }

    fn in_service(within: Value) -> Value {
        json!({"fact": "in-service", "await": "autoscaling:DescribeAutoScalingInstances",
            "result": {"AutoScalingInstances": [{"InstanceId": "$A", "LifecycleState": "InService"}]},
            "within": within})
    }

    fn difference(steps: Value) -> Option<String> {
        let mut outcomes = outcomes(steps).expect("the file is good");
        outcomes.pop().expect("a fact").difference
    }

    #[test]
    fn a_fact_agrees_only_with_its_value_and_in_its_time() {
        assert_eq!(difference(json!([in_service(json!([1, 120]))])), None);
        for mutation in [json!([0, 0.5]), json!([100, 120])] {
            let difference = difference(json!([in_service(mutation)])).expect("it is wrong");
            assert!(
                difference.starts_with("autoscaling/a: step 2: "),
                "{difference}"
            );
        }
        let size = |size: u32| {
            json!([{"fact": "size", "call": "autoscaling:DescribeAutoScalingGroups",
                "result": {"AutoScalingGroups": [{"DesiredCapacity": size}]}}])
        };
        assert_eq!(difference(size(1)), None);
        assert!(difference(size(2)).is_some());
    }

    #[test]
    fn an_error_agrees_only_with_its_text() {
        let desired = |code: &str, capacity: u32| {
            json!([{"fact": "text", "call": "autoscaling:SetDesiredCapacity",
                "input": {"AutoScalingGroupName": "G", "DesiredCapacity": capacity},
                "error": {"code": code, "status": 400}}])
        };
        assert_eq!(difference(desired("ValidationError", 2)), None);
        assert!(difference(desired("ResourceInUse", 2)).is_some());
        assert!(difference(desired("ValidationError", 0)).is_some());
    }

    #[test]
    fn an_event_is_found_once_and_in_its_time() {
        let launched = |fact: &str, within: Value| {
            json!({"fact": fact, "event": {"detail-type": "EC2 Instance Launch Successful",
                "detail": {"EC2InstanceId": "$A"}}, "within": within})
        };
        let good = json!([
            in_service(json!([1, 120])),
            launched("event", json!([1, 120]))
        ]);
        assert_eq!(difference(good), None);
        let late = json!([
            in_service(json!([1, 120])),
            launched("event", json!([0, 1]))
        ]);
        assert!(difference(late).is_some());
        let window = json!([1, 120]);
        let twice = json!([
            in_service(window.clone()),
            launched("a", window.clone()),
            launched("b", window)
        ]);
        assert!(difference(twice).is_some());
        let none = |detail_type: &str| json!([{"fact": "none", "no-event": {"detail-type": detail_type}, "for": 120}]);
        assert_eq!(difference(none("EC2 Instance Launch Unsuccessful")), None);
        assert!(difference(none("EC2 Instance Launch Successful")).is_some());
    }

    #[test]
    fn an_unbound_name_and_a_failed_setup_are_errors_by_file_and_step() {
        let describe = json!([{"fact": "a", "call": "autoscaling:DescribeAutoScalingInstances",
            "input": {"InstanceIds": ["$A"]}}]);
        let error = outcomes(describe).expect_err("$A is unbound");
        assert_eq!(error, "autoscaling/a: step 2: $A stands for nothing yet");
        let setup = json!([{"call": "autoscaling:SetDesiredCapacity",
            "input": {"AutoScalingGroupName": "G", "DesiredCapacity": 9}}]);
        let error = outcomes(setup).expect_err("it is refused");
        assert!(
            error.starts_with("autoscaling/a: step 2, which is setup: "),
            "{error}"
        );
    }
}

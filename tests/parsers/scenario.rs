//! Scenarios: what is read can be written, and is then read as the same.

use simulator::scenario::{Action, Call, parse, print};

use super::{Verdict, rounded, text};

pub fn run(input: &[u8]) -> Verdict {
    let input = match text(input) {
        Ok(input) => input,
        Err(refused) => return refused,
    };
    let read = match parse::read("a.scenario", input) {
        Ok(read) => read,
        Err(error) => {
            let message = error.to_string();
            let lines = input.lines().count();
            assert!((1..=lines).contains(&error.line), "{message}");
            return Verdict::Refused(message);
        }
    };
    let text = print::scenario(&read.settings, &read.actions);
    let again = parse::read("b.scenario", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let (one, other) = (read.actions.clone(), again.actions);
    let other: Vec<Action> = other.into_iter().map(comparable).collect();
    assert_eq!(other, one.into_iter().map(comparable).collect::<Vec<_>>());
    let (one, other) = (&read.settings, &again.settings);
    assert_eq!(other.parameters, one.parameters, "{text}");
    assert_eq!(other.workload, one.workload, "{text}");
    assert_eq!(other.faults, one.faults, "{text}");
    assert_eq!(other.variants, one.variants, "{text}");
    assert_eq!(other.seed, one.seed, "{text}");
    Verdict::Accepted
}

fn comparable(action: Action) -> Action {
    let call = |call: Call| Call {
        input: rounded(call.input),
        ..call
    };
    match action {
        Action::PutEvent(event) => Action::PutEvent(rounded(event)),
        Action::Call(asked) => Action::Call(call(asked)),
        Action::Refused(asked) => Action::Refused(call(asked)),
        Action::Try(step) => Action::Try(Box::new(comparable(*step))),
        Action::In(seconds, step) => Action::In(seconds, Box::new(comparable(*step))),
        other => other,
    }
}

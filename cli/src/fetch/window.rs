//! From when until when an operation lasted, and which executions belong to it.

use jiff::Timestamp;

use crate::aws::{Past, Stack, StackEvent};
use crate::watch::{BEGINS, BELONGS};

/// From when until when each operation lasted, of events that are oldest first; the last has no end
/// while it is under way.
pub fn operations(events: &[StackEvent], stack: &Stack) -> Vec<(Timestamp, Option<Timestamp>)> {
    let begins =
        |it: &&StackEvent| it.resource == stack.name && BEGINS.contains(&it.status.as_str());
    let began: Vec<Timestamp> = events.iter().filter(begins).map(|it| it.at).collect();
    let last_before = |end: Timestamp| events.iter().rev().find(|it| it.at < end).map(|it| it.at);
    let mut operations = Vec::new();
    for (place, from) in began.iter().enumerate() {
        let until = match began.get(place + 1) {
            Some(next) => last_before(*next),
            None if stack.is_busy() => None,
            None => events.last().map(|it| it.at),
        };
        operations.push((*from, until));
    }
    operations
}

/// From when until when something belongs to an operation; without an end if that is under way.
pub type Window = (Timestamp, Option<Timestamp>);

/// The executions that belong to any of the operations, and from when until when anything belongs
/// to each.
pub fn belonging_to_each(started: &[Past], operations: &[Window]) -> (Vec<Past>, Vec<Window>) {
    let (mut all, mut windows) = (Vec::<Past>::new(), Vec::new());
    for (from, ended) in operations {
        let (past, until) = belonging(started.to_vec(), *from, *ended);
        for one in past {
            if all.iter().all(|other| other.arn != one.arn) {
                all.push(one);
            }
        }
        windows.push((*from, until));
    }
    (all, windows)
}

/// Those of the executions that belong to an operation from `began` until `ended`, and until when
/// anything belongs to it; or all since `began`.
fn belonging(
    mut started: Vec<Past>,
    began: Timestamp,
    ended: Option<Timestamp>,
) -> (Vec<Past>, Option<Timestamp>) {
    started.retain(|it| it.started >= began);
    started.sort_by(|a, b| (a.started, &a.arn).cmp(&(b.started, &b.arn)));
    let Some(ended) = ended else {
        return (started, None);
    };
    let mut until = ended.saturating_add(BELONGS).unwrap_or(ended);
    let mut belongs = Vec::new();
    for one in started {
        if one.started > until {
            break;
        }
        let stopped = one.stopped.unwrap_or(Timestamp::MAX);
        until = until.max(stopped.saturating_add(BELONGS).unwrap_or(stopped));
        belongs.push(one);
    }
    (belongs, Some(until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_in_of_the_next_day_does_not_belong_to_the_roll() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).expect("in range");
        let past = |name: &str, started: i64, stopped: Option<i64>| Past {
            arn: name.to_owned(),
            status: String::new(),
            started: at(started),
            stopped: stopped.map(at),
        };
        let all = vec![
            past("next day", 1500, Some(1510)),
            past("last drain", 29, Some(50)),
            past("after it", 51, Some(60)),
            past("first", 1, Some(5)),
            past("before", -9, Some(-2)),
        ];
        let names = |past: Vec<Past>| past.into_iter().map(|it| it.arn).collect::<Vec<_>>();
        let told = names(belonging(all.clone(), at(0), Some(at(30))).0);
        assert_eq!(told, ["first", "last drain", "after it"]);
        let told = names(belonging(all.clone(), at(0), None).0);
        assert_eq!(told, ["first", "last drain", "after it", "next day"]);
        // Of two operations what was between them belongs to neither.
        let between = past("between", 700, Some(705));
        let all = [all, vec![between]].concat();
        let two = [(at(0), Some(at(30))), (at(1499), Some(at(1505)))];
        let (told, windows) = belonging_to_each(&all, &two);
        let told: Vec<String> = told.into_iter().map(|it| it.arn).collect();
        assert_eq!(told, ["first", "last drain", "after it", "next day"]);
        assert_eq!(windows[0], (at(0), Some(at(62))));
    }
}

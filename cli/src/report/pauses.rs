//! The pauses of an operation, by what the workers waited for, and the queue in a pause.

use jiff::Timestamp;

use super::{ExecutionTrace, Kind, Phase, seconds};
use crate::aws::Pause;
use crate::watch::Pauses;

/// A stretch of time.
type Span = (Timestamp, Timestamp);

/// The pauses in which the workers found the group.
pub fn pauses(passages: &[ExecutionTrace]) -> Pauses {
    let phases = passages.iter().flat_map(|it| &it.phases);
    let paused: Vec<&Phase> = phases.filter(|it| it.pause.is_some()).collect();
    let spans = paused.iter();
    let spans = spans.filter_map(|it| Some((it.began, it.ended, it.pause.as_ref()?)));
    let seen = passages.iter().flat_map(|it| &it.pauses_seen);
    let seen = seen.map(|(at, pause)| (*at, *at, pause));
    let mut all: Vec<(Timestamp, Timestamp, &Pause)> = spans.chain(seen).collect();
    all.sort_by_key(|(from, ..)| *from);
    let mut pauses = Pauses::default();
    for (from, to, pause) in all {
        pauses.see(pause, from, to);
    }
    pauses
}

/// Parts the wait for earlier drains where a pause, and no open drain, kept the queue waiting: a
/// worker that waits for a drain does not see that the drain itself is paused.
pub fn part_queue(passages: &mut [ExecutionTrace]) {
    let pauses = pauses(passages);
    if pauses.spans().is_empty() {
        return;
    }
    let drains = passages.iter().filter(|it| !it.launches);
    let drains = drains.flat_map(|it| &it.phases);
    let open = drains.filter(|it| matches!(it.kind, Kind::TasksStop | Kind::Settling));
    let open: Vec<Span> = open.map(|it| (it.began, it.ended)).collect();
    for passage in passages.iter_mut() {
        let phases = std::mem::take(&mut passage.phases);
        for phase in phases {
            if phase.kind == Kind::Queued {
                passage.phases.extend(parts(&phase, &pauses, &open));
            } else {
                passage.phases.push(phase);
            }
        }
        passage.phases = joined(std::mem::take(&mut passage.phases));
    }
}

/// The same with one phase for what a pause kept waiting without a break, whatever was answered
/// meanwhile.
fn joined(phases: Vec<Phase>) -> Vec<Phase> {
    let mut joined: Vec<Phase> = Vec::new();
    for phase in phases {
        match joined.last_mut() {
            Some(last) if last.kind == Kind::Paused && phase.kind == Kind::Paused => {
                (last.ended, last.seconds) = (phase.ended, seconds(last.began, phase.ended));
                last.times_asked = last.times_asked.max(phase.times_asked);
                (last.verdict, last.reason) = (phase.verdict, phase.reason);
                last.pause = last.pause.take().or(phase.pause);
                if !phase.waited_for.is_empty() {
                    last.waited_for = phase.waited_for;
                }
            }
            _ => joined.push(phase),
        }
    }
    joined
}

/// The parts of a wait in the queue, in order.
fn parts(phase: &Phase, pauses: &Pauses, open: &[Span]) -> Vec<Phase> {
    let mut cuts = vec![phase.began, phase.ended];
    cuts.extend(pauses.spans().iter().flat_map(|it| [it.began, it.seen]));
    cuts.extend(open.iter().flat_map(|(from, to)| [*from, *to]));
    cuts.retain(|at| (phase.began..=phase.ended).contains(at));
    cuts.sort();
    cuts.dedup();
    let within = |(from, to): Span, (began, ended): Span| began <= from && to <= ended;
    let mut parts: Vec<Phase> = Vec::new();
    for pair in cuts.windows(2) {
        let span = (pair[0], pair[1]);
        let is_open = open.iter().any(|one| within(span, *one));
        let pause = pauses.spans().iter().filter(|_| !is_open);
        let pause = pause.clone().find(|it| within(span, (it.began, it.seen)));
        let kind = pause.map_or(Kind::Queued, |_| Kind::Paused);
        if let Some(last) = parts.last_mut().filter(|it| it.kind == kind) {
            (last.ended, last.seconds) = (span.1, seconds(last.began, span.1));
            continue;
        }
        parts.push(Phase {
            kind,
            began: span.0,
            ended: span.1,
            seconds: seconds(span.0, span.1),
            waited_for: match pause {
                Some(pause) => format!("Paused by an operator: '{}'.", pause.why()),
                None => phase.waited_for.clone(),
            },
            ..phase.clone()
        });
    }
    if parts.is_empty() {
        vec![phase.clone()]
    } else {
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(60 * minute).expect("a time")
    }

    fn passage(launches: bool, kind: Kind, from: i64, to: i64, pause: bool) -> ExecutionTrace {
        let pause = pause.then(|| Pause {
            why: "sale".to_owned(),
            since: Some(at(20)),
        });
        ExecutionTrace {
            launches,
            phases: vec![Phase {
                pause,
                ..Phase::between(kind, at(from), at(to))
            }],
            ..ExecutionTrace::default()
        }
    }

    #[test]
    fn the_queue_is_paused_while_the_drain_before_it_is() {
        let mut passages = [
            passage(false, Kind::TasksStop, 0, 25, false),
            passage(false, Kind::Paused, 30, 60, true),
            passage(true, Kind::Queued, 10, 70, false),
        ];
        let paused = passage(true, Kind::Paused, 70, 80, true).phases;
        passages[2].phases.extend(paused);
        part_queue(&mut passages);
        let told = passages[2]
            .phases
            .iter()
            .map(|it| (it.kind, it.seconds / 60.0));
        let told: Vec<(Kind, f64)> = told.collect();
        // The drain that was open in the pause is waited for, and what the pause keeps is one
        // phase.
        assert_eq!(told, [(Kind::Queued, 15.0), (Kind::Paused, 55.0)]);
        assert_eq!(
            passages[2].phases[1].waited_for,
            "Paused by an operator: 'sale'."
        );
    }
}

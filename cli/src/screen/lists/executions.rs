//! The executions: those that ended badly, then those that run.

use super::{Item, List, Mood, Text, cell};
use crate::format::clock;
use crate::watch::{Asked, Snapshot};

pub fn list(sight: &Snapshot) -> List {
    let name = |arn: &str| arn.rsplit(':').next().unwrap_or_default().to_owned();
    let ended = sight.ended.iter().map(|one| Item {
        key: one.execution.clone(),
        cells: vec![
            cell(&one.status, Mood::Bad),
            cell(clock(one.at), Mood::Quiet),
            cell(&one.instance, Mood::Plain),
            cell(one.reason(), Mood::Plain),
        ],
        whole: format!(
            "Execution {} of {} is {} since {}: {}",
            name(&one.execution),
            one.instance,
            one.status,
            clock(one.at),
            one.reason()
        ),
        execution: Some(one.execution.clone()),
    });
    let mut running: Vec<_> = sight.asked.iter().collect();
    running.sort_by_key(|(instance, asked)| (asked.began, *instance));
    let situation = |instance: &str, asked: &Asked| {
        let member = sight.members.iter().find(|one| one.id == instance);
        if member.is_some_and(|one| sight.is_paused(one)) {
            "paused"
        } else {
            asked.said.situation()
        }
    };
    let running = running.into_iter().map(|(instance, asked)| Item {
        key: asked.execution.clone(),
        cells: vec![
            cell("RUNNING", Mood::Waiting),
            (Text::Since(asked.began), Mood::Quiet),
            cell(instance, Mood::Plain),
            cell(situation(instance, asked), Mood::Plain),
        ],
        whole: format!(
            "Execution {} of {instance} is RUNNING, {}. {}",
            name(&asked.execution),
            situation(instance, asked),
            asked.said.reason
        ),
        execution: Some(asked.execution.clone()),
    });
    let items = ended.chain(running).collect();
    let columns = [("", 1), ("", 2), ("", 0), ("", 0)];
    let list = List::new(&columns, items);
    let (bad, runs) = (sight.ended.len(), sight.running);
    match bad {
        0 => list.titled(format!("{runs} running"), Mood::Quiet),
        bad => list.titled(format!("{runs} running, {bad} failed"), Mood::Bad),
    }
}

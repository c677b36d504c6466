//! Every path ends with the lifecycle action completed, or with the hook deliberately open, or
//! because the action was over.

use crate::machine::{Edge, Machine, When};

/// The endings in which this execution has completed nothing.
const WITHOUT_COMPLETION: [&str; 3] = ["AlreadyOver", "HookLeftOpen", "UnknownTransition"];

pub fn faults(machine: &Machine) -> Vec<String> {
    let mut faults = Vec::new();
    let is_end = |name: &str| machine.edges_of(name).is_empty();
    for (name, state) in machine.states() {
        if !machine.reach(name, |_| true).iter().any(|it| is_end(it)) {
            faults.push(format!("no path ends after {name}"));
        }
        if is_end(name)
            && !["Succeed", "Fail"]
                .iter()
                .any(|kind| state["Type"] == *kind)
        {
            faults.push(format!("{name} ends without Succeed or Fail"));
        }
    }
    let completed = |edge: &Edge| machine.completes(&edge.from) && edge.when == When::Next;
    for end in machine.reach(machine.start(), |edge| !completed(edge)) {
        if is_end(&end) && !WITHOUT_COMPLETION.contains(&end.as_str()) {
            faults.push(format!("{end} is reached without a completed action"));
        }
    }
    for edge in machine.edges() {
        let over = compares_with(&edge, "Over");
        if (edge.to == "AlreadyOver") != over {
            faults.push(format!(
                "{} leads to {} on {:?}",
                edge.from, edge.to, edge.when
            ));
        }
    }
    faults.extend(results(machine));
    faults
}

/// Whether the edge is a rule in which something equals `text`.
pub fn compares_with(edge: &Edge, text: &str) -> bool {
    matches!(&edge.when, When::Rule(rule) if rule.to_string().contains(&format!("\"StringEquals\":\"{text}\"")))
}

/// Each state that completes is entered with the one result that its ending tells of; CONTINUE only
/// on these grounds.
fn results(machine: &Machine) -> Vec<String> {
    let expected = [
        ("Continue", "CONTINUE"),
        ("Abandon", "ABANDON"),
        ("Retain", "ABANDON"),
        ("StopRollout", "STOP_ROLL"),
    ];
    let mut faults = Vec::new();
    let (mut open, mut seen) = (
        vec![(machine.start().to_owned(), None::<String>)],
        Vec::new(),
    );
    while let Some(at) = open.pop() {
        if seen.contains(&at) {
            continue;
        }
        let (name, before) = &at;
        let result = machine.result(name, before.as_deref());
        if machine.completes(name)
            && !expected.contains(&(name.as_str(), result.unwrap_or("nothing")))
        {
            faults.push(format!("{name} completes with {result:?}"));
        }
        let next = machine.edges_of(name).into_iter();
        open.extend(next.map(|edge| (edge.to, result.map(str::to_owned))));
        seen.push(at);
    }
    for edge in machine
        .edges()
        .iter()
        .filter(|edge| edge.to == "PrepareContinue")
    {
        let grounds = ["Reached", "WarmPool", "terminate", "stop-tasks"];
        if !grounds.iter().any(|ground| compares_with(edge, ground)) {
            faults.push(format!("{} goes on by {:?}", edge.from, edge.when));
        }
        if compares_with(edge, "WarmPool") && !passes_by(edge) {
            faults.push(format!(
                "{} goes on with what comes out of the group or into it",
                edge.from
            ));
        }
        if compares_with(edge, "stop-tasks") && !compares_with(edge, "ServicesOverdue") {
            faults.push(format!(
                "{} goes on with tasks that are not stopped",
                edge.from
            ));
        }
    }
    faults
}

/// Whether the rule is of an instance that is new into the warm pool, or leaves it for good: it has
/// never been in the group, or was drained when it left that.
fn passes_by(edge: &Edge) -> bool {
    let When::Rule(rule) = &edge.when else {
        return false;
    };
    let clauses = rule["And"].as_array().into_iter().flatten();
    let said: Vec<(&str, &str)> = clauses
        .filter_map(|clause| {
            Some((
                clause["Variable"].as_str()?,
                clause["StringEquals"].as_str()?,
            ))
        })
        .collect();
    let (launch, end) = (
        "autoscaling:EC2_INSTANCE_LAUNCHING",
        "autoscaling:EC2_INSTANCE_TERMINATING",
    );
    let transition = "$.detail.LifecycleTransition";
    [(launch, "$.detail.Destination"), (end, "$.detail.Origin")]
        .iter()
        .any(|(way, place)| said == [(transition, *way), (*place, "WarmPool")])
}

//! A loop asks, waits as long as the answer said, and asks the same again.

use crate::machine::Machine;

pub fn faults(machine: &Machine) -> Vec<String> {
    let mut faults = Vec::new();
    for (wait, state) in machine
        .states()
        .filter(|(_, state)| state["Type"] == "Wait")
    {
        let task = state["Next"].as_str().unwrap_or_default();
        let answer = machine.state(task)["ResultPath"]
            .as_str()
            .unwrap_or_default();
        if state["SecondsPath"] != format!("{answer}.waitSeconds") {
            faults.push(format!("{wait} does not wait as {task} says"));
        }
        let choice = machine.state(task)["Next"].as_str().unwrap_or_default();
        let mut entries = machine.edges().into_iter().filter(|edge| &edge.to == wait);
        if !entries
            .all(|edge| edge.from == choice && crate::endings::compares_with(&edge, "NotYet"))
        {
            faults.push(format!(
                "{wait} is entered otherwise than by NotYet of {task}"
            ));
        }
    }
    // Without its Waits the graph has no way back: nothing asks again without waiting.
    for (name, _) in machine.states() {
        let waits = |name: &str| machine.state(name)["Type"] == "Wait";
        let back = machine.edges_of(name).into_iter().any(|edge| {
            !waits(name)
                && machine
                    .reach(&edge.to, |edge| !waits(&edge.from))
                    .contains(name)
        });
        if back {
            faults.push(format!("{name} is reached again without a Wait"));
        }
    }
    faults
}

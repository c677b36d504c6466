//! Proofs over the definition's graph that need no run: where its paths end, what errors can lead
//! to, and how long an execution can become. That the proofs can fail is itself tried, on
//! definitions with one thing changed.

mod budgets;
mod endings;
mod errors;
mod loops;
mod machine;
mod mutants;
mod retries;
mod rules;

use machine::Machine;

/// All that is wrong with the graph.
fn faults(machine: &Machine) -> Vec<String> {
    [
        machine.faults(),
        endings::faults(machine),
        errors::faults(machine),
        loops::faults(machine),
    ]
    .concat()
}

#[test]
fn the_definition_has_no_fault() {
    let found = faults(&Machine::of_the_project());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

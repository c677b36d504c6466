//! The proofs themselves: each of these definitions, with one thing changed, has a fault that they
//! find.

use serde_json::{Value, json};

use crate::faults;
use crate::machine::Machine;
use crate::rules;

#[test]
fn each_changed_definition_has_a_fault() {
    let edits: [(&str, Value); 26] = [
        ("/States/Joined/Catch/0/Next", json!("PrepareContinue")),
        (
            "/States/WaitForEarlierDrains/Catch/0/Next",
            json!("PrepareStop"),
        ),
        ("/States/Drained/Catch/0/Next", json!("PrepareAbandon")),
        ("/States/Drained/Catch/0/Next", json!("PrepareRetain")),
        ("/States/Continue/Catch/0/Next", json!("Completed")),
        ("/States/HasJoined/Default", json!("PrepareContinue")),
        ("/States/IsDrained/Default", json!("Stable")),
        ("/States/IsDrained/Choices/0/Next", json!("Stable")),
        ("/States/IsStable/Choices/2/Next", json!("PrepareContinue")),
        (
            "/States/IsQueueClear/Choices/3/Next",
            json!("PrepareContinue"),
        ),
        ("/States/AtDeadline/Default", json!("PrepareContinue")),
        ("/States/LaunchUnclear/Next", json!("PrepareContinue")),
        ("/States/DrainUnclear/Next", json!("PrepareRetain")),
        ("/States/PrepareAbandon/Next", json!("LaunchAbandoned")),
        ("/States/PrepareAbandon/Result", json!("CONTINUE")),
        ("/States/PrepareRetain/Result", json!("CONTINUE")),
        ("/States/Retain/Next", json!("Completed2")),
        ("/States/PrepareContinue/Next", json!("Completed")),
        (
            "/States/ChooseTransition/Choices/1/And/3/Variable",
            json!("$.detail.Destination"),
        ),
        (
            "/States/ChooseTransition/Choices/0/And/1/StringEquals",
            json!("autoscaling:EC2_INSTANCE_TERMINATING"),
        ),
        ("/States/WaitForTasks/Next", json!("Draining")),
        (
            "/States/WaitToJoin/SecondsPath",
            json!("$.stable.waitSeconds"),
        ),
        ("/States/IsDrained/Choices/4/Next", json!("Drained")),
        ("/States/Stable/Retry/0/MaxAttempts", json!(3)),
        ("/States/Draining/Retry/1/ErrorEquals/0", json!("Throttle")),
        ("/States/Abandon/Catch/0/ErrorEquals", json!(["Throttled"])),
    ];
    for (pointer, value) in edits {
        let mut machine = Machine::of_the_project();
        let place = machine.definition.pointer_mut(pointer);
        let place = place.unwrap_or_else(|| panic!("{pointer} is not there"));
        assert_ne!(*place, value, "{pointer} is so already");
        *place = value.clone();
        assert!(
            !faults(&machine).is_empty(),
            "nobody minds that {pointer} is {value}"
        );
    }
}

#[test]
fn a_rule_that_leads_elsewhere_or_is_new_or_hidden_is_found() {
    let machine = Machine::of_the_project;
    for (name, state) in machine()
        .states()
        .filter(|(_, state)| state["Type"] == "Choice")
    {
        let all = state["Choices"].as_array().expect("rules").clone();
        for place in 0..all.len() {
            let mut elsewhere = machine();
            elsewhere.definition["States"][name]["Choices"][place]["Next"] = json!("Elsewhere");
            assert!(
                !rules::faults(&elsewhere).is_empty(),
                "rule {place} of {name} leads elsewhere"
            );
            let mut without = machine();
            let left = &mut without.definition["States"][name]["Choices"];
            left.as_array_mut().expect("rules").remove(place);
            let noticed = std::panic::catch_unwind(|| !rules::faults(&without).is_empty());
            assert!(
                noticed.unwrap_or(true),
                "rule {place} of {name} is left out"
            );
        }
        let mut more = machine();
        let hidden = all[0].clone();
        let longer = &mut more.definition["States"][name]["Choices"];
        longer.as_array_mut().expect("rules").push(hidden);
        assert!(
            !rules::faults(&more).is_empty(),
            "a rule of {name} that is hidden"
        );
        let mut elsewhere = machine();
        elsewhere.definition["States"][name]["Default"] = json!("Elsewhere");
        assert!(
            !rules::faults(&elsewhere).is_empty(),
            "Default of {name} leads elsewhere"
        );
    }
}

//! A rollout that is asked for while its AMI is there already, in the account in memory.

use simulator::account::{Caller, REGION};
use simulator::scenario::{Action, Settings, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};

use super::*;
use crate::aws::Access;
use crate::command::rehearse::Output;
use crate::plan::estimate::EstimateError;
use crate::plan::observation::look_at;
use crate::view::planned::text;

const STACK: &str = "ecs-cluster";

fn one_instance() -> Settings {
    Settings::built_in(1)
}

fn roll_to(ami: &str) -> Roll {
    Roll {
        stack: StackArgument::named(STACK.to_owned()),
        ami: Some(ami.to_owned()),
        ami_parameter: None,
        batch: None,
        force: false,
        no_watch: true,
        change: Change {
            yes: true,
            output: Output::Json,
            access: Access::default(),
        },
    }
}

#[test]
fn the_ami_that_was_given_is_written_where_there_is_nothing_to_roll() {
    let settings = one_instance();
    let other = "ami-0000000000000bad0";
    let looked = play_and_look(&settings, &[Action::Deploy], &[], async |world| {
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        let stack = aws.stack(STACK).await.expect("the stack");
        let (ami, parameter) = (stack.ami().expect("an AMI"), stack.ami_parameter());
        // As a rollout that was cancelled leaves it.
        let put = aws.put_parameter(parameter, other).await;
        put.expect("the parameter is written");
        let roll = roll_to(ami);
        let asked = PlanRequest {
            ami: roll.ami.clone(),
            batch: None,
        };
        let mut plans = Vec::new();
        for _ in 0..2 {
            let seen = look_at(&aws, STACK, &|| world.now()).await;
            let (seen, _) = seen.expect("it can be seen");
            let plan = Plan::of(&seen, &asked, || Err(EstimateError::NoRollout), Vec::new());
            if let Some(ami) = plan.ami_to_write() {
                let exit = roll.only_write(&aws, &plan, ami, Exit::AsAsked).await;
                assert_eq!(exit.expect("it is written"), ExitCode::SUCCESS);
            }
            plans.push(plan);
        }
        let held = aws.parameter(parameter).await.expect("it can be read");
        (ami.to_owned(), held.expect("a parameter").value, plans)
    });
    let ((ami, held, plans), _) = looked.expect("it can be played");
    assert_eq!(held, ami);
    let [before, after] = plans.as_slice() else {
        panic!("{plans:?}");
    };
    for plan in [before, after] {
        assert_eq!(plan.verdict, Verdict::NoChanges, "{:?}", plan.remarks);
        // The AMI is there once, with no arrow.
        assert!(!text(plan).contains("->"), "{}", text(plan));
    }
    assert_eq!(before.held_ami.as_deref(), Some(other));
    let shown = text(before);
    for part in [
        format!("SSM parameter /ami/ecs/latest holds {other}; roll writes {ami} into it"),
        format!("All instances are on {ami}. But SSM parameter /ami/ecs/latest holds {other}"),
    ] {
        assert!(shown.contains(&part), "{part}: {shown}");
    }
    let shown = text(after);
    let said = format!("All instances are on {ami}. SSM parameter /ami/ecs/latest names it.");
    assert!(shown.contains(&said), "{shown}");
    assert_eq!((after.ami_to_write(), &after.held_ami), (None, &Some(ami)));
}

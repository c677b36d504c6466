//! Capacity Rebalancing: of a Spot instance at risk the replacement is launched first, and when
//! that is in service the one at risk goes, over the terminate hooks. The group may exceed MaxSize
//! meanwhile
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html>).
//!
//! assumption: an instance that is not in service is left alone; and an instance that has gone by
//! itself is no longer replaced for its risk. A second replacement on AWS proves it wrong.

use super::capacity;
use super::group::Group;
use super::lifecycle::begin_transition;
use super::transitions::{LifecycleState, Move};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::trace::Cause;

/// EC2 says that an instance is at risk.
pub fn recommended(account: &mut Account, id: &str) {
    let Some(name) = account[AUTOSCALING].group_of(id).map(|it| it.name.clone()) else {
        return;
    };
    let Some(group) = account[AUTOSCALING].group_mut(&name) else {
        return;
    };
    let serves = group
        .instance(id)
        .is_some_and(|instance| instance.state == LifecycleState::InService);
    let known = group.at_risk.iter().any(|known| known == id);
    if !group.settings.rebalances || !serves || known {
        return;
    }
    group.at_risk.push(id.to_owned());
    capacity::launch(account, &name, Move::Launch, &Cause::Rebalance.into());
}

/// Takes out those at risk whose replacements are in service.
pub fn go_on(account: &mut Account, name: &str) {
    loop {
        let Some(group) = account[AUTOSCALING].group_mut(name) else {
            return;
        };
        let all = &group.instances;
        let serves = |id: &String| {
            let mut those = all
                .iter()
                .filter(|it| it.state == LifecycleState::InService);
            those.any(|it| it.id == *id)
        };
        group.at_risk.retain(serves);
        let in_service = all
            .iter()
            .filter(|it| it.state == LifecycleState::InService)
            .count() as u32;
        let may_end = !group.is_suspended("Terminate");
        if group.at_risk.is_empty() || in_service < group.wanted() || !may_end {
            return;
        }
        let id = group.at_risk.remove(0);
        begin_transition(
            account,
            name,
            &id,
            Move::Terminate,
            &Cause::Rebalance.into(),
        );
    }
}

impl Group {
    /// How many instances there are beyond the desired capacity because others are at risk.
    pub(super) fn rebalancing(&self) -> u32 {
        let serves = |id: &&String| {
            self.instance(id)
                .is_some_and(|instance| instance.state == LifecycleState::InService)
        };
        self.at_risk.iter().filter(serves).count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::super::LifecycleState as S;
    use super::super::scene::*;
    use super::*;
    use serde_json::json;

    #[test]
    fn the_replacement_comes_first_and_hooks_hold_the_one_at_risk() {
        let more = json!({"DesiredCapacity": 2, "MaxSize": 2, "CapacityRebalance": true,
            "LifecycleHookSpecificationList": [hooks()[1]]});
        let mut account = account(1, more);
        pass(&mut account, 90);
        let before = all_in(&account, S::InService);
        assert_eq!(before.len(), 2);
        recommended(&mut account, &before[0]);
        recommended(&mut account, &before[0]);
        assert_eq!(group(&account).instances.len(), 3, "one replacement");
        assert_eq!(all_in(&account, S::InService), before);
        pass(&mut account, 90);
        assert_eq!(only_one(&account, S::TerminatingWait), before[0]);
        assert_eq!(all_in(&account, S::InService).len(), 2);
        complete(&mut account, "terminate", &before[0], "CONTINUE").expect("it is open");
        pass(&mut account, 90);
        assert_eq!(group(&account).instances.len(), 2);
    }

    #[test]
    fn without_the_setting_nothing_happens() {
        let mut account = account(1, json!({"DesiredCapacity": 1}));
        pass(&mut account, 90);
        let id = only_one(&account, S::InService);
        recommended(&mut account, &id);
        pass(&mut account, 300);
        assert_eq!(only_one(&account, S::InService), id);
    }

    #[test]
    fn one_that_dies_at_risk_is_replaced_once() {
        let mut account = account(1, json!({"DesiredCapacity": 1, "CapacityRebalance": true}));
        pass(&mut account, 90);
        let id = only_one(&account, S::InService);
        recommended(&mut account, &id);
        crate::ec2::kill(&mut account, &id);
        pass(&mut account, 600);
        assert_ne!(only_one(&account, S::InService), id);
        assert_eq!(group(&account).instances.len(), 1);
    }
}

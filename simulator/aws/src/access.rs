//! Which policies a caller has: a function may call what its role in the template allows, and an
//! activity worker what the template's policy for it allows. So a rehearsal proves the template's
//! least-privilege roles as well; and a client with the access key of policies proves those.

use crate::account::{Account, Caller, arn};
use crate::cloudformation::CLOUDFORMATION;
use crate::iam::{self, Identity, assumed};
use crate::lambda::LAMBDA;
use crate::wire::{ApiError, Call};

/// The refusal, if the caller's policies do not allow the call.
pub fn refuses(account: &Account, caller: &Caller, call: &Call) -> Option<ApiError> {
    iam::refuses(account, &identity(account, caller)?, call)
}

/// Whose rights the caller has; nothing if it has all.
fn identity<'a>(account: &'a Account, caller: &Caller) -> Option<Identity<'a>> {
    let stacks = &account[CLOUDFORMATION];
    let (who, policies) = match caller {
        Caller::Function(name) => {
            let function = account[LAMBDA].function(name);
            let role = function.map(|function| function.role.as_str());
            let role = role.unwrap_or_default();
            let who = format!("{}/{name}", assumed(role));
            (who, stacks.role_policies(role).unwrap_or_default())
        }
        Caller::ActivityWorker(policy) => {
            let document = stacks.managed_policy(policy);
            let who = arn("sts", "assumed-role/activity-worker/activity-worker");
            (who, document.into_iter().collect())
        }
        Caller::PolicyHolder(policies) => {
            let documents = policies.iter();
            let documents = documents.filter_map(|arn| stacks.managed_policy(arn));
            (arn("iam", "user/operator"), documents.collect())
        }
        Caller::StackRole(role) => {
            let policies = stacks.role_policies(role).unwrap_or_default();
            return Some(Identity::of_service_role(role, policies));
        }
        Caller::Operator | Caller::Service(_) => return None,
    };
    Some(Identity {
        who,
        policies,
        is_of_a_stack: false,
    })
}

//! What stands around each call on its way from a client to the account and back: throttling, IAM,
//! faults of calls, stale reads, and the wrongs that workers are made to do. The services know of
//! none of these.
//!
//! - [`calls`]: what goes wrong with the workers' calls.
//! - [`invocations`]: what goes wrong with the workers themselves.
//! - [`mutation`]: what workers are made to do wrong, for a test that somebody notices.

pub mod calls;
pub mod invocations;
pub mod mutation;

use crate::account::{Account, Caller};
use crate::wire::{self, Call, Response, WIRE};
use crate::{access, throttle};
use calls::Reads;
use mutation::Mutation;

/// The interceptors of an account, and what they keep in mind.
#[derive(Debug, Default)]
pub struct Interceptors {
    /// What the workers are made to do wrong.
    pub mutation: Option<Mutation>,
    /// What workers read last, for reads that are stale.
    pub reads: Reads,
}

impl Interceptors {
    /// The answer to a call that the service throttles, or that the caller has no right to make.
    pub fn refuse(&self, account: &mut Account, caller: &Caller, call: &Call) -> Option<Response> {
        let error = throttle::refuses(account, caller, call)
            .or_else(|| access::refuses(account, caller, call))?;
        account.record_call(caller, &call.service, &call.action, Some(&error));
        let wrong = self.mutation_of(caller);
        let answer = mutation::in_place_of_an_error(wrong, call).ok_or(error);
        let request_id = wire::request_id(account);
        Some(wire::write(call, request_id, answer))
    }

    /// The answer to a call that is not refused.
    pub fn answer(&mut self, account: &mut Account, caller: &Caller, call: &Call) -> Response {
        let mut call = call.clone();
        let wrong = self.mutation_of(caller);
        // A wrong of the workers may change what is answered, and so has to see it.
        account[WIRE].answers_written =
            self.mutation.is_none() && calls::is_of_a_worker(caller, &call);
        let answer = match mutation::before(wrong, account, caller, &mut call) {
            Some(answered) => Ok(answered),
            None => calls::answer(&mut self.reads, account, caller, &call),
        };
        account[WIRE].answers_written = false;
        let answer = answer.map(|mut answer| {
            mutation::after(wrong, account, caller, &call, &mut answer);
            answer
        });
        let answer =
            answer.or_else(|error| mutation::in_place_of_an_error(wrong, &call).ok_or(error));
        let request_id = wire::request_id(account);
        wire::write(&call, request_id, answer)
    }

    /// The wrong of the workers, if it is a function of theirs that calls.
    fn mutation_of(&self, caller: &Caller) -> Option<Mutation> {
        self.mutation
            .filter(|_| matches!(caller, Caller::Function(_)))
    }
}

//! What the services remember. The account keeps it for them without knowing them: each service has
//! a [`Key`] to what is its own, and `account[ECS]` is what ECS remembers.

use std::any::{Any, TypeId};
use std::fmt::Debug;
use std::marker::PhantomData;

/// What a service remembers.
pub trait ServiceState: Any + Debug + Send {}

impl<S: Any + Debug + Send> ServiceState for S {}

/// The way to what one service remembers.
#[derive(Debug, Default)]
pub struct Key<S>(PhantomData<fn() -> S>);

impl<S> Key<S> {
    /// The key to the state of this type, of which an account has one.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

/// What all services remember.
#[derive(Debug, Default)]
pub(crate) struct States(Vec<(TypeId, Box<dyn ServiceState>)>);

const IN_THE_TABLE: &str = "whoever has a key is in the table of services";

impl States {
    /// Keeps the state of one more service.
    pub(crate) fn keep(&mut self, state: Box<dyn ServiceState>) {
        let of: &dyn Any = &*state;
        self.0.push((of.type_id(), state));
    }

    pub(crate) fn of<S: ServiceState>(&self) -> &S {
        let mut states = self.0.iter();
        let found = states.find(|(of, _)| *of == TypeId::of::<S>());
        let state: &dyn Any = &*found.expect(IN_THE_TABLE).1;
        state.downcast_ref().expect(IN_THE_TABLE)
    }

    pub(crate) fn of_mut<S: ServiceState>(&mut self) -> &mut S {
        let mut states = self.0.iter_mut();
        let found = states.find(|(of, _)| *of == TypeId::of::<S>());
        let state: &mut dyn Any = &mut *found.expect(IN_THE_TABLE).1;
        state.downcast_mut().expect(IN_THE_TABLE)
    }
}

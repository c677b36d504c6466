//! Simulation: from one seed a cluster, its workload, what an operator does and what goes wrong are
//! drawn, and the scenario is played in two acts. In the first the faults are on, and what must
//! never happen must not happen. In the second they have stopped, and all must end within a bound.
//! Every invariant is checked at every event.
//!
//! [`generate()`] makes a scenario of a seed, [`run()`] plays it, [`shrink()`] finds a smaller one
//! that violates the same invariant.

pub mod generate;
pub mod run;
pub mod shrink;

pub use generate::{CLASSES, GeneratedScenario, generate};
pub use run::{Failure, Run, run};
pub use shrink::shrink;

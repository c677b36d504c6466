//! What people see.

pub mod graph;
pub mod live;
pub mod out;
pub mod planned;
pub mod simulated;
pub mod summary;

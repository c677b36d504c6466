//! The five workers.

//! Whole-system tests: each of the files beside this one is a test of its own. What the test
//! `parsers` and the long runs of `fuzz` share is here.

pub mod parsers;

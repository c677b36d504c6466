//! Whole-system tests: each of the files beside this one is a test of its own.

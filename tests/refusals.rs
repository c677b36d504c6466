//! How the command line refuses bad input: exit code 2, a message with what helps, and no panic.

use crate::support::run;

/// Checks that these arguments are refused, in a message that has all these words.
#[track_caller]
pub fn refused(arguments: &[&str], words: &[&str]) {
    let output = run(arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(2),
        "{arguments:?} ended with: {message}"
    );
    for word in words {
        assert!(
            message.contains(word),
            "{arguments:?} does not say {word:?}, but: {message}"
        );
    }
    assert!(!message.contains("panicked"), "{message}");
}

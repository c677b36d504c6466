//! Who listens to a rehearsal besides the user.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rehearsal::account::Account;
use rehearsal::fact::Told;
use rehearsal::story::Listener;
use rehearsal::telling::Line;

use crate::view::live::Live;

/// The lines of a telling.
#[derive(Debug, Default)]
pub struct Lines(pub Vec<String>);

impl Listener for Lines {
    fn line(&mut self, line: &Line) {
        self.0.push(line.to_string());
    }
}

/// Shows the lines, and keeps them.
pub struct Both {
    /// Who shows them.
    pub live: Arc<Mutex<Live>>,
    /// Who keeps them.
    pub lines: Lines,
}

impl Listener for Both {
    fn line(&mut self, line: &Line) {
        self.lines.line(line);
        self.live
            .lock()
            .expect("a panic in a listener ends the program")
            .line(line);
    }

    fn fact(&mut self, account: &Account, told: &Told) {
        self.live
            .lock()
            .expect("a panic in a listener ends the program")
            .fact(account, told);
    }

    fn remark(&mut self, remark: &str) {
        self.live
            .lock()
            .expect("a panic in a listener ends the program")
            .remark(remark);
    }

    fn passed(&mut self, at: Duration) {
        self.live
            .lock()
            .expect("a panic in a listener ends the program")
            .passed(at);
    }
}

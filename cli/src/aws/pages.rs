//! A list's page, for whoever counts his calls.

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What asks for the next one, if there is one.
    pub next: Option<String>,
}

//! Values that look real for their parameter, and the people who use them.

/// Who speaks as the user, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Persona {
    /// A name for metadata, such as "event planner, terse".
    pub label: String,
}

//! Operators whose arguments stand in a document.

/// The names an operator takes, in the order its function gets them, and its error codes.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
    /// The operand is not a document.
    pub not_an_object: i32,
    /// A name that is not among the arguments.
    pub unknown: i32,
    /// A required name is absent.
    pub missing: i32,
    /// The argument that stands for the operand where that is not a document.
    pub alone: Option<&'static str>,
}

impl Arguments {
    pub fn position(&self, name: &str) -> Option<usize> {
        self.required.iter().chain(self.optional).position(|known| *known == name)
    }

    pub fn len(&self) -> usize {
        self.required.len() + self.optional.len()
    }
}

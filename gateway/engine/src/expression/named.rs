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
    /// The first required name is absent.
    pub missing: i32,
    /// The argument that stands for the operand where that is not a document.
    pub alone: Option<&'static str>,
}

impl Arguments {
    pub fn position(&self, name: &str) -> Option<usize> {
        self.required.iter().chain(self.optional).position(|known| *known == name)
    }

    /// The code for the absence of a required name: some operators have one for each.
    pub fn missing_code(&self, operator: &str, name: &str) -> i32 {
        match (operator, name) {
            ("$getField", "input") => 3041703,
            ("$setField" | "$unsetField", "input") => 4161109,
            ("$setField", "value") => 4161103,
            ("$regexMatch" | "$regexFind" | "$regexFindAll", "regex") => 31023,
            ("$replaceOne" | "$replaceAll", "find") => 51748,
            ("$replaceOne" | "$replaceAll", "replacement") => 51747,
            ("$firstN" | "$lastN" | "$minN" | "$maxN", "input") => 5787907,
            ("$dateDiff", "endDate") => 5166304,
            ("$dateDiff", "unit") => 5166305,
            ("$dateTrunc", "unit") => 5439010,
            _ => self.missing,
        }
    }

    pub fn len(&self) -> usize {
        self.required.len() + self.optional.len()
    }
}

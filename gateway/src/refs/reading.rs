//! What MongoDB reads at a place of an operation: data, or something that may hold operators.

use bson::Bson;

/// What is read at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Kept or compared with as it is.
    Data,
    /// A filter: fields and `$and`, `$or`, `$nor`, `$expr`.
    Filter,
    /// A list of filters.
    Filters,
    /// What a field of a filter has to be: a value or operators.
    Condition,
    /// A filter of items, or what an item has to be.
    Element,
    /// An update of operators.
    Update,
    /// Fields with the values they get.
    Setting,
    /// Fields with what is added to their arrays.
    Pushing,
    /// What is added to an array: a value or `$each` with others.
    Pushed,
    /// Expressions, in which texts may be paths, and the stages around them.
    Expression,
    /// Something else that may hold operators.
    Operators,
}

impl Reading {
    /// What is read at the parameter of this name; never at the collection or the expectation.
    pub fn of(parameter: &str, value: Option<&Bson>) -> Option<Self> {
        match parameter {
            "filter" => Some(Self::Filter),
            "arrayFilters" => Some(Self::Filters),
            "update" if matches!(value, Some(Bson::Array(_))) => Some(Self::Expression),
            "update" => Some(Self::Update),
            "pipeline" | "projection" => Some(Self::Expression),
            "document" | "documents" | "replacement" => Some(Self::Data),
            _ => None,
        }
    }

    /// What is read one level below, at this name or position.
    pub fn below(self, name: &str) -> Self {
        match self {
            Self::Data | Self::Setting => Self::Data,
            Self::Filter => match name {
                "$and" | "$or" | "$nor" => Self::Filters,
                "$expr" => Self::Expression,
                _ if name.starts_with('$') => Self::Operators,
                _ => Self::Condition,
            },
            Self::Filters => Self::Filter,
            Self::Condition => match name {
                "$eq" | "$ne" | "$gt" | "$gte" | "$lt" | "$lte" => Self::Data,
                "$not" => Self::Condition,
                "$elemMatch" => Self::Element,
                _ if name.starts_with('$') => Self::Operators,
                // Within a value that is no operator.
                _ => Self::Data,
            },
            Self::Element => match name {
                "$and" | "$or" | "$nor" | "$expr" => Self::Filter.below(name),
                _ if name.starts_with('$') => Self::Condition.below(name),
                _ => Self::Condition,
            },
            Self::Update => match name {
                "$set" | "$setOnInsert" | "$min" | "$max" => Self::Setting,
                "$push" | "$addToSet" => Self::Pushing,
                _ => Self::Operators,
            },
            Self::Pushing => Self::Pushed,
            Self::Pushed => match name {
                "$each" => Self::Data,
                _ if name.starts_with('$') => Self::Operators,
                _ => Self::Data,
            },
            Self::Expression => match name {
                "$match" => Self::Filter,
                "$literal" => Self::Data,
                _ => Self::Expression,
            },
            Self::Operators => Self::Operators,
        }
    }
}

//! Errors with MongoDB's numeric codes.

use std::fmt;

use bson::Document;

/// Why a command failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// MongoDB's numeric code.
    pub code: i32,
    /// The code's symbolic name, such as `BadValue`.
    pub name: &'static str,
    /// Names the operator or the rule; never a stored value.
    pub message: String,
    /// The index that refused a duplicate, for code 11000.
    pub key: Option<Box<DuplicateKey>>,
}

/// The unique index that refused a document.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateKey {
    /// Index name.
    pub index: String,
    /// Key pattern.
    pub pattern: Document,
    /// Collection.
    pub collection: String,
}

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

pub(crate) const INTERNAL: i32 = 1;
pub(crate) const BAD_VALUE: i32 = 2;
pub(crate) const FAILED_TO_PARSE: i32 = 9;
pub(crate) const TYPE_MISMATCH: i32 = 14;

impl Error {
    /// An error with a code and a message.
    pub fn new(code: i32, message: impl Into<String>) -> Error {
        Error { code, name: name_of(code), message: message.into(), key: None }
    }

    pub(crate) fn bad_value(message: impl Into<String>) -> Error {
        Error::new(BAD_VALUE, message)
    }

    pub(crate) fn parse(message: impl Into<String>) -> Error {
        Error::new(FAILED_TO_PARSE, message)
    }

    pub(crate) fn type_mismatch(message: impl Into<String>) -> Error {
        Error::new(TYPE_MISMATCH, message)
    }

    pub(crate) fn duplicate(collection: &str, index: &str, pattern: Document) -> Error {
        let mut error = Error::new(11000, format!("E11000 duplicate key error collection: {collection} index: {index}"));
        error.key = Some(Box::new(DuplicateKey { index: index.to_owned(), pattern, collection: collection.to_owned() }));
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.name, self.code, self.message)
    }
}

impl std::error::Error for Error {}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) {
            return crate::interrupt::interrupted();
        }
        Error::new(INTERNAL, format!("storage: {error}"))
    }
}

impl From<bson::error::Error> for Error {
    fn from(error: bson::error::Error) -> Error {
        Error::new(22, format!("invalid BSON: {error}"))
    }
}

fn name_of(code: i32) -> &'static str {
    match code {
        1 => "InternalError",
        2 => "BadValue",
        9 => "FailedToParse",
        14 => "TypeMismatch",
        15 => "Overflow",
        20 => "IllegalOperation",
        22 => "InvalidBSON",
        26 => "NamespaceNotFound",
        27 => "IndexNotFound",
        28 => "PathNotViable",
        40 => "ConflictingUpdateOperators",
        48 => "NamespaceExists",
        46 => "LockBusy",
        50 => "MaxTimeMSExpired",
        51 => "InvalidRegex",
        52 => "DollarPrefixedFieldName",
        53 => "InvalidIdField",
        54 => "NotSingleValueField",
        56 => "EmptyFieldName",
        57 => "DottedFieldName",
        66 => "ImmutableField",
        67 => "CannotCreateIndex",
        68 => "IndexAlreadyExists",
        72 => "InvalidOptions",
        73 => "InvalidNamespace",
        85 => "IndexOptionsConflict",
        86 => "IndexKeySpecsConflict",
        104 => "CannotIndexParallelArrays",
        112 => "WriteConflict",
        115 => "CommandNotSupported",
        121 => "DocumentValidationFailure",
        146 => "ExceededMemoryLimit",
        168 => "InvalidPipelineOperator",
        171 => "CannotIndexParallelArrays",
        197 => "InvalidIndexSpecificationOption",
        224 => "QueryFeatureNotAllowed",
        241 => "ConversionFailure",
        260 => "InvalidResumeToken",
        286 => "ChangeStreamHistoryLost",
        292 => "QueryExceededMemoryLimitNoDiskUseAllowed",
        10334 => "BSONObjectTooLarge",
        11000 => "DuplicateKey",
        16410 => "Location16410",
        _ => "Location",
    }
}

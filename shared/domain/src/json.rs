//! JSON as it is written, built by calls: `serde_json`'s own macro writes the building out anew in every place, which is
//! some 10 kB of wasm in a function.

use std::borrow::Cow;

use serde_json::Value;

use crate::{Doc, Money, Time};

/// A value as JSON looks: objects with literal names, lists, `null`, and expressions of types that are [`ToJson`].
#[macro_export]
macro_rules! json {
    (null) => { $crate::json::null() };
    ([ $($items:tt)* ]) => { $crate::json_list!([] $($items)*) };
    ({ $($fields:tt)* }) => { $crate::json_object!([] $($fields)*) };
    ($value:expr) => { $crate::json::ToJson::to_json(&$value) };
}

/// The fields of an object one after the other; what was read of them stands first.
#[doc(hidden)]
#[macro_export]
macro_rules! json_object {
    ([$($read:tt)*]) => { $crate::json::object(::std::vec![$($read)*]) };
    ([$($read:tt)*] $name:tt : null $(, $($rest:tt)*)?) => {
        $crate::json_object!([$($read)* ($name, $crate::json::null()),] $($($rest)*)?)
    };
    ([$($read:tt)*] $name:tt : [ $($items:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::json_object!([$($read)* ($name, $crate::json!([ $($items)* ])),] $($($rest)*)?)
    };
    ([$($read:tt)*] $name:tt : { $($fields:tt)* } $(, $($rest:tt)*)?) => {
        $crate::json_object!([$($read)* ($name, $crate::json!({ $($fields)* })),] $($($rest)*)?)
    };
    ([$($read:tt)*] $name:tt : $value:expr $(, $($rest:tt)*)?) => {
        $crate::json_object!([$($read)* ($name, $crate::json!($value)),] $($($rest)*)?)
    };
}

/// The items of a list one after the other; what was read of them stands first.
#[doc(hidden)]
#[macro_export]
macro_rules! json_list {
    ([$($read:tt)*]) => { $crate::json::list(::std::vec![$($read)*]) };
    ([$($read:tt)*] null $(, $($rest:tt)*)?) => {
        $crate::json_list!([$($read)* $crate::json::null(),] $($($rest)*)?)
    };
    ([$($read:tt)*] [ $($items:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::json_list!([$($read)* $crate::json!([ $($items)* ]),] $($($rest)*)?)
    };
    ([$($read:tt)*] { $($fields:tt)* } $(, $($rest:tt)*)?) => {
        $crate::json_list!([$($read)* $crate::json!({ $($fields)* }),] $($($rest)*)?)
    };
    ([$($read:tt)*] $value:expr $(, $($rest:tt)*)?) => {
        $crate::json_list!([$($read)* $crate::json!($value),] $($($rest)*)?)
    };
}

/// What stands for nothing.
#[must_use]
pub fn null() -> Value {
    Value::Null
}

/// A document of these fields.
#[must_use]
pub fn doc(fields: Vec<(&str, Value)>) -> Doc {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// As [`doc`], where a value is wanted.
#[must_use]
pub fn object(fields: Vec<(&str, Value)>) -> Value {
    Value::Object(doc(fields))
}

/// An object of one field, such as an operator with its operand.
pub fn of(name: &str, value: impl Into<Value>) -> Value {
    object(vec![(name, value.into())])
}

/// A list of these items.
#[must_use]
pub fn list(items: Vec<Value>) -> Value {
    Value::Array(items)
}

/// What can stand in [`json!`].
pub trait ToJson {
    /// The same as JSON.
    fn to_json(&self) -> Value;
}

impl ToJson for str {
    fn to_json(&self) -> Value {
        Value::String(self.to_owned())
    }
}

impl ToJson for String {
    fn to_json(&self) -> Value {
        Value::String(self.clone())
    }
}

impl ToJson for Cow<'_, str> {
    fn to_json(&self) -> Value {
        (**self).to_json()
    }
}

impl ToJson for Value {
    fn to_json(&self) -> Value {
        self.clone()
    }
}

impl ToJson for Doc {
    fn to_json(&self) -> Value {
        Value::Object(self.clone())
    }
}

impl ToJson for bool {
    fn to_json(&self) -> Value {
        Value::Bool(*self)
    }
}

macro_rules! number {
    ($($kind:ty)*) => {
        $(impl ToJson for $kind {
            fn to_json(&self) -> Value {
                Value::from(*self)
            }
        })*
    };
}

number!(i32 i64 u16 u32 u64 usize);

impl ToJson for Time {
    fn to_json(&self) -> Value {
        (*self).into()
    }
}

impl ToJson for Money {
    fn to_json(&self) -> Value {
        self.clone().into()
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn to_json(&self) -> Value {
        (**self).to_json()
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToJson::to_json)
    }
}

impl<T: ToJson> ToJson for [T] {
    fn to_json(&self) -> Value {
        self.iter().map(ToJson::to_json).collect()
    }
}

impl<T: ToJson, const N: usize> ToJson for [T; N] {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_written_is_what_serde_json_makes_of_it() {
        let (text, number, none) = ("x".to_owned(), 3_i64, None::<i64>);
        let ours = crate::json!({
            "a": null, "b": [1, [null, { "c": text }], none], "d": { "e": number + 1, "f": { "g": true } }, "h": &text, "i": [],
            "j": {}, "k": Some("y"), "l": vec![1, 2],
        });
        let theirs = serde_json::json!({
            "a": null, "b": [1, [null, { "c": text }], none], "d": { "e": number + 1, "f": { "g": true } }, "h": &text, "i": [],
            "j": {}, "k": Some("y"), "l": vec![1, 2],
        });
        assert_eq!(ours.to_string(), theirs.to_string());
    }
}

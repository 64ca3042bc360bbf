//! The hash of a value as a hashed index of MongoDB holds it: equal numbers of different types have one.

use bson::{Bson, doc};
use md5::{Digest, Md5};

use crate::{error::Result, number::Number};

const SEED: i32 = 0;
/// Of the fields of a document or array, what stands after the last.
const END: i32 = 0;

/// The first 64 bits of an MD5 over the value.
pub(super) fn hash(value: &Bson) -> Result<i64> {
    let value = if *value == Bson::Undefined { &Bson::Null } else { value };
    let mut md5 = Md5::new();
    md5.update(SEED.to_le_bytes());
    add(&mut md5, value, None)?;
    let digest = md5.finalize();
    let first = digest.first_chunk().copied().unwrap_or_default();
    Ok(i64::from_le_bytes(first))
}

fn add(md5: &mut Md5, value: &Bson, name: Option<&str>) -> Result<()> {
    md5.update(canonical_type(value).to_le_bytes());
    if let Some(name) = name {
        md5.update(name);
        md5.update([0]);
    }
    match value {
        Bson::Document(document) => {
            for (name, value) in document {
                add(md5, value, Some(name))?;
            }
            md5.update(END.to_le_bytes());
        }
        Bson::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                add(md5, value, Some(&at.to_string()))?;
            }
            md5.update(END.to_le_bytes());
        }
        value => match Number::from_bson(value) {
            Some(number) => md5.update(whole(number).to_le_bytes()),
            None => md5.update(encoded(value)?),
        },
    }
    Ok(())
}

/// Fractions are cut off, and what is too large becomes the largest.
fn whole(number: Number) -> i64 {
    number.to_i64_exact().unwrap_or_else(|| number.to_f64() as i64)
}

/// The bytes of the value in a document.
fn encoded(value: &Bson) -> Result<Vec<u8>> {
    const LENGTH_TYPE_AND_NAME: usize = 6;
    let document = doc! {"": value.clone()}.to_vec()?;
    let end = document.len().saturating_sub(1);
    Ok(document.get(LENGTH_TYPE_AND_NAME..end).unwrap_or_default().to_vec())
}

/// One number for the types that sort together.
fn canonical_type(value: &Bson) -> i32 {
    match value {
        Bson::MinKey => -1,
        Bson::Undefined => 0,
        Bson::Null => 5,
        Bson::Double(_) | Bson::Int32(_) | Bson::Int64(_) | Bson::Decimal128(_) => 10,
        Bson::String(_) | Bson::Symbol(_) => 15,
        Bson::Document(_) => 20,
        Bson::Array(_) => 25,
        Bson::Binary(_) => 30,
        Bson::ObjectId(_) => 35,
        Bson::Boolean(_) => 40,
        Bson::DateTime(_) => 45,
        Bson::Timestamp(_) => 47,
        Bson::RegularExpression(_) => 50,
        Bson::DbPointer(_) => 55,
        Bson::JavaScriptCode(_) => 60,
        Bson::JavaScriptCodeWithScope(_) => 65,
        Bson::MaxKey => 127,
    }
}

#[cfg(test)]
mod tests {
    use bson::bson;

    use super::*;

    #[test]
    fn a_text_has_the_hash_that_mongodb_gives_it() {
        assert_eq!(hash(&bson!("hello")).unwrap(), 5_347_277_839_332_858_538);
    }

    #[test]
    fn equal_numbers_have_one_hash_whatever_their_type_and_fractions_are_cut_off() {
        let of = |value: Bson| hash(&value).unwrap();
        assert_eq!(of(Bson::Int32(7)), of(Bson::Int64(7)));
        assert_eq!(of(Bson::Int32(7)), of(Bson::Double(7.9)));
        assert_ne!(of(Bson::Int32(7)), of(Bson::Int32(8)));
        assert_ne!(of(bson!({"a": [1]})), of(bson!({"a": [2]})));
        assert_eq!(of(Bson::Undefined), of(Bson::Null));
    }
}

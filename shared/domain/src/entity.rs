//! The vocabulary of the entity tables: what an entity is, which fields it has, who may see it.

use crate::rules::{Plain, Rules};
use crate::{Filter, Time, Viewer};

/// A kind of record: its fields, indexes, access and rules, as data.
pub struct Entity {
    /// Its name in code, permissions and events: `lead`.
    pub name: &'static str,
    /// Its collection, which is also its plural in paths: `leads`.
    pub collection: &'static str,
    /// The prefix of its ids.
    pub prefix: &'static str,
    /// Its own fields; those that every entity has are in [`BASE_FIELDS`].
    pub fields: &'static [Field],
    /// Its indexes; every one starts with `tenant_id`.
    pub indexes: &'static [Index],
    /// Who sees which records.
    pub access: Access,
    /// What the tables cannot say.
    pub rules: &'static dyn Rules,
}

impl Entity {
    /// The same without its rules.
    pub(crate) const fn table(&self) -> Self {
        Self { rules: &Plain, ..*self }
    }

    /// A field by its name, the base fields included.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().chain(BASE_FIELDS).find(|field| field.name == name)
    }

    /// Whether tenants can give it fields of their own.
    pub fn is_customizable(&self) -> bool {
        self.field(CUSTOM.name).is_some()
    }

    /// Whether it tells something about a person.
    pub fn is_personal(&self) -> bool {
        self.fields.iter().any(|field| field.personal)
    }

    /// Whether any of it is kept under the tenant's key.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted_fields().next().is_some()
    }

    /// The fields that are kept under the tenant's key.
    pub fn encrypted_fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.fields.iter().filter(|field| field.encrypted)
    }

    /// All fields in the order they are shown in.
    pub fn all_fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().chain(BASE_FIELDS)
    }
}

impl std::fmt::Debug for Entity {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Entity({})", self.name)
    }
}

/// The fields of every entity, filled in by the engine alone. `_id` and `tenant_id` are never shown as they are; `deleted_at` and
/// `deleted_by` stand in the trash alone, where `trash_group` is the same of all that went there together.
pub const BASE_FIELDS: &[Field] = &[
    date("created_at").read_only(),
    reference("created_by", "membership").read_only().keep(),
    date("updated_at").read_only(),
    reference("updated_by", "membership").read_only().keep(),
    date("deleted_at").read_only(),
    reference("deleted_by", "membership").read_only().keep(),
    text("trash_group", 40).read_only().hidden(),
    integer("version", 1, i64::MAX).read_only(),
];

/// One field of an entity.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the API and in the store.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a record cannot be without it.
    pub required: bool,
    /// What it is when nobody says.
    pub default: Option<Fallback>,
    /// Who may write it.
    pub input: Input,
    /// Whether it tells something about a person.
    pub personal: bool,
    /// Whether it is kept under the tenant's key, and nobody sorts by it or compares it but for equality.
    pub encrypted: bool,
    /// Whether an encrypted value can be found by being equal, and be unique.
    pub blind: bool,
    /// Whether its words are found by `q=`.
    pub searchable: bool,
    /// Whether it is never shown.
    pub hidden: bool,
    /// Whether it is shown to staff alone.
    pub for_staff: bool,
    /// Where in it the id is of whom the record is about, if it says so.
    pub subject: Option<&'static str>,
    /// Whether it goes with the personal ones when the person whom the record is about is erased.
    pub erased: bool,
    /// Of a reference: what becomes of the record when the one it refers to goes to the trash.
    pub gone: Gone,
}

/// What becomes of a record when the one that it refers to goes to the trash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It goes along, and comes back with it.
    Cascade,
    /// The other one stays as long as this one refers to it. What nobody declares is so: nothing is orphaned by an oversight.
    Restrict,
    /// It loses the reference, and gets it back with the other one.
    Clear,
    /// It keeps the id, which tells the past or is held by something else: an author, the ledger.
    Keep,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text of at most so many characters.
    Text(usize),
    /// An e-mail address, kept in lower case.
    Email,
    /// A telephone number, kept as E.164 has it where its country is known.
    Phone,
    /// Where a file is: an `https` URL, or the key of an object in the tenant's store.
    FileUrl,
    /// An `http` or `https` URL.
    Url,
    /// A whole number between two bounds, inclusive.
    Integer(i64, i64),
    /// A number, whole or not, as far as whole numbers are exact.
    Number,
    /// True or false.
    Flag,
    /// A point in time.
    Date,
    /// `{minor, currency}`, not negative.
    Money,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// The id of a record of the named entity.
    Reference(&'static str),
    /// At most so many values of a kind.
    List(&'static Kind, usize),
    /// An object with these fields.
    Object(&'static [Field]),
    /// Any JSON of at most so many bytes; never looked into.
    Opaque(usize),
    /// The values of the tenant's own fields, of which the table knows none.
    Custom,
}

/// The value of a field that nobody gave.
#[derive(Clone, Copy, Debug)]
pub enum Fallback {
    /// This word.
    Word(&'static str),
    /// This flag.
    Flag(bool),
    /// This number.
    Integer(i64),
    /// An empty list.
    EmptyList,
}

/// Who may write a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Whoever may write the record.
    Anyone,
    /// Whoever may write the record, but only when it is made.
    OnCreate,
    /// Those who may write every record of the kind; others get the default.
    Staff,
    /// Nobody: rules and verbs set it.
    Nobody,
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        let (personal, encrypted, blind, searchable, hidden, for_staff) = (false, false, false, false, false, false);
        let (required, default, input, subject, erased, gone) = (false, None, Input::Anyone, None, false, Gone::Restrict);
        Self {
            name,
            kind,
            required,
            default,
            input,
            personal,
            encrypted,
            blind,
            searchable,
            hidden,
            for_staff,
            subject,
            erased,
            gone,
        }
    }

    /// A record cannot be without it.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// What it is when nobody says.
    pub const fn default(self, value: Fallback) -> Self {
        Self { default: Some(value), ..self }
    }

    /// Set by rules and verbs only.
    pub const fn read_only(self) -> Self {
        Self { input: Input::Nobody, ..self }
    }

    /// Written when the record is made and never again.
    pub const fn on_create(self) -> Self {
        Self { input: Input::OnCreate, ..self }
    }

    /// Written by those only who may write every record of the kind.
    pub const fn staff(self) -> Self {
        Self { input: Input::Staff, ..self }
    }

    /// It tells something about a person.
    pub const fn personal(self) -> Self {
        Self { personal: true, ..self }
    }

    /// It tells something about a person, and is kept under the tenant's key.
    pub const fn encrypted(self) -> Self {
        Self { personal: true, encrypted: true, ..self }
    }

    /// As [`Field::encrypted`], found by being equal.
    pub const fn blind(self) -> Self {
        Self { blind: true, ..self.encrypted() }
    }

    /// Where the store keeps what an equal value of a blind field is found by.
    pub fn blind_name(&self) -> String {
        [self.name, "_blind"].concat()
    }

    /// Where the store keeps what the words of an encrypted field are found by.
    pub fn words_name(&self) -> String {
        [self.name, "_words"].concat()
    }

    /// Its words are found by `q=`.
    pub const fn searchable(self) -> Self {
        Self { searchable: true, ..self }
    }

    /// It is never shown.
    pub const fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    /// It is shown to staff alone, whoever else sees the record.
    pub const fn for_staff(self) -> Self {
        Self { for_staff: true, ..self }
    }

    /// It names the member or person whom the record's personal fields are about, where several are named.
    pub const fn subject(self) -> Self {
        Self { subject: Some(self.name), ..self }
    }

    /// As [`Field::subject`], by the membership's id at a path in it.
    pub const fn subject_at(self, path: &'static str) -> Self {
        Self { subject: Some(path), ..self }
    }

    /// It tells nothing about a person, but goes when the person whom the record is about is erased.
    pub const fn erased(self) -> Self {
        Self { erased: true, ..self }
    }

    /// The record goes to the trash with the one it refers to.
    pub const fn cascade(self) -> Self {
        Self { gone: Gone::Cascade, ..self }
    }

    /// The record loses the reference when the one it refers to goes to the trash.
    pub const fn clear(self) -> Self {
        Self { gone: Gone::Clear, ..self }
    }

    /// The record keeps the id whatever becomes of the one it refers to.
    pub const fn keep(self) -> Self {
        Self { gone: Gone::Keep, ..self }
    }
}

/// Text of at most `max` characters.
pub const fn text(name: &'static str, max: usize) -> Field {
    Field::new(name, Kind::Text(max))
}

/// An e-mail address.
pub const fn email(name: &'static str) -> Field {
    Field::new(name, Kind::Email).personal()
}

/// A telephone number.
pub const fn phone(name: &'static str) -> Field {
    Field::new(name, Kind::Phone).personal()
}

/// A whole number.
pub const fn integer(name: &'static str, min: i64, max: i64) -> Field {
    Field::new(name, Kind::Integer(min, max))
}

/// True or false, false when nobody says.
pub const fn flag(name: &'static str) -> Field {
    Field::new(name, Kind::Flag).default(Fallback::Flag(false))
}

/// A point in time.
pub const fn date(name: &'static str) -> Field {
    Field::new(name, Kind::Date)
}

/// An amount of money.
pub const fn money(name: &'static str) -> Field {
    Field::new(name, Kind::Money)
}

/// One of some words.
pub const fn choice(name: &'static str, words: &'static [&'static str]) -> Field {
    Field::new(name, Kind::Choice(words))
}

/// A status: one of some words, the first when the record is made, changed by verbs only.
pub const fn status(words: &'static [&'static str]) -> Field {
    let first = match words {
        [first, ..] => *first,
        [] => "",
    };
    choice("status", words).read_only().default(Fallback::Word(first))
}

/// The id of another record.
pub const fn reference(name: &'static str, entity: &'static str) -> Field {
    Field::new(name, Kind::Reference(entity))
}

/// A list of at most `max` values.
pub const fn list(name: &'static str, of: &'static Kind, max: usize) -> Field {
    Field::new(name, Kind::List(of, max)).default(Fallback::EmptyList)
}

/// An object.
pub const fn object(name: &'static str, fields: &'static [Field]) -> Field {
    Field::new(name, Kind::Object(fields))
}

/// JSON that is kept as it is.
pub const fn opaque(name: &'static str, max_bytes: usize) -> Field {
    Field::new(name, Kind::Opaque(max_bytes))
}

/// The values of fields that tenants define for themselves; tables have it last, and not every table has it.
pub const CUSTOM: Field = Field::new(crate::custom::FIELD, Kind::Custom).searchable();

/// Those of them that tell something about a person: shown among the others, and kept apart from them.
pub const CUSTOM_PERSONAL: Field = Field::new(crate::custom::PERSONAL_FIELD, Kind::Custom).read_only().hidden().encrypted();
/// The field of [`teams`].
pub const TEAMS_FIELD: &str = "teams";

/// The teams of those who stand in a record's own fields, and the masters above those of them who are vendors: written with them,
/// by the store.
pub const fn teams() -> Field {
    Field { default: None, ..list(TEAMS_FIELD, &Kind::Reference("team"), 1_000) }.read_only().hidden().keep()
}

/// Files by reference: where they are, not what is in them.
pub const ATTACHMENT: Kind = Kind::Object(&[
    text("name", 255).required(),
    Field::new("url", Kind::FileUrl).required(),
    text("media_type", 127),
    integer("size_bytes", 0, 5_368_709_120),
]);

/// Where somebody is to be found: it tells of a person.
pub const ADDRESS: &[Field] =
    &[text("street", 200), text("zip_code", 20), text("city", 100), text("state", 100), text("country", 100)];

/// In which part of the business somebody is; records are assigned and counted by it.
pub const LOCATION: &[Field] = &[text("country", 100), text("region", 100), text("territory", 100)];

/// An index; `tenant_id` comes before its keys, except where the search itself goes across tenants.
#[derive(Clone, Copy, Debug)]
pub struct Index {
    /// Field names, with `-` for descending.
    pub keys: &'static [&'static str],
    /// Whether no two live records of a tenant may have the same keys.
    pub unique: bool,
    /// Only records in which the first key is there.
    pub sparse: bool,
    /// Records leave when the (only) key's date has passed.
    pub expires: bool,
    /// Whether it goes across tenants: for the job runner and for the tenants of one identity.
    pub across: bool,
}

/// An index over some fields.
pub const fn index(keys: &'static [&'static str]) -> Index {
    Index { keys, unique: false, sparse: false, expires: false, across: false }
}

/// An index that keeps its keys unique among the tenant's records.
pub const fn unique(keys: &'static [&'static str]) -> Index {
    Index { unique: true, ..index(keys) }
}

/// Unique among the records that have the first key.
pub const fn unique_if_present(keys: &'static [&'static str]) -> Index {
    Index { sparse: true, ..unique(keys) }
}

/// An index of the records that have the first key.
pub const fn index_if_present(keys: &'static [&'static str]) -> Index {
    Index { sparse: true, ..index(keys) }
}

/// An index across tenants.
pub const fn across(keys: &'static [&'static str]) -> Index {
    Index { across: true, ..index(keys) }
}

/// Records leave when this date has passed.
pub const fn expires(key: &'static [&'static str]) -> Index {
    Index { expires: true, ..index(key) }
}

/// Who sees which records, beyond what the roles' permissions say.
#[derive(Clone, Copy)]
pub struct Access {
    /// Fields that hold a membership id (or a list of them): a record is one's own when one of them is oneself.
    pub own: &'static [&'static str],
    /// The field that holds the teams whose records they are.
    pub teams: Option<&'static str>,
    /// Records that are visible though not one's own.
    pub open: Option<fn(&Viewer) -> Filter>,
    /// What every visible record must fulfil besides.
    pub narrow: Option<fn(&Viewer, Time) -> Filter>,
}

impl Access {
    /// One's own records by these fields.
    pub const fn own(own: &'static [&'static str]) -> Self {
        Self { own, teams: None, open: None, narrow: None }
    }

    /// One's own records by these fields, and those of one's teams: of the teams of whoever stands in these fields. The
    /// entity has a field [`teams`] for them.
    pub const fn shared(own: &'static [&'static str]) -> Self {
        Self { teams: Some(TEAMS_FIELD), ..Self::own(own) }
    }
}

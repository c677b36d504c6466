//! Serde's view of a request. Serde's own reader of JSON values says what is wrong in a text alone,
//! and takes no number that is text.

use serde::Deserializer;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value, map};

use super::error::{Cause, RequestError, Step};

/// A value in a request.
#[derive(Clone, Copy)]
pub(super) struct Member<'de> {
    value: &'de Value,
    has_text_numbers: bool,
}

impl<'de> Member<'de> {
    /// A whole request.
    pub fn new(value: &'de Value, has_text_numbers: bool) -> Self {
        Self {
            value,
            has_text_numbers,
        }
    }

    fn members(self, all: &'de map::Map<String, Value>, has_nulls: bool) -> Members<'de> {
        Members {
            left: all.iter(),
            current: None,
            parent: self,
            has_nulls,
        }
    }

    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RequestError> {
        let text = self.value.as_str().filter(|_| self.has_text_numbers);
        match text.map(str::parse::<Number>) {
            Some(Ok(number)) => visit_number(&number, visitor),
            _ => self.deserialize_any(visitor),
        }
    }
}

fn visit_number<'de, V>(number: &Number, visitor: V) -> Result<V::Value, RequestError>
where
    V: Visitor<'de>,
{
    if let Some(number) = number.as_u64() {
        visitor.visit_u64(number)
    } else if let Some(number) = number.as_i64() {
        visitor.visit_i64(number)
    } else if let Some(number) = number.as_f64() {
        visitor.visit_f64(number)
    } else {
        Err(Error::custom(format_args!("{number} is out of range")))
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RequestError> {
            self.number(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Member<'de> {
    type Error = RequestError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RequestError> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Number(number) => visit_number(number, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items {
                left: items.iter().enumerate(),
                parent: self,
            }),
            Value::Object(all) => visitor.visit_map(self.members(all, true)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RequestError> {
        match self.value {
            Value::Object(all) => match all.keys().find(|key| !fields.contains(&key.as_str())) {
                Some(unknown) => Err(Cause::UnknownMember(unknown.clone()).into()),
                None => visitor.visit_map(self.members(all, false)),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RequestError> {
        if self.value.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RequestError> {
        match self.value.as_str().filter(|_| self.has_text_numbers) {
            Some("true") => visitor.visit_bool(true),
            Some("false") => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RequestError> {
        match self.value {
            // The Query protocol writes an empty list as an empty value.
            Value::String(text) if text.is_empty() && self.has_text_numbers => {
                visitor.visit_seq(Items {
                    left: [].iter().enumerate(),
                    parent: self,
                })
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RequestError> {
        match self.value {
            Value::String(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, RequestError> {
        visitor.visit_newtype_struct(self)
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct map identifier
        ignored_any
    }
}

struct Members<'de> {
    left: map::Iter<'de>,
    current: Option<(&'de String, &'de Value)>,
    parent: Member<'de>,
    /// Whether `null` is a value. In a struct it stands for a member that is not there.
    has_nulls: bool,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = RequestError;

    fn next_key_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, RequestError>
    where
        S: DeserializeSeed<'de>,
    {
        let has_nulls = self.has_nulls;
        self.current = self.left.find(|(_, value)| has_nulls || !value.is_null());
        let name = self
            .current
            .map(|(name, _)| BorrowedStrDeserializer::new(name));
        name.map(|name| seed.deserialize(name)).transpose()
    }

    fn next_value_seed<S>(&mut self, seed: S) -> Result<S::Value, RequestError>
    where
        S: DeserializeSeed<'de>,
    {
        let Some((name, value)) = self.current.take() else {
            return Err(Error::custom("a value is read before its name"));
        };
        let member = Member {
            value,
            ..self.parent
        };
        seed.deserialize(member)
            .map_err(|error| error.inside(Step::Member(name.clone())))
    }
}

struct Items<'de> {
    left: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
    parent: Member<'de>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = RequestError;

    fn next_element_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, RequestError>
    where
        S: DeserializeSeed<'de>,
    {
        let Some((index, value)) = self.left.next() else {
            return Ok(None);
        };
        let item = seed.deserialize(Member {
            value,
            ..self.parent
        });
        item.map(Some)
            .map_err(|error| error.inside(Step::Item(index)))
    }
}

//! The members of a JSON object with their values left as text.
//! For the cold paths that walk a value they must not re-write: order, duplicates and the spelling of
//! numbers survive. The hot path has the scanner instead.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An object's members in their order, duplicates kept.
#[derive(Debug)]
pub(crate) struct Members<'json>(pub(crate) Vec<(String, &'json RawValue)>);

impl<'json> Members<'json> {
    /// The members of `json`, if it is an object.
    pub(crate) fn parse(json: &'json str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The value of the one member called `name`; nothing where there are two, as readers would
    /// disagree on which counts.
    pub(crate) fn get(&self, name: &str) -> Option<&'json RawValue> {
        let mut named = self.0.iter().filter(|(key, _)| key == name);
        match (named.next(), named.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_duplicates_and_spelling_survive() {
        let members = Members::parse(r#"{"b":1.0,"a":[ 1 ],"b":1e400}"#).expect("an object");
        let shown: Vec<_> = members.0.iter().map(|(name, value)| (name.as_str(), value.get())).collect();
        assert_eq!(shown, [("b", "1.0"), ("a", "[ 1 ]"), ("b", "1e400")]);
    }

    #[test]
    fn a_doubled_member_has_no_value() {
        let members = Members::parse(r#"{"a":1,"\u0061":2,"b":3}"#).expect("an object");
        assert!(members.get("a").is_none());
        assert_eq!(members.get("b").map(RawValue::get), Some("3"));
    }

    #[test]
    fn other_values_have_no_members() {
        for json in ["[]", "1", "null", "\"x\"", "{", ""] {
            assert!(Members::parse(json).is_none(), "{json}");
        }
    }
}

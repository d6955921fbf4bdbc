//! What goes through unedited arrives byte for byte, and an edit changes what it names and nothing else.

mod messages;

use std::fmt;

use bytes::Bytes;
use mcp::{Envelope, Member, Meta, Param, ScanLimits, Span, Splice};
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

const ROUTED_META: [(Meta, &str); 4] = [
    (Meta::ProtocolVersion, "io.modelcontextprotocol/protocolVersion"),
    (Meta::ClientInfo, "io.modelcontextprotocol/clientInfo"),
    (Meta::ProgressToken, "progressToken"),
    (Meta::Traceparent, "traceparent"),
];

fn parse(text: &str) -> Envelope {
    Envelope::parse(&Bytes::copy_from_slice(text.as_bytes()), ScanLimits::default()).expect("a valid message")
}

/// An object's members in their order and their own spelling, as a parser of others reads them.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    pairs.push((key, value.get().to_owned()));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor)
    }
}

fn pairs(json: &[u8]) -> Vec<(String, String)> {
    let Pairs(pairs) =
        serde_json::from_slice(json).unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(json)));
    pairs
}

fn value_of(pairs: &[(String, String)], name: &str) -> String {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).expect("the member is there")
}

/// `pairs` with the value of one member replaced.
fn with(pairs: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    pairs.into_iter().map(|(key, old)| if key == name { (key, value.to_owned()) } else { (key, old) }).collect()
}

/// The members of `params._meta`, and the rest of the message with that object left out.
fn split_meta(message: &[u8]) -> (Vec<(String, String)>, Vec<(String, String)>, Vec<(String, String)>) {
    let top = pairs(message);
    let params = pairs(value_of(&top, "params").as_bytes());
    let meta = pairs(value_of(&params, "_meta").as_bytes());
    (with(top, "params", ""), with(params, "_meta", ""), meta)
}

proptest! {
    #[test]
    fn an_unedited_message_is_relayed_byte_for_byte(text in messages::message()) {
        let message = parse(&text);
        prop_assert_eq!(message.bytes(), text.as_bytes());
        prop_assert_eq!(Splice::new(message.bytes()).apply(), text.as_bytes());
    }

    #[test]
    fn what_is_replaced_by_itself_stays(text in messages::call()) {
        let message = parse(&text);
        let bytes = message.bytes();
        let mut splice = Splice::new(bytes);
        let routed = [Param::Name, Param::Arguments, Param::Meta].map(|key| message.param(key));
        for span in [message.id_span(), message.method_span()].into_iter().chain(routed) {
            splice.replace(span, &bytes[span.range()]);
        }
        prop_assert_eq!(splice.apply(), text.as_bytes());
    }

    #[test]
    fn what_is_seen_is_what_others_read(text in messages::message()) {
        let message = parse(&text);
        let top = pairs(text.as_bytes());
        let id = value_of(&top, "id");
        prop_assert_eq!(message.id(), Some(id.as_bytes()));
        for (name, seen) in [("params", message.params()), ("result", message.result()), ("error", message.error())] {
            let read = top.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_bytes());
            prop_assert_eq!(seen, read, "{}", name);
        }
    }

    #[test]
    fn a_replacement_changes_the_member_it_names_only(text in messages::call(), id in any::<u64>()) {
        let message = parse(&text);
        let id = id.to_string();
        let edited = Splice::new(message.bytes())
            .replace(message.param(Param::Name), br#""log""#)
            .replace(message.id_span(), id.as_bytes())
            .apply();
        let (before, after) = (pairs(text.as_bytes()), pairs(&edited));
        let params = pairs(value_of(&before, "params").as_bytes());
        let edited_params = pairs(value_of(&after, "params").as_bytes());
        prop_assert_eq!(edited_params, with(params, "name", r#""log""#));
        prop_assert_eq!(with(after, "params", ""), with(with(before, "params", ""), "id", &id));
    }

    #[test]
    fn members_are_removed_and_added_and_all_others_stay(
        text in messages::call(),
        removed in proptest::sample::subsequence(ROUTED_META.to_vec(), 0..=ROUTED_META.len()),
        added in proptest::bool::ANY,
    ) {
        let message = parse(&text);
        let doomed: Vec<Member> = removed.iter().map(|(key, _)| message.meta_members().get(*key)).collect();
        let mut splice = Splice::new(message.bytes());
        splice.remove_members(&doomed);
        if added {
            splice.insert_members(message.param(Param::Meta), br#""new":[1]"#.to_vec());
        }
        let edited = splice.apply();

        let (top, params, meta) = split_meta(text.as_bytes());
        let (edited_top, edited_params, edited_meta) = split_meta(&edited);
        let mut expected = meta;
        expected.retain(|(key, _)| !removed.iter().any(|(_, name)| name == key));
        if added {
            expected.insert(0, ("new".to_owned(), "[1]".to_owned()));
        }
        prop_assert_eq!(edited_meta, expected);
        prop_assert_eq!(edited_params, params);
        prop_assert_eq!(edited_top, top);
    }

    #[test]
    fn a_window_is_edited_as_the_whole_is(text in messages::call()) {
        let message = parse(&text);
        let window = message.params_span();
        let name = message.param(Param::Name);
        let whole = Splice::new(message.bytes()).replace(name, b"null").apply();
        let part = Splice::new(message.bytes()).replace(name, b"null").apply_to(window);
        let shrunk = text.len() - whole.len();
        let end = window.range().end - shrunk;
        prop_assert_eq!(&part[..], &whole[Span::new(window.range().start, end).range()]);
    }
}

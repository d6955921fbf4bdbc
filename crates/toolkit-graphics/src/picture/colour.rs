//! A colour as callers write it: `#rgb`, `#rrggbb`, `#rrggbbaa`, or one of a few names.

use std::{borrow::Cow, str::FromStr};

use image::Rgba;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error as _};

/// A colour, possibly transparent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) Rgba<u8>);

impl Colour {
    /// White.
    pub(crate) const WHITE: Self = Self(Rgba([255, 255, 255, 255]));
    /// Nothing at all.
    pub(crate) const TRANSPARENT: Self = Self(Rgba([0, 0, 0, 0]));

    /// As CSS writes it.
    pub(crate) fn css(self) -> String {
        let [red, green, blue, _] = self.0.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// How much it covers, from 0 to 1.
    pub(crate) fn alpha(self) -> f32 {
        f32::from(self.0.0[3]) / 255.0
    }
}

impl FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |rgba| Ok(Self(Rgba(rgba)));
        match text.to_ascii_lowercase().as_str() {
            "transparent" | "none" => return Ok(Self::TRANSPARENT),
            "white" => return Ok(Self::WHITE),
            "black" => return named([0, 0, 0, 255]),
            "gray" | "grey" => return named([128, 128, 128, 255]),
            "red" => return named([255, 0, 0, 255]),
            "green" => return named([0, 128, 0, 255]),
            "blue" => return named([0, 0, 255, 255]),
            "yellow" => return named([255, 255, 0, 255]),
            _ => {}
        }
        let digits: Option<Vec<u8>> = text
            .strip_prefix('#')
            .and_then(|hex| hex.chars().map(|digit| digit.to_digit(16).map(|value| value as u8)).collect());
        let (double, pair) = (|one: u8| one * 17, |high: u8, low: u8| high * 16 + low);
        match digits.as_deref() {
            Some(&[r, g, b]) => named([double(r), double(g), double(b), 255]),
            Some(&[r, g, b, a]) => named([double(r), double(g), double(b), double(a)]),
            Some(&[r, rr, g, gg, b, bb]) => named([pair(r, rr), pair(g, gg), pair(b, bb), 255]),
            Some(&[r, rr, g, gg, b, bb, a, aa]) => named([pair(r, rr), pair(g, gg), pair(b, bb), pair(a, aa)]),
            _ => Err("a colour is written as `#rrggbb`, `#rrggbbaa`, `white`, `black` or `transparent`".to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Colour {
    fn schema_name() -> Cow<'static, str> {
        "Colour".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_css_writes_them() {
        let check = |text: &str, expected: Option<[u8; 4]>| {
            assert_eq!(text.parse::<Colour>().ok().map(|colour| colour.0.0), expected, "{text}");
        };
        check("#fff", Some([255, 255, 255, 255]));
        check("#10203040", Some([16, 32, 48, 64]));
        check("White", Some([255, 255, 255, 255]));
        check("#12345", None);
        check("#ggg", None);
        check("", None);
    }
}

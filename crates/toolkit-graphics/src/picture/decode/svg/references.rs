//! What every element of a drawing refers to: in its attributes, in its `style`, and by the rules of the style sheets, which
//! are matched as the renderer matches them.

use std::{cell::Cell, collections::HashMap};

use resvg::usvg::roxmltree::{Document, Node, NodeId};
use simplecss::{AttributeOperator, DeclarationTokenizer, Element, PseudoClass, StyleSheet};

use crate::{
    error::Error,
    limits::{SVG_SHEETS_MAX, SVG_STYLE_STEPS_MAX},
};

/// What a reference does with the element that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// It stands in the place of this one, or lends it what is inside.
    Content,
    /// It is put on this element as a whole.
    Effect(&'static str),
    /// It paints every shape inside.
    Paint,
    /// It is drawn at the ends of every line inside.
    Marker,
    /// It is drawn on every point of every line inside.
    MarkerAtPoints,
}

impl Role {
    /// The role of what an attribute or a property of this name refers to.
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "clip-path" => Self::Effect("clipPath"),
            "mask" => Self::Effect("mask"),
            "filter" => Self::Effect("filter"),
            "fill" | "stroke" => Self::Paint,
            "marker-start" | "marker-end" => Self::Marker,
            "marker" | "marker-mid" => Self::MarkerAtPoints,
            _ => return None,
        })
    }

    /// Whether an element of this name can play it.
    pub(super) fn takes(self, tag: &str) -> bool {
        match self {
            Self::Content => true,
            Self::Effect(effect) => tag == effect,
            Self::Paint => matches!(tag, "linearGradient" | "radialGradient" | "pattern"),
            Self::Marker | Self::MarkerAtPoints => tag == "marker",
        }
    }
}

/// Elements whose `href` is followed; that of an `a` is not.
const FOLLOWED: [&str; 8] =
    ["feImage", "filter", "linearGradient", "pattern", "radialGradient", "textPath", "tref", "use"];

/// What one element says of itself.
#[derive(Default)]
pub(super) struct Said<'a> {
    /// The names that it refers to.
    pub(super) references: Vec<(Role, &'a str)>,
    /// Bytes of its attributes and steps to match its styles: what it costs again wherever it is drawn.
    pub(super) work: usize,
}

/// What all elements say.
pub(super) struct References<'a> {
    pub(super) said: HashMap<NodeId, Said<'a>>,
    /// Whether an element takes an effect or a paint from wherever it is used, so that each counts for all that is inside.
    pub(super) are_borrowed: bool,
}

impl<'a> References<'a> {
    pub(super) fn of(document: &'a Document<'_>) -> Result<Self, Error> {
        let sheet = sheet(document)?;
        let steps = Cell::new(0);
        let mut references = Self { said: HashMap::new(), are_borrowed: false };
        for node in document.descendants().filter(Node::is_element) {
            let before = steps.get();
            let mut said = references.attributes(node);
            for rule in sheet.rules.iter().filter(|rule| rule.selector.matches(&Styled { node, steps: &steps })) {
                for declaration in &rule.declarations {
                    references.property(declaration.name, declaration.value, &mut said);
                }
            }
            if steps.get() > SVG_STYLE_STEPS_MAX {
                return Err(Error::TooComplex("its style rules take too long to match".to_owned()));
            }
            said.work += steps.get() - before;
            references.said.insert(node.id(), said);
        }
        Ok(references)
    }

    fn attributes(&mut self, node: Node<'a, '_>) -> Said<'a> {
        let mut said = Said::default();
        for attribute in node.attributes() {
            said.work += attribute.value().len();
            match attribute.name() {
                "href" if FOLLOWED.contains(&node.tag_name().name()) => {
                    let name = attribute.value().trim().strip_prefix('#');
                    said.references.extend(name.map(|name| (Role::Content, name)));
                }
                "style" => {
                    for declaration in DeclarationTokenizer::from(attribute.value()) {
                        self.property(declaration.name, declaration.value, &mut said);
                    }
                }
                name => self.property(name, attribute.value(), &mut said),
            }
        }
        said
    }

    fn property(&mut self, name: &str, value: &'a str, said: &mut Said<'a>) {
        let Some(role) = Role::of(name) else { return };
        self.are_borrowed |= match role {
            Role::Effect(_) => value.trim() == "inherit",
            _ => value.contains("context-"),
        };
        said.references.extend(names(value).map(|name| (role, name)));
    }
}

/// The rules of all style sheets.
fn sheet<'a>(document: &'a Document<'_>) -> Result<StyleSheet<'a>, Error> {
    let mut sheet = StyleSheet::new();
    let texts = document.descendants().filter(|node| node.has_tag_name("style"));
    for (at, text) in texts.filter_map(|node| node.text()).enumerate() {
        if at == SVG_SHEETS_MAX {
            return Err(Error::TooComplex(format!("it has more than {SVG_SHEETS_MAX} style sheets")));
        }
        sheet.parse_more(text);
    }
    Ok(sheet)
}

/// The names in every `url(#name)` of a value.
fn names(value: &str) -> impl Iterator<Item = &str> {
    value.match_indices("url(").filter_map(|(at, mark)| {
        let address = value[at + mark.len()..].trim_start();
        let quote = address.chars().next().filter(|first| matches!(first, '"' | '\''));
        let address = address.trim_start_matches(['"', '\'']).trim_start().strip_prefix('#')?;
        let end = address.find(|letter: char| quote.map_or(matches!(letter, ' ' | ')'), |quote| letter == quote));
        end.map(|end| address[..end].trim_end())
    })
}

/// An element that rules are matched with; every look at it is counted.
struct Styled<'a, 'd, 'input> {
    node: Node<'d, 'input>,
    steps: &'a Cell<usize>,
}

impl<'d, 'input> Styled<'_, 'd, 'input> {
    fn step(&self, looks: usize) {
        self.steps.set(self.steps.get().saturating_add(looks));
    }

    /// Another element, unless that were a look too many.
    fn turned(&self, node: Option<Node<'d, 'input>>) -> Option<Self> {
        self.step(1);
        let node = node.filter(|_| self.steps.get() <= SVG_STYLE_STEPS_MAX)?;
        Some(Self { node, steps: self.steps })
    }
}

impl Element for Styled<'_, '_, '_> {
    fn parent_element(&self) -> Option<Self> {
        self.turned(self.node.parent_element())
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.turned(self.node.prev_sibling_element())
    }

    fn has_local_name(&self, name: &str) -> bool {
        self.step(1);
        self.node.tag_name().name() == name
    }

    fn attribute_matches(&self, name: &str, operator: AttributeOperator<'_>) -> bool {
        self.step(1 + self.node.attributes().len());
        self.node.attribute(name).is_some_and(|value| operator.matches(value))
    }

    fn pseudo_class_matches(&self, class: PseudoClass<'_>) -> bool {
        class == PseudoClass::FirstChild && self.prev_sibling_element().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_another_element_is_found() {
        let check = |value: &str, expected: &[&str]| assert_eq!(names(value).collect::<Vec<_>>(), expected, "{value}");
        check("url(#a)", &["a"]);
        check("url( ' #a ' ) none", &["a"]);
        check("url(\"#a b\")", &["a b"]);
        check("blur(2) url(#a) url( #b )", &["a", "b"]);
        check("url(https://example.com/a.svg#a) #b none", &[]);
    }

    #[test]
    fn style_sheets_are_matched_with_the_elements_that_they_mean() {
        let text = "<svg xmlns='http://www.w3.org/2000/svg'><style>.a{fill:url(#p)} g > path{marker:url(#m)}</style>\
            <g style='mask: url(#k)'><path class='a'/></g><path/><a href='#x'/><use href='#y'/></svg>";
        let document = Document::parse(text).expect("the drawing is well-formed");
        let references = References::of(&document).expect("it is small");
        let said = |tag: &str, at: usize| {
            let node = document.descendants().filter(|node| node.has_tag_name(tag)).nth(at).expect("it is there");
            references.said[&node.id()].references.clone()
        };
        assert_eq!(said("g", 0), [(Role::Effect("mask"), "k")]);
        assert_eq!(said("path", 0), [(Role::MarkerAtPoints, "m"), (Role::Paint, "p")]);
        assert_eq!((said("path", 1), said("a", 0)), (vec![], vec![]));
        assert_eq!(said("use", 0), [(Role::Content, "y")]);
    }

    #[test]
    fn style_rules_that_take_too_long_to_match_are_refused() {
        let deep = format!("{}{}", "<g>".repeat(150), "</g>".repeat(150));
        let text = format!("<svg><style>b {}{{fill:red}}</style>{deep}</svg>", "g ".repeat(40));
        assert!(References::of(&Document::parse(&text).expect("it is well-formed")).is_err());
        let text = format!("<svg>{}</svg>", "<style>a{fill:red}</style>".repeat(SVG_SHEETS_MAX + 1));
        assert!(References::of(&Document::parse(&text).expect("it is well-formed")).is_err());
    }
}

//! What a drawing says of itself as a text, before anything follows its references: chains of definitions are followed on
//! the stack, and letters cost more the more there are.

use std::collections::HashMap;

use resvg::usvg::roxmltree::{Document, Node, NodeId};

use crate::{
    error::Error,
    limits::{SVG_DEFINITIONS_MAX, SVG_LETTERS_MAX},
};

/// Elements that may refer to each other, each from inside the other.
const DEFINITIONS: [&str; 5] = ["clipPath", "filter", "marker", "mask", "pattern"];
/// Elements whose text is drawn.
const TEXTS: [&str; 4] = ["a", "text", "textPath", "tspan"];
/// Steps from an element to one inside of it, or to one that it uses: as many as the renderer takes.
const STEPS_MAX: usize = 1_024;

/// Refuses a drawing whose definitions or letters are too many.
pub(super) fn check(document: &Document<'_>) -> Result<(), Error> {
    let definitions = document.descendants().filter(|node| DEFINITIONS.contains(&node.tag_name().name())).count();
    if definitions > SVG_DEFINITIONS_MAX {
        return Err(Error::TooComplex(format!("it has more than {SVG_DEFINITIONS_MAX} patterns, masks and the like")));
    }
    let named = document.descendants().filter_map(|node| Some((node.attribute("id")?, node))).collect();
    let letters = Letters { named, counted: HashMap::new() }.drawn(document.root_element(), 0);
    if letters > SVG_LETTERS_MAX {
        return Err(Error::TooComplex(format!("it has more than {SVG_LETTERS_MAX} letters")));
    }
    Ok(())
}

/// How many letters are drawn: those that are used again count again.
struct Letters<'a, 'input> {
    named: HashMap<&'a str, Node<'a, 'input>>,
    /// What is known already; an element that is being counted has none, so that a circle ends.
    counted: HashMap<NodeId, usize>,
}

impl Letters<'_, '_> {
    /// The letters of an element that is reached in so many steps.
    fn drawn(&mut self, node: Node<'_, '_>, steps: usize) -> usize {
        if steps > STEPS_MAX {
            return usize::MAX;
        }
        if let Some(counted) = self.counted.get(&node.id()) {
            return *counted;
        }
        self.counted.insert(node.id(), 0);
        let own = if is_drawn(node) { node.text().map_or(0, str::len) } else { 0 };
        let used = self.used(node, steps + 1);
        let letters = node.children().map(|child| self.drawn(child, steps + 1)).fold(own + used, usize::saturating_add);
        self.counted.insert(node.id(), letters);
        letters
    }

    /// The letters of the element that this one uses, if it does.
    fn used(&mut self, node: Node<'_, '_>, steps: usize) -> usize {
        if node.tag_name().name() != "use" {
            return 0;
        }
        let target = node.attributes().find(|attribute| attribute.name() == "href");
        let target = target.and_then(|attribute| self.named.get(attribute.value().strip_prefix('#')?).copied());
        target.map_or(0, |target| self.drawn(target, steps))
    }
}

/// Whether this is a text that is drawn, and not a style, a description or the space between elements.
pub(super) fn is_drawn(node: Node<'_, '_>) -> bool {
    node.is_text() && node.parent_element().is_some_and(|parent| TEXTS.contains(&parent.tag_name().name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(content: &str) -> Result<(), Error> {
        let text = format!("<svg xmlns='http://www.w3.org/2000/svg'>{content}</svg>");
        check(&Document::parse(&text).expect("the drawing is well-formed"))
    }

    #[test]
    fn letters_that_are_used_again_count_again() {
        let word = format!("<text id='w'>{}</text>", "a".repeat(SVG_LETTERS_MAX / 4));
        assert!(checked(&format!("{word}<use href='#w'/><use href='#w'/>")).is_ok());
        let level =
            |level: usize| format!("<g id='g{level}'>{}</g>", format!("<use href='#g{}'/>", level + 1).repeat(4));
        let levels = (0..40).map(level).collect::<Vec<_>>().concat();
        let last = "<g id='g40'><text>a</text></g>";
        assert!(matches!(checked(&format!("{levels}{last}")), Err(Error::TooComplex(_))));
        assert!(checked("<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/><text>a</text></g>").is_ok());
    }

    #[test]
    fn what_is_not_drawn_does_not_count() {
        let long = "a ".repeat(SVG_LETTERS_MAX);
        assert!(checked(&format!("<style>{long}</style><desc>{long}</desc>{long}")).is_ok());
        assert!(checked(&format!("<text><tspan>{long}</tspan></text>")).is_err());
    }

    #[test]
    fn a_long_way_of_uses_is_refused_and_does_not_fill_the_stack() {
        let level = |level: usize| format!("<g id='g{level}'><use href='#g{}'/></g>", level + 1);
        assert!(checked(&(0..100_000).map(level).collect::<Vec<_>>().concat()).is_err());
    }

    #[test]
    fn definitions_that_could_form_a_long_chain_are_refused() {
        assert!(checked(&"<mask/>".repeat(SVG_DEFINITIONS_MAX)).is_ok());
        assert!(matches!(checked(&"<pattern/>".repeat(SVG_DEFINITIONS_MAX + 1)), Err(Error::TooComplex(_))));
    }
}

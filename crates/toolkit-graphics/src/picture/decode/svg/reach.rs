//! How many elements a drawing has once every reference is followed, found out before the renderer follows them: it copies
//! what is used anew for every use, so that a few definitions which use each other would keep it busy for years.

use std::collections::HashMap;

use resvg::usvg::roxmltree::{Document, Node, NodeId};

use super::{
    document::is_drawn,
    references::{References, Role},
};
use crate::{
    error::Error,
    limits::{SVG_REACHED_MAX, SVG_STEPS_MAX},
};

/// Elements that are only drawn where another one refers to them.
const DEFINITIONS: [&str; 9] =
    ["clipPath", "defs", "filter", "linearGradient", "marker", "mask", "pattern", "radialGradient", "symbol"];
/// Elements that lend their own paints and markers to nobody inside.
const PLAIN: [&str; 4] = ["clipPath", "filter", "linearGradient", "radialGradient"];
/// The only one that may name itself.
const MARKER: &str = "marker";
/// Bytes of attributes, or steps to match styles, that cost as much as an element.
const WORK_PER_ELEMENT: usize = 256;
/// Stops of a gradient that cost as much to copy as an element.
const STOPS_PER_ELEMENT: usize = 16;
/// Points of a shape that has no list of them: rounded corners have the most.
const POINTS_OF_A_SHAPE: usize = 16;

/// Refuses a drawing in which too many elements are reached, or too long a chain of them, or a circle.
pub(super) fn check(document: &Document<'_>) -> Result<(), Error> {
    let mut named: HashMap<&str, Vec<Node<'_, '_>>> = HashMap::new();
    for node in document.descendants() {
        if let Some(name) = node.attribute("id") {
            named.entry(name).or_default().push(node);
        }
    }
    let references = References::of(document)?;
    let (counted, followed) = (HashMap::new(), HashMap::new());
    let mut reach = Reach { named: &named, references: &references, counted, followed, targets: Vec::new() };
    reach.element(document.root_element(), 0)?;
    for definition in document.descendants().filter(|node| DEFINITIONS.contains(&node.tag_name().name())) {
        reach.targets.push(definition.id());
        reach.element(definition, 0)?;
        reach.targets.pop();
    }
    Ok(())
}

/// What is reached from an element, with itself.
#[derive(Clone, Copy, Default)]
struct Count {
    elements: usize,
    /// Points of lines, each a place for a marker.
    points: usize,
    /// The longest chain of elements.
    steps: usize,
    /// Whether a marker was left out that is being counted: seen from elsewhere there is more.
    is_partial: bool,
}

impl Count {
    /// Adds what lies beside it.
    fn beside(&mut self, other: Self) {
        self.elements = self.elements.saturating_add(other.elements);
        self.points = self.points.saturating_add(other.points);
        self.steps = self.steps.max(other.steps);
        self.is_partial |= other.is_partial;
    }

    /// The larger of both in all.
    fn or(self, other: Self) -> Self {
        Self {
            elements: self.elements.max(other.elements),
            points: self.points.max(other.points),
            steps: self.steps.max(other.steps),
            is_partial: self.is_partial || other.is_partial,
        }
    }

    /// Itself, unless it is too much.
    fn within_limits(self) -> Result<Self, Error> {
        if self.elements > SVG_REACHED_MAX {
            let reason = format!("with all that they use it has more than {SVG_REACHED_MAX} elements");
            return Err(Error::TooComplex(reason));
        }
        if self.steps > SVG_STEPS_MAX {
            return Err(Error::TooComplex(format!("a chain of what uses what is longer than {SVG_STEPS_MAX}")));
        }
        Ok(self)
    }
}

/// What is known while references are followed; what is being counted has nothing yet, so that a circle is seen.
struct Reach<'r, 'a, 'input> {
    /// All elements of a name: which of several is meant depends on who asks.
    named: &'r HashMap<&'a str, Vec<Node<'a, 'input>>>,
    references: &'r References<'a>,
    counted: HashMap<NodeId, Option<Count>>,
    /// What a name brings in a role, and whether it is copied by `use`.
    followed: HashMap<(Role, &'a str, bool), Option<Count>>,
    /// The elements that were followed to where we are.
    targets: Vec<NodeId>,
}

impl<'r, 'a, 'input> Reach<'r, 'a, 'input> {
    /// What is reached from an element that is itself reached in so many steps.
    fn element(&mut self, node: Node<'a, 'input>, steps: usize) -> Result<Count, Error> {
        match self.counted.get(&node.id()) {
            Some(Some(count)) => return Ok(*count),
            Some(None) => return Err(circle()),
            None => Count { steps, ..Count::default() }.within_limits()?,
        };
        self.counted.insert(node.id(), None);
        let inside = self.inside(node, steps + 1)?;
        let mut count = self.with_references(node, inside, steps + 1, true)?.within_limits()?;
        count.is_partial &= node.tag_name().name() != MARKER;
        if count.is_partial {
            self.counted.remove(&node.id());
        } else {
            self.counted.insert(node.id(), Some(count));
        }
        Ok(count)
    }

    /// An element, what is in it, and what stands in its place.
    fn inside(&mut self, node: Node<'a, 'input>, steps: usize) -> Result<Count, Error> {
        let mut count = Count::default();
        let drawn = |node: &Node<'_, '_>| node.is_element() && !DEFINITIONS.contains(&node.tag_name().name());
        for child in node.children().filter(drawn) {
            count.beside(self.element(child, steps)?);
        }
        for &(role, name) in self.said(node) {
            if role == Role::Content {
                count.beside(self.name(role, name, node, steps)?);
            }
        }
        let work = self.references.said.get(&node.id()).map_or(0, |said| said.work);
        let letters: usize =
            node.children().filter(|text| is_drawn(*text)).filter_map(|text| text.text()).map(str::len).sum();
        let elements = 1 + work / WORK_PER_ELEMENT + letters;
        count.beside(Count { elements, points: points(node), ..Count::default() });
        count.steps += 1;
        Ok(count)
    }

    /// What is counted so far, with what the references of an element bring upon it.
    fn with_references(
        &mut self,
        node: Node<'a, 'input>,
        inside: Count,
        steps: usize,
        has_effects: bool,
    ) -> Result<Count, Error> {
        let (mut count, mut effects, mut times, mut longest) = (inside, 0_usize, 1_usize, 0);
        for &(role, name) in self.said(node) {
            if role == Role::Content || (matches!(role, Role::Effect(_)) && !has_effects) {
                continue;
            }
            let brought = self.name(role, name, node, steps)?;
            longest = longest.max(brought.steps);
            count.is_partial |= brought.is_partial;
            let more = |places: usize| brought.elements.saturating_mul(places);
            match role {
                Role::Marker => count.elements = count.elements.saturating_add(more(inside.elements)),
                Role::MarkerAtPoints => count.elements = count.elements.saturating_add(more(inside.points)),
                Role::Effect(_) if !self.references.are_borrowed => effects = effects.saturating_add(more(1)),
                _ => times = times.saturating_mul(more(1).saturating_add(1)),
            }
        }
        count.elements = count.elements.saturating_mul(times).saturating_add(effects);
        count.steps += longest;
        Ok(count)
    }

    /// The most that an element of this name brings in this role.
    fn name(&mut self, role: Role, name: &'a str, from: Node<'a, 'input>, steps: usize) -> Result<Count, Error> {
        let key = (role, name, from.tag_name().name() == "use");
        let targets = self.named.get(name).into_iter().flatten().filter(|target| role.takes(target.tag_name().name()));
        let mut most = Count::default();
        if let Some(Some(count)) = self.followed.get(&key) {
            return Ok(*count);
        }
        let is_circle = self.followed.insert(key, None).is_some();
        for target in targets {
            // a marker is not drawn on itself
            if target.tag_name().name() == MARKER && self.targets.last() == Some(&target.id()) {
                most.is_partial = true;
            } else if is_circle {
                return Err(circle());
            } else {
                self.targets.push(target.id());
                most = most.or(self.target(role, *target, key.2, steps)?);
                self.targets.pop();
            }
        }
        if !most.is_partial {
            self.followed.insert(key, Some(most));
        } else if !is_circle {
            self.followed.remove(&key);
        }
        Ok(most)
    }

    /// What one element brings; unless it is copied elsewhere, with what it inherits where it stands.
    fn target(&mut self, role: Role, target: Node<'a, 'input>, is_copied: bool, steps: usize) -> Result<Count, Error> {
        let mut count = self.element(target, steps)?;
        let tag = target.tag_name().name();
        if !is_copied && !PLAIN.contains(&tag) {
            for outer in target.ancestors().skip(1) {
                count = self.with_references(outer, count, steps + 1, false)?;
            }
        }
        if role == Role::Paint && tag != "pattern" {
            count.elements /= STOPS_PER_ELEMENT;
        }
        Count { is_partial: false, ..count }.within_limits()
    }

    fn said(&self, node: Node<'_, '_>) -> &'r [(Role, &'a str)] {
        self.references.said.get(&node.id()).map_or(&[][..], |said| &said.references[..])
    }
}

/// The points of a shape, as many as there may be: a number takes a digit and what keeps it from the next.
fn points(node: Node<'_, '_>) -> usize {
    let listed = |attribute: &str| node.attribute(attribute).map_or(0, |list| list.len() / 2 + 1);
    match node.tag_name().name() {
        "path" => listed("d"),
        "polygon" | "polyline" => listed("points"),
        "circle" | "ellipse" | "line" | "rect" => POINTS_OF_A_SHAPE,
        _ => 0,
    }
}

fn circle() -> Error {
    Error::TooComplex("its definitions use each other in a circle".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(content: &str) -> Result<(), String> {
        let text = format!("<svg xmlns='http://www.w3.org/2000/svg'>{content}</svg>");
        let checked = check(&Document::parse(&text).expect("the drawing is well-formed"));
        checked.map_err(|error| error.to_string())
    }

    #[test]
    fn what_people_draw_is_counted_as_what_it_is() {
        let gradient = |at| format!("<linearGradient id='g{at}'><stop/><stop/></linearGradient>");
        let gradients = (0..50).map(gradient).collect::<Vec<_>>().concat();
        let groups =
            |inner: &str| (0..50).fold(inner.to_owned(), |inner, at| format!("<g fill='url(#g{at})'>{inner}</g>"));
        let drawings = [
            format!("{gradients}{}", groups(&"<rect width='9' height='9'/>".repeat(5_000))),
            "<style>path{marker-end:url(#m)}</style><marker id='m'><path d='M0 0 1 1'/></marker><path d='M0 0 9 9'/>"
                .to_owned(),
            "<pattern id='p'><g><circle/></g></pattern><g style='fill:url(#p)'>".to_owned()
                + &"<rect/>".repeat(1_000)
                + "</g>",
            "<clipPath id='c'><rect/></clipPath>".to_owned()
                + &"<g clip-path='url(#c)'>".repeat(40)
                + "<path/>"
                + &"</g>".repeat(40),
            "<a href='#s'><g id='s'><a href='#s'><path/></a></g></a>".to_owned(),
            "<symbol id='s'><path/></symbol>".to_owned() + &"<use href='#s'/>".repeat(5_000),
        ];
        for drawing in drawings {
            assert_eq!(checked(&drawing), Ok(()), "{drawing:.200}");
        }
    }

    #[test]
    fn a_circle_is_refused() {
        let check = |drawing: &str| {
            let reason = checked(drawing).expect_err(drawing);
            assert!(reason.contains("circle"), "{drawing}: {reason}");
        };
        check("<pattern id='a'><rect fill='url(#b)'/></pattern><pattern id='b'><rect stroke='url(#a)'/></pattern>");
        check("<g fill='url(#a)'><pattern id='a'><rect/></pattern></g>");
        check("<mask id='a' mask='url(#b)'/><mask id='b' mask='url(#c)'/><mask id='c' mask='url(#a)'/>");
        check(
            "<marker id='a'><path marker-end='url(#b)'/></marker><marker id='b'><path marker-end='url(#a)'/></marker>",
        );
        check("<filter id='f'><feImage href='#r'/></filter><g id='r'><rect filter='url(#f)'/></g>");
        check("<style>rect{fill:url(#a)}</style><pattern id='a'><rect/></pattern>");
        check("<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g>");
    }

    #[test]
    fn a_marker_that_names_itself_hides_nothing() {
        let level = |level: usize| {
            let inner = format!("<use href='#x{}'/><use href='#x{}'/>", level + 1, level + 1);
            format!("<marker id='m{level}'><g id='x{level}' marker-end='url(#m{level})'>{inner}</g></marker>")
        };
        let chain: String = (0..12).map(level).collect();
        assert!(checked(&format!("{chain}<path id='x12' d='M0 0 1 1'/><use href='#x0'/>")).is_err());
    }

    #[test]
    fn a_name_that_is_given_twice_hides_nothing() {
        let level = |level: usize| {
            let inner = format!("<rect fill='url(#p{})'/>", level + 1).repeat(20);
            format!("<pattern id='p{level}'>{inner}</pattern><pattern id='p{level}'/><desc id='p{level}'/>")
        };
        let chain: String = (0..8).map(level).collect();
        assert!(checked(&format!("{chain}<rect fill='url(#p0)'/>")).is_err());
    }
}

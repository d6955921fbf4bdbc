//! What a drawing costs, found out before it is drawn: a small file can ask for years of work, or for layers that fill any
//! memory. The estimate follows the renderer, and ends as soon as it is too much.

use resvg::{
    tiny_skia::Rect,
    usvg::{ClipPath, Fill, Group, Mask, Node, Paint, Path, Pattern, Stroke, Tree, filter},
};

use crate::{error::Error, limits::DECODER_BYTES_MAX};

/// Pixels that are touched while drawing: some ten seconds of one processor.
const PIXELS_TOUCHED_MAX: f64 = 1e10;
/// What an element costs however small it is, in pixels: some microseconds.
const ELEMENT: f64 = 5_000.0;
/// What one pixel of a blur costs, in pixels: three passes in each direction.
const BLUR: f64 = 6.0;
/// What one pixel of one octave of noise costs, in pixels.
const OCTAVE: f64 = 20.0;
/// How much larger than the canvas the renderer lets a layer become.
const AROUND: f64 = 25.0;
/// Bytes of a pixel in a layer.
const PIXEL_BYTES: f64 = 4.0;

/// Refuses a drawing that costs too much on a canvas of this size.
pub(super) fn check(tree: &Tree, width: u32, height: u32) -> Result<(), Error> {
    let canvas = f64::from(width) * f64::from(height);
    let scale = canvas / (f64::from(tree.size().width()) * f64::from(tree.size().height()));
    let longest = f64::from(width.max(height));
    Estimate { canvas, scale, longest, touched: 0.0 }.group(tree.root(), canvas)
}

/// What was counted so far.
struct Estimate {
    /// Pixels of the canvas.
    canvas: f64,
    /// Pixels of the canvas for each square unit of the drawing.
    scale: f64,
    /// Pixels of the longer side of the canvas.
    longest: f64,
    touched: f64,
}

impl Estimate {
    fn touch(&mut self, pixels: f64) -> Result<(), Error> {
        self.touched += pixels.max(ELEMENT);
        if self.touched > PIXELS_TOUCHED_MAX {
            return Err(Error::TooComplex("drawing it would take too long".to_owned()));
        }
        Ok(())
    }

    /// Pixels of the canvas that a box of the drawing covers at most.
    fn covered(&self, area: Rect) -> f64 {
        (f64::from(area.width()) * f64::from(area.height()) * self.scale).min(self.canvas)
    }

    /// Pixels of a layer; it may reach beyond the canvas, as a filter may bring back what lies there.
    fn layer(&self, area: Rect) -> f64 {
        (f64::from(area.width()) * f64::from(area.height()) * self.scale).min(self.canvas * AROUND)
    }

    /// A group, drawn while so many pixels are held in layers.
    fn group(&mut self, group: &Group, held: f64) -> Result<(), Error> {
        if !group.should_isolate() {
            self.touch(0.0)?;
            return group.children().iter().try_for_each(|node| self.node(node, held));
        }
        let layer = self.layer(group.abs_layer_bounding_box().to_rect());
        let results = group.filters().iter().map(|filter| filter.primitives().len()).max().unwrap_or(0);
        let held = held + layer * (1.0 + results as f64);
        if held * PIXEL_BYTES > DECODER_BYTES_MAX as f64 {
            return Err(Error::TooComplex("it lays too many layers on each other".to_owned()));
        }
        self.touch(layer)?;
        for filter in group.filters() {
            for primitive in filter.primitives() {
                self.primitive(primitive.kind(), layer, held)?;
            }
        }
        group.clip_path().map_or(Ok(()), |clip| self.clip(clip, layer, held))?;
        group.mask().map_or(Ok(()), |mask| self.mask(mask, layer, held))?;
        group.children().iter().try_for_each(|node| self.node(node, held))
    }

    fn node(&mut self, node: &Node, held: f64) -> Result<(), Error> {
        match node {
            Node::Group(group) => self.group(group, held),
            Node::Path(path) => self.path(path, held),
            // it is decoded, and then drawn
            Node::Image(image) => {
                self.touch(f64::from(image.size().width()) * f64::from(image.size().height()))?;
                self.touch(self.covered(node.abs_bounding_box()))
            }
            Node::Text(text) => self.group(text.flattened(), held),
        }
    }

    fn path(&mut self, path: &Path, held: f64) -> Result<(), Error> {
        let covered = self.covered(path.abs_stroke_bounding_box());
        let paints = path.fill().map(Fill::paint).into_iter().chain(path.stroke().map(Stroke::paint));
        for paint in paints {
            self.touch(covered)?;
            if let Paint::Pattern(pattern) = paint {
                self.pattern(pattern, held)?;
            }
        }
        Ok(())
    }

    /// A pattern is drawn anew wherever it is used.
    fn pattern(&mut self, pattern: &Pattern, held: f64) -> Result<(), Error> {
        let tile = self.covered(pattern.rect().to_rect());
        self.touch(tile)?;
        self.group(pattern.root(), held + tile)
    }

    fn clip(&mut self, clip: &ClipPath, layer: f64, held: f64) -> Result<(), Error> {
        self.touch(layer)?;
        self.group(clip.root(), held + layer)?;
        clip.clip_path().map_or(Ok(()), |clip| self.clip(clip, layer, held + layer))
    }

    fn mask(&mut self, mask: &Mask, layer: f64, held: f64) -> Result<(), Error> {
        self.touch(layer)?;
        self.group(mask.root(), held + layer)?;
        mask.mask().map_or(Ok(()), |mask| self.mask(mask, layer, held + layer))
    }

    /// One step of a filter over so many pixels.
    fn primitive(&mut self, kind: &filter::Kind, layer: f64, held: f64) -> Result<(), Error> {
        let each = match kind {
            filter::Kind::GaussianBlur(_) | filter::Kind::DropShadow(_) => BLUR,
            filter::Kind::Turbulence(noise) => OCTAVE * f64::from(noise.num_octaves()),
            filter::Kind::Morphology(grown) => {
                self.window(grown.radius_x().get()) * self.window(grown.radius_y().get())
            }
            filter::Kind::ConvolveMatrix(sum) => f64::from(sum.matrix().columns()) * f64::from(sum.matrix().rows()),
            filter::Kind::Image(image) => return self.group(image.root(), held + layer),
            _ => 1.0,
        };
        self.touch(layer * each.max(1.0))
    }

    /// Pixels that lie so far around one, on one axis.
    fn window(&self, radius: f32) -> f64 {
        (2.0 * f64::from(radius) * self.scale.sqrt() + 1.0).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use resvg::usvg::Options;

    use super::*;

    fn drawn(content: &str, side: u32) -> Result<(), Error> {
        let text = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='100' height='100'>{content}<rect width='9' height='9'/></svg>"
        );
        check(&Tree::from_str(&text, &Options::default()).expect("the drawing is well-formed"), side, side)
    }

    #[test]
    fn what_people_draw_is_cheap_enough() {
        let blurred = "<filter id='f'><feGaussianBlur stdDeviation='3'/></filter>\
            <g opacity='.5'><g filter='url(#f)'><rect width='90' height='90'/></g></g>";
        assert!(drawn(blurred, 2_000).is_ok());
        assert!(drawn(&"<circle cx='50' cy='50' r='10'/>".repeat(5_000), 1_000).is_ok());
    }

    #[test]
    fn what_takes_too_long_or_too_much_memory_is_refused() {
        let check = |content: &str, side: u32, expected: &str| match drawn(content, side) {
            Err(Error::TooComplex(reason)) => assert!(reason.contains(expected), "{reason}"),
            other => panic!("{expected}: {other:?}"),
        };
        let filtered = |step: &str| {
            format!("<filter id='f'>{step}</filter><g filter='url(#f)'><rect width='90' height='90'/></g>")
        };
        check(&filtered("<feTurbulence baseFrequency='.1' numOctaves='4000000000'/>"), 100, "too long");
        check(&filtered("<feMorphology operator='dilate' radius='40'/>"), 1_000, "too long");
        check(&"<rect width='99' height='99'/>".repeat(20_000), 2_000, "too long");
        let nested = ["<g opacity='.5'>".repeat(150), "<rect width='99' height='99'/>".to_owned(), "</g>".repeat(150)];
        check(&nested.concat(), 2_000, "layers");
    }
}

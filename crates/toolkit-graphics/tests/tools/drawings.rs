//! Drawings whose definitions use each other: a few as people make them, and many as nobody does.

use std::time::{Duration, Instant};

use image::GenericImageView;
use serde_json::json;

use crate::gallery::Gallery;

/// What an answer may take that refuses a drawing.
const ANSWER: Duration = Duration::from_secs(2);

fn drawing(content: &str) -> Vec<u8> {
    format!("<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'>{content}</svg>").into_bytes()
}

/// One definition and what uses the next one, so many times.
type Level = fn(at: usize, next: usize, times: usize) -> String;

/// Every way to use a definition from inside another one.
const LEVELS: [(&str, Level); 10] = [
    ("patterns", |at, next, times| {
        let inner = format!("<rect width='4' height='4' fill='url(#d{next})'/>").repeat(times);
        format!("<pattern id='d{at}' width='9' height='9' patternUnits='userSpaceOnUse'>{inner}</pattern>")
    }),
    ("patterns of their boxes", |at, next, times| {
        let inner = format!("<rect width='4' height='4' style='stroke: url(\"#d{next}\")'/>").repeat(times);
        format!("<pattern id='d{at}' width='1' height='1'>{inner}</pattern>")
    }),
    ("patterns by inheritance", |at, next, times| {
        let inner = "<rect width='4' height='4'/>".repeat(times);
        format!("<g fill='url(#d{next})'><pattern id='d{at}' width='1' height='1'>{inner}</pattern></g>")
    }),
    ("patterns by style sheet", |at, next, times| {
        let inner = "<rect width='4' height='4'/>".repeat(times);
        format!(
            "<style>#d{at} rect {{ fill: url(#d{next}) }}</style>\
             <pattern id='d{at}' width='9' height='9'>{inner}</pattern>"
        )
    }),
    ("masks", |at, next, times| {
        let inner = format!("<rect width='4' height='4' mask='url(#d{next})'/>").repeat(times);
        format!("<mask id='d{at}'>{inner}</mask>")
    }),
    ("clip paths", |at, next, times| {
        let inner = format!("<rect width='4' height='4' clip-path='url(#d{next})'/>").repeat(times);
        format!("<clipPath id='d{at}' clipPathUnits='objectBoundingBox'>{inner}</clipPath>")
    }),
    ("markers", |at, next, times| {
        let inner = format!("<path d='M0 0 1 1' marker-end='url(#d{next})'/>").repeat(times);
        format!("<marker id='d{at}'>{inner}</marker>")
    }),
    ("markers on points", |at, next, times| {
        let inner = format!("<path d='M0 0{}' marker-mid='url(#d{next})'/>", " 1 1".repeat(times));
        format!("<marker id='d{at}'>{inner}</marker>")
    }),
    ("filters", |at, next, times| {
        let inner = format!("<feImage href='#r{at}'/>").repeat(times);
        let used = format!("<rect id='r{at}' width='4' height='4' filter='url(#d{next})'/>");
        format!("<filter id='d{at}'>{inner}</filter>{used}")
    }),
    ("uses and patterns", |at, next, times| {
        let inner = format!("<use href='#s{at}'/>").repeat(times);
        let symbol = format!("<symbol id='s{at}'><rect width='4' height='4' fill='url(#d{next})'/></symbol>");
        format!("{symbol}<pattern id='d{at}' width='9' height='9'>{inner}</pattern>")
    }),
];

/// A shape on which everything named `d0` is put.
const SHAPES: &str = "<path d='M0 0 9 9 9 0' fill='url(#d0)' marker-mid='url(#d0)'/>\
    <rect width='9' height='9' mask='url(#d0)'/><rect width='9' height='9' clip-path='url(#d0)'/>\
    <rect width='9' height='9' filter='url(#d0)'/>";

#[tokio::test]
async fn definitions_that_use_each_other_many_times_are_refused_at_once() {
    let mut gallery = Gallery::with("a.svg", &drawing(""));
    for (name, level) in LEVELS {
        let levels: String = (0..10).map(|at| level(at, at + 1, 20)).collect();
        gallery.put("a.svg", drawing(&format!("{levels}{SHAPES}")));
        let begun = Instant::now();
        gallery.refused("image_info", json!({"input_path": "a.svg"}), "TOO_LARGE", "input_path").await;
        gallery.refused("resize_image", json!({"input_path": "a.svg", "width": 8}), "TOO_LARGE", "input_path").await;
        assert!(begun.elapsed() < ANSWER, "{name}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn long_chains_and_circles_of_definitions_do_not_break_the_renderer() {
    let mut gallery = Gallery::with("a.svg", &drawing(""));
    for (name, level) in LEVELS {
        let circle: String = (0..3).map(|at| level(at, (at + 1) % 3, 1)).collect();
        gallery.put("a.svg", drawing(&format!("{circle}{SHAPES}")));
        gallery.refused("image_info", json!({"input_path": "a.svg"}), "TOO_LARGE", "input_path").await;
        // what is inherited, matched or put on points is counted generously, so that such a chain is never long
        if ["patterns by inheritance", "patterns by style sheet", "markers on points"].contains(&name) {
            continue;
        }
        let chain: String = (0..200).map(|at| level(at, at + 1, 1)).collect();
        gallery.put("a.svg", drawing(&format!("{chain}{SHAPES}")));
        let info = gallery.done("image_info", json!({"input_path": "a.svg"})).await;
        assert_eq!(info["width"], 40, "{name}: {info}");
    }
}

#[tokio::test]
async fn a_drawing_with_a_few_definitions_is_drawn() {
    let content = "<style>.sky{fill:url(#sky)} path{marker-end:url(#arrow)}</style><defs>\
        <linearGradient id='light'><stop stop-color='#fff'/><stop offset='1' stop-color='#00f'/></linearGradient>\
        <linearGradient id='sky' href='#light' x2='0' y2='1'/>\
        <pattern id='dots' width='4' height='4' patternUnits='userSpaceOnUse'><circle r='2' fill='#f00'/></pattern>\
        <clipPath id='round'><circle cx='20' cy='20' r='18'/></clipPath>\
        <mask id='fade'><rect width='40' height='40' fill='url(#light)'/></mask>\
        <filter id='soft'><feGaussianBlur stdDeviation='1'/></filter>\
        <marker id='arrow' orient='auto'><path d='M0 0 2 1 0 2'/></marker></defs>\
        <g clip-path='url(#round)'><rect class='sky' width='40' height='40'/>\
        <g fill='url(#dots)' mask='url(#fade)'><rect id='box' width='30' height='30'/><use href='#box' x='9'/></g></g>\
        <path d='M5 5 35 35' stroke='#000' filter='url(#soft)'/>";
    let mut gallery = Gallery::with("a.svg", &drawing(content));
    gallery.done("convert_format", json!({"input_path": "a.svg", "format": "png"})).await;
    let pixels = gallery.pixels("a.png");
    assert_eq!(pixels.get_pixel(0, 0).0[3], 0, "outside of the clip path");
    assert_eq!(pixels.get_pixel(20, 20).0[3], 255, "inside of it");
}

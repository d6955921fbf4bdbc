//! `watermark`.

use image::{GenericImageView as _, ImageFormat, RgbImage};
use serde_json::json;

use crate::{gallery::Gallery, samples};

fn gray(side: u32) -> Vec<u8> {
    samples::file(RgbImage::from_pixel(side, side, image::Rgb([90, 90, 90])), ImageFormat::Png)
}

#[tokio::test]
async fn a_text_stands_in_its_corner() {
    let mut gallery = Gallery::with("gray.png", &gray(200));
    gallery.done("watermark", json!({"input_path": "gray.png", "text": "Ada", "position": "top-left"})).await;
    let marked = gallery.pixels("gray_watermarked.png");
    let changed: Vec<_> = marked.pixels().filter(|(_, _, pixel)| pixel.0 != [90, 90, 90, 255]).collect();
    assert!(!changed.is_empty());
    assert!(changed.iter().all(|(x, y, _)| *x < 70 && *y < 70), "{:?}", changed.last());
}

#[tokio::test]
async fn a_picture_marks_a_picture_all_over() {
    let mut gallery = Gallery::with("gray.png", &gray(120));
    gallery.put("disc.png", samples::transparent_png(30));
    let arguments = json!({"input_path": "gray.png", "image": "disc.png", "tile": true, "opacity": 1, "scale": 0.2, "output_path": "all.webp"});
    gallery.done("watermark", arguments).await;
    let marked = gallery.pixels("all.webp");
    for corner in [(0..40, 0..40), (80..120, 80..120)] {
        let blue = corner
            .0
            .flat_map(|x| corner.1.clone().map(move |y| (x, y)))
            .filter(|(x, y)| marked.get_pixel(*x, *y).0[2] > 160);
        assert!(blue.count() > 50);
    }
}

#[tokio::test]
async fn a_hidden_text_is_found_by_info() {
    let mut gallery = Gallery::with("photo.jpg", &samples::jpeg(400, 300));
    let arguments = json!({"input_path": "photo.jpg", "text": "order 4711", "invisible": true});
    gallery.done("watermark", arguments).await;
    let info = gallery.done("image_info", json!({"input_path": "photo_watermarked.jpg"})).await;
    assert_eq!(info["hidden_text"], "order 4711");
    let info = gallery.done("image_info", json!({"input_path": "photo.jpg"})).await;
    assert!(info.get("hidden_text").is_none());
}

#[tokio::test]
async fn a_mark_that_cannot_be_put_is_refused() {
    let mut gallery = Gallery::with("gray.png", &gray(100));
    gallery.put("note.txt", b"no picture");
    for (arguments, code, field) in [
        (json!({}), "INVALID_INPUT", "text"),
        (json!({"text": "a", "image": "gray.png"}), "INVALID_INPUT", "text"),
        (json!({"text": " "}), "INVALID_INPUT", "text"),
        (json!({"text": "x".repeat(501)}), "INVALID_INPUT", "text"),
        (json!({"text": "a", "opacity": 1.5}), "INVALID_INPUT", "opacity"),
        (json!({"text": "a", "scale": 0}), "INVALID_INPUT", "scale"),
        (json!({"text": "a", "position": "middle"}), "INVALID_INPUT", "position"),
        (json!({"text": "a", "quality": 0}), "INVALID_INPUT", "quality"),
        (json!({"text": "a", "invisible": true}), "INVALID_INPUT", "input_path"),
        (json!({"text": "x".repeat(30), "invisible": true}), "INVALID_INPUT", "text"),
        (json!({"image": "gray.png", "invisible": true}), "INVALID_INPUT", "image"),
        (json!({"image": "note.txt"}), "INVALID_INPUT", "image"),
        (json!({"image": "../x.png"}), "PATH_DENIED", "image"),
    ] {
        let mut arguments = arguments;
        arguments["input_path"] = json!("gray.png");
        gallery.refused("watermark", arguments, code, field).await;
    }
}

//! `compose_images`.

use image::{GenericImageView as _, ImageFormat, RgbImage};
use serde_json::json;

use crate::{gallery::Gallery, samples};

fn gallery() -> Gallery {
    let gallery = Gallery::with(
        "red.png",
        &samples::file(RgbImage::from_pixel(10, 10, image::Rgb([255, 0, 0])), ImageFormat::Png),
    );
    gallery.put("blue.jpg", samples::file(RgbImage::from_pixel(10, 10, image::Rgb([0, 0, 255])), ImageFormat::Jpeg));
    gallery
}

#[tokio::test]
async fn pictures_are_put_on_a_canvas() {
    let mut gallery = gallery();
    let arguments = json!({
        "images": [
            {"path": "red.png", "x": 0, "y": 0, "width": 40, "height": 20},
            {"path": "blue.jpg", "x": 30, "y": -5, "opacity": 0.5},
        ],
        "canvas": {"width": 60, "height": 30},
        "output_path": "new/both.png",
    });
    let done = gallery.done("compose_images", arguments).await;
    assert_eq!((&done["width"], &done["height"]), (&json!(60), &json!(30)));
    let both = gallery.pixels("new/both.png");
    assert_eq!(both.get_pixel(5, 15).0, [255, 0, 0, 255]);
    assert_eq!(both.get_pixel(55, 25).0, [0, 0, 0, 0]);
    let [red, _, blue, alpha] = both.get_pixel(35, 2).0;
    assert!(red.abs_diff(128) < 4 && blue.abs_diff(128) < 4 && alpha == 255, "{:?}", both.get_pixel(35, 2));
}

#[tokio::test]
async fn what_cannot_be_composed_is_refused() {
    let mut gallery = gallery();
    let canvas = json!({"width": 60, "height": 30});
    for (images, canvas, code, field) in [
        (json!([]), canvas.clone(), "INVALID_INPUT", "images"),
        (json!(vec![json!({"path": "red.png"}); 65]), canvas.clone(), "INVALID_INPUT", "images"),
        (json!([{"path": "no.png"}]), canvas.clone(), "NOT_FOUND", "images"),
        (json!([{"path": "red.png", "opacity": 2}]), canvas.clone(), "INVALID_INPUT", "images"),
        (json!([{"path": "red.png", "width": 0}]), canvas.clone(), "INVALID_INPUT", "images"),
        (json!([{"path": "red.png", "turn": 1}]), canvas.clone(), "INVALID_INPUT", "images[0].turn"),
        (json!([{"path": "red.png"}]), json!({"width": 0, "height": 5}), "INVALID_INPUT", "canvas.width"),
        (json!([{"path": "red.png"}]), json!({"width": 16_000, "height": 16_000}), "TOO_LARGE", "canvas"),
    ] {
        let arguments = json!({"images": images, "canvas": canvas, "output_path": "x.png"});
        gallery.refused("compose_images", arguments, code, field).await;
    }
    let outside = json!({"images": [{"path": "red.png"}], "canvas": canvas, "output_path": "../x.png"});
    gallery.refused("compose_images", outside, "PATH_DENIED", "output_path").await;
}

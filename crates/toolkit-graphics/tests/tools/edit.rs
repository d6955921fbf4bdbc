//! `edit_image`.

use image::{GenericImageView as _, ImageFormat};
use serde_json::json;

use crate::{gallery::Gallery, samples};

#[tokio::test]
async fn edits_are_made_in_their_order() {
    let mut gallery = Gallery::with("photo.png", &samples::file(samples::photo(80, 40), ImageFormat::Png));
    let arguments = json!({"input_path": "photo.png", "ops": [
        {"op": "crop", "x": 0, "y": 0, "width": 40, "height": 40},
        {"op": "rotate", "degrees": 90},
        {"op": "grayscale"},
        {"op": "pad", "top": 10, "color": "#0000ff"},
        {"op": "text", "text": "A", "x": 2, "y": 12, "size": 20, "color": "white"},
    ]});
    let done = gallery.done("edit_image", arguments).await;
    assert_eq!((&done["width"], &done["height"]), (&json!(40), &json!(50)));
    let edited = gallery.pixels("photo_edited.png").to_rgba8();
    assert_eq!(edited.get_pixel(20, 5).0, [0, 0, 255, 255]);
    let [red, green, blue, _] = edited.get_pixel(35, 30).0;
    assert!(red == green && green == blue, "{red} {green} {blue}");
    assert!(edited.pixels().any(|pixel| pixel.0 == [255; 4]));
}

#[tokio::test]
async fn all_frames_are_edited() {
    let mut gallery = Gallery::with("film.gif", &samples::moving_gif(3, 32));
    gallery
        .done(
            "edit_image",
            json!({"input_path": "film.gif", "ops": [{"op": "crop", "x": 0, "y": 0, "width": 8, "height": 8}]}),
        )
        .await;
    let info = gallery.done("image_info", json!({"input_path": "film_edited.gif"})).await;
    assert_eq!((&info["animated"], &info["width"]), (&json!(true), &json!(8)));
}

#[tokio::test]
async fn a_step_that_cannot_be_made_is_named() {
    let mut gallery = Gallery::with("photo.png", &samples::file(samples::photo(80, 40), ImageFormat::Png));
    let flip = json!({"op": "flip", "direction": "vertical"});
    for (ops, code, field) in [
        (json!([]), "INVALID_INPUT", "ops"),
        (json!([flip, {"op": "crop", "x": 70, "y": 0, "width": 20, "height": 4}]), "INVALID_INPUT", "ops[1]"),
        (json!([{"op": "blur", "radius": -1}]), "INVALID_INPUT", "ops[0]"),
        (json!([{"op": "pad", "left": 4_000_000_000_u32}]), "TOO_LARGE", "ops[0]"),
        (json!([{"op": "text", "text": "", "x": 0, "y": 0}]), "INVALID_INPUT", "ops[0]"),
    ] {
        gallery.refused("edit_image", json!({"input_path": "photo.png", "ops": ops}), code, field).await;
    }
    for ops in
        [json!([{"op": "explode"}]), json!([{"op": "crop", "x": -1, "y": 0, "width": 1, "height": 1}]), json!("flip")]
    {
        let error = gallery.call("edit_image", json!({"input_path": "photo.png", "ops": ops})).await;
        assert_eq!(error["_meta"]["dev.switchboard/error"]["code"], "INVALID_INPUT", "{error}");
    }
    let too_many = vec![flip; 33];
    gallery.refused("edit_image", json!({"input_path": "photo.png", "ops": too_many}), "INVALID_INPUT", "ops").await;
    assert_eq!(gallery.pixels("photo.png").dimensions(), (80, 40));
}

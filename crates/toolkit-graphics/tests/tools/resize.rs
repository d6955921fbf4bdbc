//! `resize_image` and `generate_thumbnail`.

use image::{GenericImageView as _, ImageFormat};
use serde_json::json;

use crate::{gallery::Gallery, samples};

#[tokio::test]
async fn a_photograph_is_made_smaller_and_says_what_it_saved() {
    let mut gallery = Gallery::with("photo.jpg", &samples::jpeg(640, 480));
    let done = gallery.done("resize_image", json!({"input_path": "photo.jpg", "width": 320})).await;
    assert_eq!(done["output_path"], json!(gallery.path("photo_resized.jpg")));
    assert_eq!((&done["width"], &done["height"], &done["format"]), (&json!(320), &json!(240), &json!("jpeg")));
    assert_eq!(done["original"]["width"], 640);
    assert_eq!(done["size"], json!(gallery.read("photo_resized.jpg").len()));
    assert!(done["reduction_percent"].as_f64().unwrap() > 20.0, "{done}");
    assert_eq!(gallery.pixels("photo_resized.jpg").dimensions(), (320, 240));
}

#[tokio::test]
async fn a_picture_stands_upright_however_the_camera_was_held() {
    for orientation in 1..=8 {
        // the picture as it should be seen, brought into the position that the orientation undoes
        let upright = image::DynamicImage::ImageRgb8(samples::photo(80, 40));
        let stored = match orientation {
            1 => upright.clone(),
            2 => upright.fliph(),
            3 => upright.rotate180(),
            4 => upright.flipv(),
            5 => upright.rotate90().fliph(),
            6 => upright.rotate270(),
            7 => upright.rotate270().fliph(),
            _ => upright.rotate90(),
        };
        let file = samples::jpeg_held(&stored.into_rgb8(), orientation);
        let mut gallery = Gallery::with("held.jpg", &file);
        let info = gallery.done("image_info", json!({"input_path": "held.jpg"})).await;
        assert_eq!((&info["width"], &info["height"]), (&json!(80), &json!(40)), "orientation {orientation}");
        let arguments = json!({"input_path": "held.jpg", "output_path": "up.png", "width": 40});
        gallery.done("resize_image", arguments).await;
        let up = gallery.pixels("up.png");
        let is_red = |x, y| up.get_pixel(x, y).0[0] > 150;
        assert_eq!(up.dimensions(), (40, 20), "orientation {orientation}");
        let corners = [is_red(3, 2), is_red(36, 2), is_red(3, 17), is_red(36, 17)];
        assert_eq!(corners, [true, false, false, false], "orientation {orientation}");
    }
}

#[tokio::test]
async fn the_fit_decides_about_the_edges() {
    let mut gallery = Gallery::with("photo.png", &samples::file(samples::photo(200, 100), ImageFormat::Png));
    let mut check = async |fit: &str, expected: (u32, u32)| {
        let name = format!("{fit}.png");
        let arguments = json!({"input_path": "photo.png", "output_path": name, "width": 50, "height": 50, "fit": fit, "background": "#00ff00"});
        gallery.done("resize_image", arguments).await;
        let pixels = gallery.pixels(&name);
        assert_eq!(pixels.dimensions(), expected, "{fit}");
        pixels
    };
    check("inside", (50, 25)).await;
    check("cover", (50, 50)).await;
    check("fill", (50, 50)).await;
    let contained = check("contain", (50, 50)).await;
    assert_eq!(contained.get_pixel(25, 1).0, [0, 255, 0, 255]);
}

#[tokio::test]
async fn without_proportions_it_is_stretched() {
    let mut gallery = Gallery::with("photo.jpg", &samples::jpeg(200, 100));
    let arguments = json!({"input_path": "photo.jpg", "width": 60, "height": 60, "maintainAspectRatio": false});
    let done = gallery.done("resize_image", arguments).await;
    assert_eq!((&done["width"], &done["height"]), (&json!(60), &json!(60)));
}

#[tokio::test]
async fn a_small_picture_is_enlarged_only_when_asked() {
    let mut gallery = Gallery::with("small.png", &samples::transparent_png(20));
    let done = gallery.done("resize_image", json!({"input_path": "small.png", "width": 40})).await;
    assert_eq!(done["width"], 20);
    assert!(done["message"].as_str().unwrap().contains("was not enlarged"), "{done}");
    let arguments = json!({"input_path": "small.png", "width": 40, "upscale": true, "overwrite": true});
    let done = gallery.done("resize_image", arguments).await;
    assert_eq!(done["width"], 40);
    assert!(done["backup_path"].is_string(), "{done}");
}

#[tokio::test]
async fn sixteen_bits_and_transparency_are_kept() {
    let mut gallery = Gallery::with("deep.png", &samples::deep_png(64, 64));
    gallery.done("resize_image", json!({"input_path": "deep.png", "width": 32})).await;
    assert_eq!(gallery.pixels("deep_resized.png").color(), image::ColorType::Rgb16);
    gallery.put("disc.png", samples::transparent_png(64));
    gallery.done("resize_image", json!({"input_path": "disc.png", "width": 32})).await;
    let disc = gallery.pixels("disc_resized.png");
    assert_eq!((disc.get_pixel(0, 0).0[3], disc.get_pixel(16, 16).0), (0, [20, 120, 220, 255]));
}

#[tokio::test]
async fn an_animation_keeps_moving() {
    let mut gallery = Gallery::with("film.gif", &samples::moving_gif(3, 40));
    gallery.done("resize_image", json!({"input_path": "film.gif", "width": 20})).await;
    let info = gallery.done("image_info", json!({"input_path": "film_resized.gif"})).await;
    assert_eq!((&info["animated"], &info["width"]), (&json!(true), &json!(20)));
}

#[tokio::test]
async fn a_drawing_is_drawn_in_the_size_that_is_asked() {
    let drawing =
        br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 5"><rect width="10" height="5" fill="#336699"/>
        <text x="1" y="4" font-size="3" fill="#fff">a</text></svg>"##;
    let mut gallery = Gallery::with("logo.svg", drawing);
    let done = gallery.done("resize_image", json!({"input_path": "logo.svg", "width": 400})).await;
    assert_eq!((&done["format"], &done["height"]), (&json!("png"), &json!(200)));
    let pixels = gallery.pixels("logo_resized.png").to_rgba8();
    assert_eq!(pixels.get_pixel(390, 10).0, [0x33, 0x66, 0x99, 255]);
    assert!(pixels.pixels().any(|pixel| pixel.0 == [255; 4]), "the text is drawn");
}

#[tokio::test]
async fn a_thumbnail_fits_into_a_square_or_fills_it() {
    let mut gallery = Gallery::with("photo.jpg", &samples::jpeg(600, 300));
    let done = gallery.done("generate_thumbnail", json!({"input_path": "photo.jpg"})).await;
    assert_eq!((&done["width"], &done["height"]), (&json!(200), &json!(100)));
    assert_eq!(done["output_path"], json!(gallery.path("photo_thumb.jpg")));
    let arguments = json!({"input_path": "photo.jpg", "max_size": 64, "crop": true, "format": "webp"});
    let done = gallery.done("generate_thumbnail", arguments).await;
    assert_eq!((&done["width"], &done["height"]), (&json!(64), &json!(64)));
    assert_eq!(gallery.pixels("photo_thumb.webp").dimensions(), (64, 64));
}

#[tokio::test]
async fn other_names_of_arguments_mean_the_same() {
    let mut gallery = Gallery::with("photo.jpg", &samples::jpeg(100, 50));
    let arguments = json!({"inputPath": "photo.jpg", "outputPath": "a.jpg", "size": 20, "fit": "cover"});
    let done = gallery.done("generate_thumbnail", arguments).await;
    assert_eq!((&done["width"], &done["height"]), (&json!(20), &json!(20)));
    let arguments = json!({"input": "photo.jpg", "output": "b.png", "maxSize": 20, "outputFormat": "png"});
    gallery.done("generate_thumbnail", arguments).await;
    assert_eq!(gallery.pixels("b.png").dimensions(), (20, 10));
    let both = json!({"input_path": "photo.jpg", "size": 20, "max_size": 30});
    gallery.refused("generate_thumbnail", both, "INVALID_INPUT", "max_size").await;
}

#[tokio::test]
async fn sizes_that_are_none_are_refused_by_name() {
    let mut gallery = Gallery::with("photo.jpg", &samples::jpeg(100, 50));
    for (arguments, field) in [
        (json!({}), "width"),
        (json!({"width": 0}), "width"),
        (json!({"width": -5}), "width"),
        (json!({"height": 16_385}), "height"),
        (json!({"width": "wide"}), "width"),
        (json!({"width": 10, "quality": 0}), "quality"),
        (json!({"width": 10, "quality": 101}), "quality"),
        (json!({"width": 10, "background": "sky"}), "background"),
        (json!({"width": 10, "fit": "around"}), "fit"),
        (json!({"width": 10, "widht": 10}), "widht"),
    ] {
        let mut arguments = arguments;
        arguments["input_path"] = json!("photo.jpg");
        gallery.refused("resize_image", arguments, "INVALID_INPUT", field).await;
    }
    for size in [json!(0), json!(-1), json!(20_000)] {
        let arguments = json!({"input_path": "photo.jpg", "max_size": size});
        gallery.refused("generate_thumbnail", arguments, "INVALID_INPUT", "max_size").await;
    }
    let enlarged = json!({"input_path": "photo.jpg", "width": 16_000, "upscale": true});
    gallery.refused("resize_image", enlarged, "TOO_LARGE", "width").await;
}

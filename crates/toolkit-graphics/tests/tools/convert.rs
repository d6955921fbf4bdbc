//! `convert_format` and `optimize_image`: all pairs of formats, what is lost is said, and files become smaller.

use image::{AnimationDecoder as _, GenericImageView as _, ImageFormat};
use serde_json::json;

use crate::{gallery::Gallery, samples};

#[tokio::test]
async fn every_format_becomes_every_other_and_back() {
    let formats = ["png", "jpg", "webp", "gif", "bmp", "tiff", "avif"];
    let mut gallery = Gallery::with("a.png", &samples::file(samples::photo(96, 64), ImageFormat::Png));
    for format in &formats[1..] {
        gallery.done("convert_format", json!({"input_path": "a.png", "format": format})).await;
    }
    for from in formats {
        for to in formats.iter().filter(|to| **to != from) {
            let name = format!("{from}.{to}");
            let arguments =
                json!({"input_path": format!("a.{from}"), "output_path": name, "format": to, "quality": 90});
            let done = gallery.done("convert_format", arguments).await;
            assert!(done["compression_ratio"].as_f64().unwrap() > 0.0, "{done}");
            let back = json!({"input_path": name, "output_path": format!("{name}.png"), "format": "png"});
            gallery.done("convert_format", back).await;
            let pixels = gallery.pixels(&format!("{name}.png"));
            assert_eq!(pixels.dimensions(), (96, 64), "{name}");
            let [red, green, blue, _] = pixels.get_pixel(4, 4).0;
            assert!(red > 180 && green < 70 && blue < 70, "{name}: {red} {green} {blue}");
        }
    }
}

#[tokio::test]
async fn an_avif_keeps_transparency() {
    let mut gallery = Gallery::with("disc.png", &samples::transparent_png(64));
    gallery.done("convert_format", json!({"input_path": "disc.png", "format": "avif"})).await;
    let info = gallery.done("image_info", json!({"input_path": "disc.avif"})).await;
    assert_eq!((&info["alpha"], &info["format"]), (&json!(true), &json!("avif")));
    let back = json!({"input_path": "disc.avif", "output_path": "back.png", "format": "png"});
    gallery.done("convert_format", back).await;
    let back = gallery.pixels("back.png");
    assert!(back.get_pixel(1, 1).0[3] < 10 && back.get_pixel(32, 32).0[3] > 245, "{:?}", back.get_pixel(1, 1));
}

#[tokio::test]
async fn an_animation_keeps_moving_where_the_format_moves() {
    let mut gallery = Gallery::with("film.gif", &samples::moving_gif(4, 32));
    gallery.done("convert_format", json!({"input_path": "film.gif", "format": "webp", "lossless": true})).await;
    let webp = gallery.read("film.webp");
    let decoder = image::codecs::webp::WebPDecoder::new(std::io::Cursor::new(&webp)).unwrap();
    let frames = decoder.into_frames().collect_frames().unwrap();
    let delays: Vec<_> = frames.iter().map(|frame| frame.delay().numer_denom_ms().0).collect();
    assert_eq!(delays, [120; 4]);
    // the palette of the GIF is close to the colour, not the same
    let shown = frames[2].buffer().get_pixel(5, 5).0;
    assert!([120, 135, 90, 255].iter().zip(shown).all(|(one, other)| other.abs_diff(*one) < 3), "{shown:?}");
    let back = json!({"input_path": "film.webp", "output_path": "back.gif", "format": "gif"});
    gallery.done("convert_format", back).await;
    let info = gallery.done("image_info", json!({"input_path": "back.gif"})).await;
    assert_eq!(info["animated"], true);
}

#[tokio::test]
async fn what_a_format_cannot_hold_is_said() {
    let mut gallery = Gallery::with("film.gif", &samples::moving_gif(3, 32));
    gallery.put("disc.png", samples::transparent_png(32));
    gallery.put("deep.png", samples::deep_png(32, 32));
    let mut check = async |input: &str, format: &str, said: &str| {
        let done =
            gallery.done("convert_format", json!({"input_path": input, "format": format, "overwrite": true})).await;
        assert!(done["message"].as_str().unwrap().contains(said), "{done}");
    };
    check("film.gif", "png", "it shows the first frame").await;
    check("disc.png", "jpeg", "it was laid on #ffffff").await;
    check("deep.png", "webp", "16 bits per channel became 8").await;
    let arguments = json!({"input_path": "disc.png", "output_path": "red.jpg", "format": "jpg", "background": "red"});
    gallery.done("convert_format", arguments).await;
    assert!(gallery.pixels("red.jpg").get_pixel(0, 0).0[0] > 240);
}

#[tokio::test]
async fn lossless_means_every_pixel() {
    let photo = samples::photo(50, 40);
    let mut gallery = Gallery::with("a.png", &samples::file(photo.clone(), ImageFormat::Png));
    for format in ["webp", "tiff", "bmp"] {
        gallery.done("convert_format", json!({"input_path": "a.png", "format": format, "lossless": true})).await;
        assert_eq!(gallery.pixels(&format!("a.{format}")).to_rgb8(), photo, "{format}");
    }
    for format in ["jpeg", "avif", "gif"] {
        let arguments = json!({"input_path": "a.png", "format": format, "lossless": true});
        gallery.refused("convert_format", arguments, "INVALID_INPUT", "lossless").await;
    }
}

#[tokio::test]
async fn a_name_and_a_format_must_agree() {
    let mut gallery = Gallery::with("a.png", &samples::transparent_png(16));
    let arguments = json!({"input_path": "a.png", "format": "webp", "output_path": "a.jpg"});
    gallery.refused("convert_format", arguments, "INVALID_INPUT", "output_path").await;
    let arguments = json!({"input_path": "a.png", "format": "svg"});
    gallery.refused("convert_format", arguments, "INVALID_INPUT", "format").await;
    let arguments = json!({"input_path": "a.png", "width": 8, "output_path": "a.svg"});
    gallery.refused("resize_image", arguments, "NOT_SUPPORTED", "output_path").await;
}

#[tokio::test]
async fn a_file_becomes_smaller_and_looks_the_same() {
    let mut gallery = Gallery::with("photo.jpg", &samples::jpeg_of_a_camera(400, 300, 1));
    let done = gallery.done("optimize_image", json!({"input_path": "photo.jpg"})).await;
    assert!(done["saved_percent"].as_f64().unwrap() > 5.0 && done["ssim"].as_f64().unwrap() >= 0.98, "{done}");
    assert!(!gallery.read("photo_optimized.jpg").windows(3).any(|bytes| bytes == b"Ada"));
    let kept = json!({"input_path": "photo.jpg", "output_path": "kept.jpg", "strip_metadata": false});
    gallery.done("optimize_image", kept).await;
    let info = gallery.done("image_info", json!({"input_path": "kept.jpg"})).await;
    assert!(info["exif"]["Make"].as_str().unwrap().contains("Ada"), "{info}");
}

#[tokio::test]
async fn a_number_of_bytes_is_kept_to() {
    let mut gallery = Gallery::with("photo.jpg", &samples::jpeg(400, 300));
    let arguments = json!({"input_path": "photo.jpg", "output_path": "small.webp", "target": {"max_bytes": 6_000}});
    let done = gallery.done("optimize_image", arguments).await;
    assert!(done["size"].as_u64().unwrap() <= 6_000 && done["quality"].is_u64(), "{done}");
    let impossible = json!({"input_path": "photo.jpg", "target": {"max_bytes": 60}});
    gallery.refused("optimize_image", impossible, "TOO_LARGE", "target").await;
    for (target, field) in [
        (json!({"ssim": 2}), "target.ssim"),
        (json!({"max_bytes": 0}), "target.max_bytes"),
        (json!({"ssim": 0.9, "max_bytes": 9}), "target"),
        (json!({"size": 9}), "target.size"),
    ] {
        let arguments = json!({"input_path": "photo.jpg", "target": target});
        gallery.refused("optimize_image", arguments, "INVALID_INPUT", field).await;
    }
}

#[tokio::test]
async fn a_png_with_few_colours_gets_a_table() {
    let pixels = image::RgbImage::from_fn(200, 200, |x, y| image::Rgb([(x / 50 * 60) as u8, (y / 50 * 60) as u8, 9]));
    let file = samples::file(pixels.clone(), ImageFormat::Png);
    let mut gallery = Gallery::with("flat.png", &file);
    let done = gallery.done("optimize_image", json!({"input_path": "flat.png"})).await;
    assert_eq!((&done["ssim"], &done["quality"]), (&json!(1.0), &json!(null)));
    assert!(gallery.read("flat_optimized.png").len() < file.len());
    assert_eq!(gallery.pixels("flat_optimized.png").to_rgb8(), pixels);
    let again = json!({"input_path": "flat_optimized.png", "output_path": "again.png"});
    let done = gallery.done("optimize_image", again).await;
    assert!(done["message"].as_str().unwrap().contains("as small as it gets"), "{done}");
    assert_eq!(gallery.read("again.png"), gallery.read("flat_optimized.png"));
}

//! Tools that only look: `image_info`, `choose_format`, `compare_images`.

use image::{GenericImageView as _, ImageFormat};
use serde_json::json;

use crate::{gallery::Gallery, samples};

#[tokio::test]
async fn info_says_what_a_picture_is_and_hides_where_it_was_taken() {
    let mut gallery = Gallery::with("photo.jpg", &samples::jpeg_of_a_camera(60, 40, 6));
    let info = gallery.done("image_info", json!({"input_path": "photo.jpg", "histogram": true})).await;
    assert_eq!((&info["width"], &info["height"]), (&json!(40), &json!(60)));
    assert_eq!((&info["format"], &info["color"], &info["depth"]), (&json!("jpeg"), &json!("rgb"), &json!(8)));
    assert_eq!((&info["alpha"], &info["animated"]), (&json!(false), &json!(false)));
    assert!(info["exif"]["Make"].as_str().unwrap().contains("Ada"), "{info}");
    assert!(info["exif"].get("GPSLatitudeRef").is_none(), "{info}");
    assert_eq!(info["phash"].as_str().unwrap().len(), 16);
    let counted: u64 = info["histogram"]["luma"].as_array().unwrap().iter().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(counted, 60 * 40);
    let info = gallery.done("image_info", json!({"input_path": "photo.jpg", "location": true})).await;
    assert!(info["exif"].get("GPSLatitudeRef").is_some(), "{info}");
}

#[tokio::test]
async fn info_knows_every_format() {
    let mut gallery = Gallery::open();
    gallery.put("a.gif", samples::moving_gif(2, 8));
    gallery.put("a.bmp", samples::file(samples::photo(8, 8), ImageFormat::Bmp));
    gallery.put("a.tiff", samples::file(samples::photo(8, 8), ImageFormat::Tiff));
    gallery.put("a.png", samples::deep_png(8, 8));
    gallery.put("a.svg", br#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>"#);
    let mut check = async |name: &str, color: &str, depth: u8, animated: bool| {
        let info = gallery.done("image_info", json!({"inputPath": name})).await;
        let expected = (json!(8), json!(color), json!(depth), json!(animated));
        assert_eq!(
            (&info["width"], &info["color"], &info["depth"], &info["animated"]),
            (&expected.0, &expected.1, &expected.2, &expected.3),
            "{name}"
        );
    };
    check("a.gif", "palette", 8, true).await;
    check("a.bmp", "rgb", 8, false).await;
    check("a.tiff", "rgb", 8, false).await;
    check("a.png", "rgb", 16, false).await;
    check("a.svg", "vector", 8, false).await;
}

#[tokio::test]
async fn a_format_is_chosen_with_a_reason_and_alternatives() {
    let mut gallery = Gallery::with("photo.png", &samples::file(samples::photo(700, 500), ImageFormat::Png));
    gallery.put("film.gif", samples::moving_gif(3, 40));
    gallery.put("logo.svg", br#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>"#);
    let chosen = gallery.done("choose_format", json!({"input_path": "photo.png", "timeout_s": 300})).await;
    assert!(["avif", "webp"].contains(&chosen["format"].as_str().unwrap()), "{chosen}");
    assert_eq!((&chosen["estimated"], chosen["quality"].is_u64()), (&json!(true), true));
    assert!(chosen["alternatives"].as_array().unwrap().iter().any(|other| other["format"] == "jpeg"), "{chosen}");
    let mut check = async |name: &str, purpose: &str, expected: &str| {
        let chosen = gallery.done("choose_format", json!({"input_path": name, "use": purpose, "timeout_s": 300})).await;
        assert_eq!(chosen["format"], expected, "{chosen}");
    };
    check("photo.png", "print", "tiff").await;
    check("photo.png", "archive", "png").await;
    check("film.gif", "web", "webp").await;
    check("logo.svg", "icon", "svg").await;
    let arguments = json!({"input_path": "photo.png", "use": "wall"});
    gallery.refused("choose_format", arguments, "INVALID_INPUT", "use").await;
}

#[tokio::test]
async fn two_pictures_are_compared_and_the_difference_is_drawn() {
    let photo = samples::photo(64, 48);
    let mut other = photo.clone();
    other.put_pixel(10, 30, image::Rgb([255, 255, 255]));
    let mut gallery = Gallery::with("a.png", &samples::file(photo, ImageFormat::Png));
    gallery.put("b.png", samples::file(other, ImageFormat::Png));
    gallery.put("c.png", samples::transparent_png(9));
    let same = gallery.done("compare_images", json!({"a": "a.png", "b": "a.png"})).await;
    assert_eq!(same, json!({"ssim": 1.0, "different_pixels": 0, "diff_image": null}));
    let compared = gallery.done("compare_images", json!({"a": "a.png", "b": "b.png", "output_path": "d.png"})).await;
    assert_eq!(compared["different_pixels"], 1);
    assert_eq!(compared["diff_image"], json!(gallery.path("d.png")));
    assert_eq!(gallery.pixels("d.png").get_pixel(10, 30).0, [220, 0, 0, 255]);
    gallery.refused("compare_images", json!({"a": "a.png", "b": "c.png"}), "INVALID_INPUT", "b").await;
    gallery.refused("compare_images", json!({"a": "a.png", "b": "no.png"}), "NOT_FOUND", "b").await;
    let taken = json!({"a": "a.png", "b": "b.png", "output_path": "d.png"});
    gallery.refused("compare_images", taken, "ALREADY_EXISTS", "output_path").await;
}

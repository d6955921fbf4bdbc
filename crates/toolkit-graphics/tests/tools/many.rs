//! Tools that write many files: `batch_convert`, `responsive_set`.

use image::GenericImageView as _;
use serde_json::json;

use crate::{gallery::Gallery, samples};

#[tokio::test]
async fn a_batch_converts_what_it_can_and_says_what_it_could_not() {
    let mut gallery = Gallery::open();
    gallery.put("in/a.jpg", samples::jpeg(60, 40));
    gallery.put("in/b.jpg", samples::jpeg(80, 40));
    gallery.put("in/deep/c.jpg", samples::jpeg(40, 40));
    gallery.put("in/broken.jpg", &samples::jpeg(60, 40)[..300]);
    let arguments = json!({"inputs": ["in/**/*.jpg", "in/a.jpg", "in/none.jpg"], "format": "webp", "output_dir": "out", "resize": {"width": 30}});
    let done = gallery.done("batch_convert", arguments).await;
    assert_eq!((&done["done"], &done["failed"]), (&json!(3), &json!(2)), "{done}");
    assert!(done["saved_bytes"].as_i64().unwrap() > 0);
    let of = |name: &str| {
        let all = done["results"].as_array().unwrap();
        all.iter()
            .find(|one| one["input"].as_str().unwrap().ends_with(name))
            .unwrap_or_else(|| panic!("{name} in {done}"))
            .clone()
    };
    assert_eq!(of("broken.jpg")["error"]["code"], "INVALID_INPUT");
    assert_eq!(of("none.jpg")["error"]["code"], "NOT_FOUND");
    assert_eq!(of("c.jpg")["output"], json!(gallery.path("out/c.webp")));
    assert_eq!(gallery.pixels("out/b.webp").dimensions(), (30, 15));
    assert_eq!(gallery.progress, 5);
}

#[tokio::test]
async fn a_batch_in_which_nothing_works_is_an_error() {
    let mut gallery = Gallery::with("a.jpg", b"no picture");
    let error =
        gallery.refused("batch_convert", json!({"inputs": ["*.jpg"], "format": "png"}), "GRAPHICS_ERROR", "").await;
    assert_eq!(error["details"]["results"][0]["error"]["code"], "INVALID_INPUT");
    for (arguments, code, field) in [
        (json!({"inputs": [], "format": "png"}), "NOT_FOUND", "inputs"),
        (json!({"inputs": ["*.png"], "format": "png"}), "NOT_FOUND", "inputs"),
        (json!({"inputs": ["[*.png"], "format": "png"}), "INVALID_INPUT", "inputs"),
        (json!({"inputs": ["../*"], "format": "png"}), "PATH_DENIED", "inputs"),
        (json!({"inputs": ["/etc/*"], "format": "png"}), "PATH_DENIED", "inputs"),
        (json!({"inputs": ["a.jpg"], "format": "png", "jobs": 0}), "INVALID_INPUT", "jobs"),
        (json!({"inputs": ["a.jpg"], "format": "png", "quality": 101}), "INVALID_INPUT", "quality"),
        (json!({"inputs": ["a.jpg"], "format": "png", "resize": {}}), "INVALID_INPUT", "resize"),
        (json!({"inputs": ["a.jpg"], "format": "png", "resize": {"width": 0}}), "INVALID_INPUT", "resize.width"),
        (json!({"inputs": ["a.jpg"], "format": "png", "output_dir": "/tmp/../etc"}), "PATH_DENIED", "output_dir"),
    ] {
        gallery.refused("batch_convert", arguments, code, field).await;
    }
}

#[tokio::test]
async fn a_batch_does_not_follow_links_out_of_the_folder() {
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("secret.png"), samples::transparent_png(8)).unwrap();
    let mut gallery = Gallery::with("a.png", &samples::transparent_png(8));
    std::os::unix::fs::symlink(elsewhere.path(), gallery.path("link")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("secret.png"), gallery.path("b.png")).unwrap();
    let done = gallery.done("batch_convert", json!({"inputs": ["**/*.png"], "format": "webp"})).await;
    assert_eq!(done["done"], 1);
    assert_eq!(gallery.names(), ["a.png", "a.webp", "b.png", "link"]);
    gallery.refused("image_info", json!({"input_path": "b.png"}), "PATH_DENIED", "input_path").await;
    gallery.refused("image_info", json!({"input_path": "link/secret.png"}), "PATH_DENIED", "input_path").await;
}

#[tokio::test]
async fn a_set_has_every_width_in_every_format_and_the_html() {
    let mut gallery = Gallery::with("my photo.jpg", &samples::jpeg(500, 250));
    let arguments = json!({"input_path": "my photo.jpg", "widths": [100, 400, 800], "formats": ["avif", "webp", "jpeg"], "output_dir": "set"});
    let done = gallery.done("responsive_set", arguments).await;
    let files = done["files"].as_array().unwrap();
    assert_eq!(files.len(), 6, "{done}");
    assert_eq!(gallery.progress, 6);
    assert_eq!(gallery.pixels("set/my photo-400.webp").dimensions(), (400, 200));
    assert_eq!(gallery.pixels("set/my photo-100.jpg").dimensions(), (100, 50));
    assert_eq!(done["srcset"], "my%20photo-100.jpg 100w, my%20photo-400.jpg 400w");
    let html = done["picture_html"].as_str().unwrap();
    assert!(html.contains("type=\"image/avif\"") && html.contains("src=\"my%20photo-400.jpg\""), "{html}");
    let again = json!({"input_path": "my photo.jpg", "widths": [100, 200], "formats": ["jpeg"], "output_dir": "set"});
    gallery.refused("responsive_set", again, "ALREADY_EXISTS", "output_dir").await;
}

#[tokio::test]
async fn a_set_of_a_small_picture_has_its_own_width() {
    let mut gallery = Gallery::with("small.png", &samples::transparent_png(50));
    let done =
        gallery.done("responsive_set", json!({"input_path": "small.png", "formats": ["webp"], "html": false})).await;
    assert_eq!((&done["files"][0]["width"], &done["picture_html"]), (&json!(50), &json!(null)));
    for (arguments, field) in [
        (json!({"widths": []}), "widths"),
        (json!({"widths": [0]}), "widths"),
        (json!({"widths": [-3]}), "widths"),
        (json!({"formats": []}), "formats"),
        (json!({"quality": 0}), "quality"),
    ] {
        let mut arguments = arguments;
        arguments["input_path"] = json!("small.png");
        gallery.refused("responsive_set", arguments, "INVALID_INPUT", field).await;
    }
}

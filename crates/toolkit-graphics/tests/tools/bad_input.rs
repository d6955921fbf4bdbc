//! What is no picture, is cut, claims too much, or may not be touched: the same answers from every tool that reads one.

use image::ImageFormat;
use serde_json::{Value, json};

use crate::{gallery::Gallery, samples};

/// Each tool that reads a picture, with the argument that names it and what else it needs.
fn readers(name: &str) -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("resize_image", "input_path", json!({"input_path": name, "width": 4})),
        ("convert_format", "input_path", json!({"input_path": name, "format": "bmp"})),
        ("generate_thumbnail", "input_path", json!({"input_path": name})),
        ("image_info", "input_path", json!({"input_path": name})),
        ("optimize_image", "input_path", json!({"input_path": name})),
        ("choose_format", "input_path", json!({"input_path": name})),
        ("watermark", "input_path", json!({"input_path": name, "text": "a"})),
        ("responsive_set", "input_path", json!({"input_path": name})),
        (
            "compose_images",
            "images",
            json!({"images": [{"path": name}], "canvas": {"width": 9, "height": 9}, "output_path": "o.png"}),
        ),
        ("edit_image", "input_path", json!({"input_path": name, "ops": [{"op": "grayscale"}]})),
        ("compare_images", "a", json!({"a": name, "b": name})),
    ]
}

async fn all_refuse(gallery: &mut Gallery, name: &str, code: &str) {
    for (tool, field, arguments) in readers(name) {
        gallery.refused(tool, arguments, code, field).await;
    }
}

#[tokio::test]
async fn hostile_paths_are_refused_by_every_tool() {
    let mut gallery = Gallery::with("a.png", &samples::transparent_png(8));
    for (path, code) in [
        ("none.png", "NOT_FOUND"),
        ("", "INVALID_INPUT"),
        ("a\u{0}.png", "INVALID_INPUT"),
        (&"x".repeat(300), "INVALID_INPUT"),
        ("../../etc/passwd", "PATH_DENIED"),
        ("/etc/passwd", "PATH_DENIED"),
        ("~root/a.png", "NOT_FOUND"),
        ("a.png/b.png", "NOT_FOUND"),
        (".", "INVALID_INPUT"),
        ("/dev/zero", "PATH_DENIED"),
        ("$(touch x).png", "NOT_FOUND"),
        ("; rm -rf ~", "NOT_FOUND"),
    ] {
        all_refuse(&mut gallery, path, code).await;
    }
    for (tool, path) in [("resize_image", "../x.png"), ("resize_image", "/etc/x.png"), ("resize_image", "a.png/x.png")]
    {
        let arguments = json!({"input_path": "a.png", "output_path": path, "width": 4});
        let result = gallery.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{path}: {result}");
    }
    assert_eq!(gallery.names(), ["a.png"]);
}

#[tokio::test]
async fn what_is_no_picture_is_refused_by_every_tool() {
    let mut gallery = Gallery::with("text.txt", b"hello");
    gallery.put("empty.png", b"");
    gallery.put("paper.png", b"%PDF-1.7 ...");
    gallery.put("named.png", samples::jpeg(8, 8));
    for name in ["text.txt", "empty.png", "paper.png", "named.png"] {
        all_refuse(&mut gallery, name, "INVALID_INPUT").await;
    }
    let error = gallery.refused("image_info", json!({"input_path": "named.png"}), "INVALID_INPUT", "input_path").await;
    assert!(error["message"].as_str().unwrap().contains("the content is JPEG"), "{error}");
    let error = gallery.refused("image_info", json!({"input_path": "paper.png"}), "INVALID_INPUT", "input_path").await;
    assert!(error["message"].as_str().unwrap().contains("a PDF document"), "{error}");
}

#[tokio::test]
async fn a_file_that_was_cut_is_refused_in_every_format() {
    let mut gallery = Gallery::with("whole.png", &samples::file(samples::photo(90, 70), ImageFormat::Png));
    for format in ["jpg", "webp", "avif", "tiff", "bmp", "gif"] {
        gallery.done("convert_format", json!({"input_path": "whole.png", "format": format})).await;
    }
    for format in ["png", "jpg", "webp", "avif", "tiff", "bmp", "gif"] {
        let whole = gallery.read(&format!("whole.{format}"));
        for share in [10, 50, 90, 99] {
            let name = format!("cut.{format}");
            gallery.put(&name, &whole[..whole.len() * share / 100]);
            let arguments = json!({"input_path": name, "width": 8});
            gallery.refused("resize_image", arguments, "INVALID_INPUT", "input_path").await;
        }
    }
}

#[tokio::test]
async fn damage_anywhere_never_breaks_the_toolkit() {
    let mut gallery = Gallery::with("whole.png", &samples::file(samples::photo(40, 30), ImageFormat::Png));
    for format in ["jpg", "webp", "avif", "tiff", "bmp", "gif"] {
        gallery.done("convert_format", json!({"input_path": "whole.png", "format": format})).await;
    }
    for format in ["png", "jpg", "webp", "avif", "tiff", "bmp", "gif"] {
        let whole = gallery.read(&format!("whole.{format}"));
        let name = format!("bent.{format}");
        for place in 0..40 {
            let mut bent = whole.clone();
            let at = (place * 7_919 + place) % bent.len();
            bent[at] ^= 1 << (place % 8);
            gallery.put(&name, &bent);
            let result = gallery.call("image_info", json!({"input_path": name})).await;
            let code = result["_meta"]["dev.switchboard/error"]["code"].as_str();
            let is_answer = result["structuredContent"].is_object();
            assert!(
                is_answer || matches!(code, Some("INVALID_INPUT" | "TOO_LARGE" | "NOT_SUPPORTED")),
                "{format} bit {at}: {result}"
            );
        }
    }
}

#[tokio::test]
async fn pictures_that_claim_too_much_are_refused_before_they_are_decoded() {
    let mut gallery = Gallery::open();
    gallery.put("wide.png", samples::png_that_claims(65_535, 65_535));
    gallery.put("long.png", samples::png_that_claims(1, 16_385));
    gallery.put("large.png", samples::png_that_claims(16_000, 16_000));
    gallery.put("strip.tiff", samples::tiff_that_claims(60_000, 60_000, u32::MAX));
    gallery.put("huge.svg", br#"<svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"/>"#);
    for name in ["wide.png", "long.png", "large.png", "strip.tiff", "huge.svg"] {
        all_refuse(&mut gallery, name, "TOO_LARGE").await;
    }
}

#[tokio::test]
async fn memory_follows_what_is_there_and_not_what_is_claimed() {
    let mut gallery = Gallery::open();
    gallery.put("hollow.png", samples::png_that_claims(10_000, 10_000));
    gallery.put("hollow.tiff", samples::tiff_that_claims(10_000, 10_000, 100_000_000));
    for name in ["hollow.png", "hollow.tiff"] {
        gallery.refused("image_info", json!({"input_path": name}), "INVALID_INPUT", "input_path").await;
    }
}

#[tokio::test]
async fn an_animation_without_end_is_refused() {
    let mut gallery = Gallery::with("film.gif", &samples::gif_of_many_frames(100_000, 4));
    gallery.put("wide.gif", samples::gif_of_many_frames(900, 4_000));
    for name in ["film.gif", "wide.gif"] {
        let arguments = json!({"input_path": name, "format": "webp"});
        gallery.refused("convert_format", arguments, "TOO_LARGE", "input_path").await;
    }
    let still = json!({"input_path": "film.gif", "format": "png"});
    gallery.done("convert_format", still).await;
}

#[tokio::test]
async fn an_animation_cannot_be_made_to_outgrow_the_limits() {
    let mut gallery = Gallery::with("film.gif", &samples::moving_gif(5, 40));
    let padded = json!({"input_path": "film.gif", "ops": [{"op": "pad", "right": 5_000, "bottom": 5_000}]});
    gallery.refused("edit_image", padded, "TOO_LARGE", "ops[0]").await;
    let enlarged = json!({"input_path": "film.gif", "width": 5_000, "upscale": true, "timeout_s": 300});
    gallery.refused("resize_image", enlarged, "TOO_LARGE", "input_path").await;
    assert_eq!(gallery.names(), ["film.gif"]);
}

#[tokio::test]
async fn a_drawing_that_takes_too_long_or_too_much_memory_is_refused() {
    let drawing = |content: &str| {
        format!("<svg xmlns='http://www.w3.org/2000/svg' width='4000' height='4000'>{content}</svg>").into_bytes()
    };
    let page = "<rect width='4000' height='4000'/>";
    let noise =
        "<filter id='f'><feTurbulence baseFrequency='.1' numOctaves='4000000000'/></filter><g filter='url(#f)'>";
    let mut gallery = Gallery::with("noise.svg", &drawing(&format!("{noise}{page}</g>")));
    let layers = ["<g opacity='.5'>".repeat(100), page.to_owned(), "</g>".repeat(100)].concat();
    gallery.put("layers.svg", drawing(&layers));
    gallery.put("painted.svg", drawing(&page.repeat(5_000)));
    let link = |at: usize| {
        let inner = format!("<rect width='5' height='5' fill='url(#p{})'/>", at + 1);
        format!("<pattern id='p{at}' width='9' height='9' patternUnits='userSpaceOnUse'>{inner}</pattern>")
    };
    let chain = (0..20_000).map(link).collect::<Vec<_>>().concat();
    gallery.put("chain.svg", drawing(&format!("{chain}<rect width='9' height='9' fill='url(#p0)'/>")));
    gallery.put("letters.svg", drawing(&format!("<text>{}</text>", "a".repeat(1_000_000))));
    for name in ["noise.svg", "layers.svg", "painted.svg", "chain.svg", "letters.svg"] {
        let arguments = json!({"input_path": name, "format": "png"});
        gallery.refused("convert_format", arguments, "TOO_LARGE", "input_path").await;
    }
    let chain = (0..1_900).map(link).collect::<Vec<_>>().concat();
    gallery.put("long.svg", drawing(&format!("{chain}<rect width='9' height='9' fill='url(#p0)'/>")));
    gallery.done("resize_image", json!({"input_path": "long.svg", "width": 40, "output_path": "long.png"})).await;
}

#[tokio::test]
async fn a_drawing_that_multiplies_is_refused() {
    let level = |level| format!("<g id='l{level}'>{}</g>", format!("<use href='#l{}'/>", level - 1).repeat(10));
    let levels = (1..30).map(level).collect::<Vec<_>>().concat();
    let multiplying = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><rect id='l0' width='1' height='1'/>{levels}</svg>"
    );
    let mut gallery = Gallery::with("uses.svg", multiplying.as_bytes());
    let laughs = "<!DOCTYPE svg [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>\
        <svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><text>&b;</text></svg>";
    gallery.put("laughs.svg", laughs.as_bytes());
    let deep = format!("<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'>{}", "<g>".repeat(100_000));
    gallery.put("deep.svg", deep.as_bytes());
    for name in ["uses.svg", "laughs.svg", "deep.svg"] {
        gallery.refused("image_info", json!({"input_path": name}), "TOO_LARGE", "input_path").await;
    }
}

#[tokio::test]
async fn a_file_that_is_there_is_only_replaced_when_asked() {
    let first = samples::jpeg(40, 30);
    let mut gallery = Gallery::with("a.jpg", &first);
    gallery.put("b.jpg", b"something else");
    let onto = |path: &str| json!({"input_path": "a.jpg", "output_path": path, "width": 20});
    gallery.refused("resize_image", onto("a.jpg"), "ALREADY_EXISTS", "output_path").await;
    gallery.refused("resize_image", onto("b.jpg"), "ALREADY_EXISTS", "output_path").await;
    assert_eq!(gallery.read("b.jpg"), b"something else");
    let mut over = onto("a.jpg");
    over["overwrite"] = json!(true);
    let done = gallery.done("resize_image", over).await;
    let backup = std::fs::read(done["backup_path"].as_str().unwrap()).unwrap();
    assert_eq!(backup, first);
    assert_eq!(gallery.pixels("a.jpg").width(), 20);
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_done_and_writes_nothing() {
    let mut gallery = Gallery::with("a.png", &samples::transparent_png(32));
    for (tool, _, mut arguments) in readers("a.png") {
        if ["image_info", "choose_format", "compare_images"].contains(&tool) {
            continue;
        }
        arguments["dry_run"] = json!(true);
        let planned = gallery.done(tool, arguments).await;
        let steps = planned["plan"].as_array().unwrap();
        assert!(steps.iter().any(|step| step.as_str().unwrap().starts_with("write `")), "{tool}: {planned}");
        assert_eq!(gallery.names(), ["a.png"], "{tool}");
    }
}

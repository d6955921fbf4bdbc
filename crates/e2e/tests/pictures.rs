//! A responsive image set, from a photograph to the HTML of a page: made by real clients of both eras through the gateway.

use std::fs;
use std::path::Path;

use e2e::{Client, Node};
use serde_json::{Value, json};

/// One full client of each era.
const CLIENTS: [Client; 2] = [Client::PythonAuto, Client::TypeScriptV1];
/// The photograph.
const WIDTH: u32 = 480;
const HEIGHT: u32 = 320;
/// What is made of it: the last width is more than it has.
const WIDTHS: [u32; 3] = [120, 240, 960];

/// Soft colours as BMP, which needs no encoder.
fn photograph() -> Vec<u8> {
    let rows = (0..HEIGHT).flat_map(|y| {
        (0..WIDTH).flat_map(move |x| [x / 2, y / 2, (x + y) / 4].map(|value| u8::try_from(value).unwrap_or(u8::MAX)))
    });
    let pixels: Vec<u8> = rows.collect();
    let (head, info) = (14_u32, 40_u32);
    let length = u32::try_from(pixels.len()).expect("the photograph is small");
    let mut file = b"BM".to_vec();
    for number in [head + info + length, 0, head + info, info, WIDTH, HEIGHT, 1 | 24 << 16, 0, length, 0, 0, 0, 0] {
        file.extend(number.to_le_bytes());
    }
    file.extend(pixels);
    file
}

/// The structure of the answer to a call that reports progress, and how often it did.
fn made(client: Client, url: &str, arguments: &Value) -> (Value, usize) {
    let action = json!({"do": "progress", "name": "graphics_responsive_set", "arguments": arguments});
    let outcomes = client.drive(url, &[action]).expect("the client comes to its end");
    let value = outcomes[1].value();
    assert_ne!(value["result"]["isError"], true, "{client:?} {}", outcomes[1].line());
    let structure = value["result"]["structuredContent"].clone();
    (structure, value["progress"].as_array().map_or(0, Vec::len))
}

/// Whether a file begins as its format does.
fn begins_as(format: &str, file: &Path) -> bool {
    let bytes = fs::read(file).unwrap_or_default();
    match format {
        "avif" => bytes.get(4..12) == Some(b"ftypavif"),
        "webp" => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        "jpeg" => bytes.starts_with(&[0xff, 0xd8, 0xff]),
        _ => false,
    }
}

#[test]
fn a_responsive_image_set_is_made_for_clients_of_both_eras() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("sea side.bmp"), photograph()).expect("a file");
    let root = folder.path().display();
    let node = Node::start(&format!("[servers.graphics]\ntoolkit = \"graphics\"\nroots = [\"{root}\"]\n"));
    for (client, output_dir) in CLIENTS.into_iter().zip(["modern", "legacy"]) {
        let arguments =
            json!({"input_path": "sea side.bmp", "widths": WIDTHS, "output_dir": output_dir, "timeout_s": 120});
        let (set, progress) = made(client, &node.everything(), &arguments);
        let files = set["files"].as_array().expect("a list of files");
        assert_eq!(files.len(), 6, "{client:?} {set}");
        assert!(progress >= 6, "{client:?} {progress}");
        for file in files {
            let (path, format) =
                (file["path"].as_str().unwrap_or_default(), file["format"].as_str().unwrap_or_default());
            assert!(path.starts_with(&*root.to_string()) && begins_as(format, Path::new(path)), "{client:?} {file}");
            assert_eq!(file["size"], fs::metadata(path).expect("the file").len(), "{client:?} {file}");
        }
        assert_eq!(set["srcset"], "sea%20side-120.jpg 120w, sea%20side-240.jpg 240w", "{client:?}");
        let html = set["picture_html"].as_str().unwrap_or_default();
        let places = ["image/avif", "image/webp", "<img src=\"sea%20side-240.jpg\""].map(|part| html.find(part));
        assert!(places[0].is_some() && places.is_sorted(), "{client:?} {html}");
    }
}

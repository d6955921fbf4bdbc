//! A photograph of 24 megapixels to three widths, beside ImageMagick: `cargo bench -p toolkit-graphics`. Prints both times,
//! their ratio and our peak memory; fails if we are slower. `IMAGEMAGICK` names its `convert` if it is not on the path.
#![expect(clippy::disallowed_methods, reason = "ImageMagick is a program that only this measurement starts")]
#![expect(clippy::cast_sign_loss, reason = "the pixels of the sample are small positive numbers")]

use std::{
    env, fs,
    path::Path,
    process::{Command, ExitCode},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use workbench::{Bench, Denied, Roots};

/// The photograph.
const WIDTH: u32 = 6_000;
const HEIGHT: u32 = 4_000;
/// What is made of it.
const WIDTHS: [u32; 3] = [640, 1_280, 1_920];
/// Each is run so often in turn, and its best run counts: others use the machine too.
const ROUNDS: usize = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a folder can be made");
    photograph(&folder.path().join("photo.jpg"));
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        ours = ours.min(switchboard(folder.path()).await);
        theirs = theirs.min(imagemagick(folder.path()));
    }
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("switchboard {} ms, ImageMagick {} ms, ratio {ratio:.2}", ours.as_millis(), theirs.as_millis());
    println!("peak memory of this process: {}", peak_memory());
    if ratio <= 1.0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Soft shapes with grain, so that neither the transform nor the tables have an easy time.
fn photograph(path: &Path) {
    let pixels = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let wave = ((x as f32 / 97.0).sin() * (y as f32 / 61.0).cos()) * 90.0 + 128.0;
        let grain = (x.wrapping_mul(7_919) ^ y.wrapping_mul(104_729)) % 17;
        Rgb([wave as u8, (wave as u8).wrapping_add(grain as u8), 255 - wave as u8])
    });
    pixels.save(path).expect("the photograph can be written");
}

/// One call of `responsive_set`, from the message to the answer.
async fn switchboard(folder: &Path) -> Duration {
    let roots = Roots::open([folder], Denied::system()).expect("the folder is there");
    let (to_server, incoming) = mpsc::channel::<Bytes>(8);
    let (outgoing, mut from_server) = mpsc::channel::<Bytes>(64);
    tokio::spawn(toolkit::serve(Arc::new(toolkit_graphics::toolkit(&Bench { roots })), incoming, outgoing));
    let arguments = json!({"input_path": "photo.jpg", "widths": WIDTHS, "formats": ["jpeg"], "output_dir": "set",
        "overwrite": true, "timeout_s": 600});
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "responsive_set", "arguments": arguments,
        "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}});
    let started = Instant::now();
    to_server.send(request.to_string().into()).await.expect("the toolkit listens");
    let answer = from_server.recv().await.expect("the toolkit answers");
    let taken = started.elapsed();
    let answer: Value = serde_json::from_slice(&answer).expect("the answer is JSON");
    assert_eq!(answer["result"]["structuredContent"]["files"].as_array().map(Vec::len), Some(3), "{answer}");
    taken
}

/// The same with one call of `convert`: the photograph is read once.
fn imagemagick(folder: &Path) -> Duration {
    let program = env::var_os("IMAGEMAGICK").unwrap_or_else(|| "convert-im6.q16".into());
    let mut command = Command::new(&program);
    command.current_dir(folder).arg("photo.jpg");
    for width in WIDTHS {
        let name = format!("theirs-{width}.jpg");
        command.args(["(", "+clone", "-resize", &width.to_string(), "-quality", "80", "-write", &name, "+delete", ")"]);
    }
    let started = Instant::now();
    let status = command.arg("null:").status().expect("ImageMagick is there; install it or set IMAGEMAGICK");
    assert!(status.success(), "{status}");
    started.elapsed()
}

fn peak_memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim().to_owned()
}

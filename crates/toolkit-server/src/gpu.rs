//! Graphics processors: what the kernel says of those of AMD, and what the program of NVIDIA says of its own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Code, Failure};

use crate::{percent, programs::NVIDIA_SMI, reading};

/// How the program of NVIDIA is asked for what [`parse_nvidia`] reads.
const NVIDIA_QUERY: [&str; 2] = [
    "--query-gpu=index,name,memory.used,memory.total,utilization.gpu,temperature.gpu",
    "--format=csv,noheader,nounits",
];
const CARDS: &str = "/sys/class/drm";
const MEBIBYTE: u64 = 1_024 * 1_024;

/// One graphics processor. What it does not tell is left out.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Gpu {
    id: String,
    name: String,
    memory_used_mb: Option<u64>,
    memory_total_mb: Option<u64>,
    utilization_percent: Option<f64>,
    /// In degrees Celsius.
    temperature: Option<f64>,
}

/// Those whose figures the kernel shows.
fn of_the_kernel() -> Vec<Gpu> {
    in_folder(Path::new(CARDS))
}

/// All of them. A machine without the program of NVIDIA has none of its cards either, or nobody who knows them.
pub(crate) async fn all() -> Result<Vec<Gpu>, Failure> {
    let mut gpus = reading::read(|| Ok(of_the_kernel())).await?;
    match NVIDIA_SMI.command().words(NVIDIA_QUERY).why("its driver knows the cards of NVIDIA").succeed().await {
        Ok(outcome) => gpus.extend(parse_nvidia(&outcome.stdout)),
        // its driver may be gone while the program is still there
        Err(failure) if matches!(failure.code, Code::DependencyMissing | Code::CommandFailed) => {}
        Err(failure) => return Err(failure),
    }
    Ok(gpus)
}

fn in_folder(cards: &Path) -> Vec<Gpu> {
    let entries = fs::read_dir(cards).into_iter().flatten().flatten().map(|entry| entry.path());
    // `card0-HDMI-A-1` is a socket of `card0`
    let mut cards: Vec<PathBuf> = entries.filter(|path| is_card(path)).collect();
    cards.sort();
    cards.iter().filter_map(|card| read(card)).collect()
}

fn is_card(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix("card"));
    name.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn read(card: &Path) -> Option<Gpu> {
    let device = card.join("device");
    let text = |path: &Path| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let number = |path: &Path| text(path).and_then(|text| text.parse::<u64>().ok());
    let memory_total_mb = number(&device.join("mem_info_vram_total")).map(|bytes| bytes / MEBIBYTE)?;
    let sensors = fs::read_dir(device.join("hwmon")).into_iter().flatten().flatten();
    let mut temperatures = sensors.filter_map(|sensor| number(&sensor.path().join("temp1_input")));
    Some(Gpu {
        id: card.file_name()?.to_string_lossy().into_owned(),
        name: text(&device.join("product_name")).filter(|name| !name.is_empty()).unwrap_or_else(|| "AMD".to_owned()),
        memory_used_mb: number(&device.join("mem_info_vram_used")).map(|bytes| bytes / MEBIBYTE),
        memory_total_mb: Some(memory_total_mb),
        utilization_percent: number(&device.join("gpu_busy_percent")).map(|percent| percent as f64),
        temperature: temperatures.next().map(|thousandths| percent::rounded(thousandths as f64 / 1_000.0)),
    })
}

/// What the program of NVIDIA has printed. It writes `[N/A]` for what a card does not tell.
fn parse_nvidia(printed: &str) -> Vec<Gpu> {
    let gpu = |line: &str| {
        let [id, name, used, total, busy, temperature] =
            line.split(',').map(str::trim).collect::<Vec<_>>().try_into().ok()?;
        Some(Gpu {
            id: id.to_owned(),
            name: name.to_owned(),
            memory_used_mb: used.parse().ok(),
            memory_total_mb: total.parse().ok(),
            utilization_percent: busy.parse().ok(),
            temperature: temperature.parse().ok(),
        })
    };
    printed.lines().filter_map(gpu).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nvidia_prints_is_understood() {
        let gpus =
            parse_nvidia("0, NVIDIA A100-SXM4-40GB, 1234, 40960, 57, 44\n1, Tesla, [N/A], 100, [N/A], 30\nbroken\n");
        assert_eq!(gpus.len(), 2);
        assert_eq!((gpus[0].memory_used_mb, gpus[0].utilization_percent), (Some(1_234), Some(57.0)));
        assert_eq!((gpus[1].memory_used_mb, gpus[1].temperature), (None, Some(30.0)));
    }

    #[test]
    fn a_card_is_read_from_the_files_of_the_kernel() {
        let cards = tempfile::tempdir().unwrap();
        let device = cards.path().join("card0/device");
        fs::create_dir_all(device.join("hwmon/hwmon3")).unwrap();
        fs::create_dir_all(cards.path().join("card0-HDMI-A-1/device")).unwrap();
        fs::create_dir_all(cards.path().join("card1/device")).unwrap();
        let files = [
            ("mem_info_vram_total", "8573157376"),
            ("mem_info_vram_used", "104857600"),
            ("gpu_busy_percent", "12"),
            ("hwmon/hwmon3/temp1_input", "48500"),
        ];
        for (name, text) in files {
            fs::write(device.join(name), format!("{text}\n")).unwrap();
        }
        let expected = Gpu {
            id: "card0".to_owned(),
            name: "AMD".to_owned(),
            memory_used_mb: Some(100),
            memory_total_mb: Some(8_176),
            utilization_percent: Some(12.0),
            temperature: Some(48.5),
        };
        assert_eq!(in_folder(cards.path()), [expected]);
        assert_eq!(in_folder(Path::new("/nonexistent")), []);
    }
}

//! Graphics processors, as far as the kernel itself says how they are: it does of those of AMD.

use std::{
    fs,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::Serialize;

use crate::percent;

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
pub(crate) fn of_the_kernel() -> Vec<Gpu> {
    in_folder(Path::new(CARDS))
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

#[cfg(test)]
mod tests {
    use super::*;

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

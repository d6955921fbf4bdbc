//! Which coding an answer gets: what `Accept-Encoding` says, read with its weights.

use super::Coding;

/// The coding that a client likes best, of those that there are; `None` where it wants the answer as it is.
pub(super) fn choose(accepted: &str) -> Option<Coding> {
    let mut best: Option<(u16, Coding)> = None;
    for coding in Coding::ALL {
        let weight = weight(accepted, coding.as_str()).unwrap_or(0);
        if weight > best.map_or(0, |(weight, _)| weight) {
            best = Some((weight, coding));
        }
    }
    let plain = weight_of_plain(accepted);
    best.filter(|(weight, _)| plain.is_none_or(|plain| *weight >= plain)).map(|(_, coding)| coding)
}

/// What the answer as it is weighs, where that is said at all.
fn weight_of_plain(accepted: &str) -> Option<u16> {
    named(accepted, "identity")
}

/// What a coding weighs, in thousandths: by its name, or by the star.
fn weight(accepted: &str, name: &str) -> Option<u16> {
    named(accepted, name).or_else(|| named(accepted, "*"))
}

fn named(accepted: &str, name: &str) -> Option<u16> {
    accepted.split(',').find_map(|range| {
        let (coding, parameters) = range.split_once(';').unwrap_or((range, ""));
        coding.trim().eq_ignore_ascii_case(name).then(|| quality(parameters))
    })
}

/// The weight among the parameters, in thousandths: 1 where there is none, 0 where it makes no sense.
fn quality(parameters: &str) -> u16 {
    let given = parameters.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    given.map_or(1_000, |given| thousandths(given).unwrap_or(0))
}

/// A number from 0 to 1 with up to three digits behind the point, in thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_written_right = fraction.len() <= 3 && fraction.bytes().all(|digit| digit.is_ascii_digit());
    match whole {
        "1" if is_written_right && fraction.bytes().all(|digit| digit == b'0') => Some(1_000),
        "0" if is_written_right => format!("{fraction:0<3}").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_coding_wins_and_of_equals_the_best() {
        let check = |accepted, expected: Option<Coding>| assert_eq!(choose(accepted), expected, "{accepted}");
        check("", None);
        check("identity", None);
        check("gzip", Some(Coding::Gzip));
        check("GZIP", Some(Coding::Gzip));
        check("gzip, deflate, br, zstd", Some(Coding::Gzip));
        check("br", Some(Coding::Brotli));
        check("br, zstd", Some(Coding::Brotli));
        check("gzip;q=0.8, br, zstd;q=0.9", Some(Coding::Brotli));
        check("gzip;q=0.5, zstd;q=1.0", Some(Coding::Zstd));
        check("gzip;q=0, zstd;q=0.001", Some(Coding::Zstd));
        check("*", Some(Coding::Gzip));
        check("*;q=0.5, gzip;q=0", Some(Coding::Brotli));
        check("*;q=0", None);
        check("identity, gzip;q=0.5", None);
        check("identity;q=0.5, gzip", Some(Coding::Gzip));
        check("gzip;q=2, zstd;q=-1, *;q=0", None);
        check("gzip;q=1.001, zstd;q=0.0001", None);
        check("deflate", None);
    }
}

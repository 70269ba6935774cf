//! Texts in the formats that machines read, where a topic's own words would
//! not do: a person says "half an hour", a schema wants `PT30M`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use magnet_proto::rng::Rng;
use rand::RngExt;

use super::{ids, pick, tables};

/// A text in that format, for formats that leave no choice of words.
pub(super) fn strict(format: &str, rng: &mut Rng) -> Option<String> {
    Some(match format {
        "time" => {
            let minute = [0, 15, 30, 45][rng.random_range(0..4)];
            format!("{:02}:{minute:02}:00Z", rng.random_range(7..22))
        }
        "duration" => match rng.random_range(0..3) {
            0 => format!("P{}D", rng.random_range(1..15)),
            1 => format!("PT{}M", rng.random_range(1..12) * 5),
            _ => format!("PT{}H{}M", rng.random_range(1..9), rng.random_range(1..4) * 15),
        },
        "ipv6" => format!("2001:db8:{}::{}", ids::hex(3, rng), ids::hex(2, rng)),
        "byte" | "base64" => STANDARD.encode(pick(tables::prose::KEYWORDS, rng)),
        "json-pointer" => format!("/{}", pick(tables::prose::WORDS, rng)),
        "relative-json-pointer" => format!("1/{}", pick(tables::prose::WORDS, rng)),
        "uri-template" => {
            format!("https://{}/{{id}}", super::tables::business::domain(rng))
        }
        "regex" => format!("^{}.*$", pick(tables::prose::WORDS, rng)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use magnet_proto::{WalkIndex, rng};
    use magnet_worker::vet::calls;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_is_what_its_format_says() {
        let mut rng = rng::stream(7, WalkIndex(0), "format");
        for format in [
            "time", "duration", "ipv6", "json-pointer", "relative-json-pointer", "uri-template",
            "regex",
        ] {
            let judge = calls::judge(&json!({ "format": format })).unwrap();
            assert!(!judge.is_valid(&json!("\\ not (at all")), "{format} is judged");
            for _ in 0..30 {
                let text = strict(format, &mut rng).unwrap();
                assert!(judge.is_valid(&json!(text)), "{format}: {text}");
            }
        }
    }
}

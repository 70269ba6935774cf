//! Codes filled from patterns of digits and letters.

use magnet_proto::rng::Rng;
use rand::RngExt;

/// Fills a pattern: `#` is a digit (the first one of a pattern not zero), `@`
/// an upper-case letter, `~` a lower-case letter or digit, `x` a lower-case
/// hex digit; anything else stands for itself.
pub fn fill(pattern: &str, rng: &mut Rng) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPRSTUVWXYZ";
    const SMALL: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    const HEX: &[u8] = b"0123456789abcdef";
    let mut first = true;
    let of = |table: &[u8], rng: &mut Rng| char::from(table[rng.random_range(0..table.len())]);
    pattern
        .chars()
        .map(|c| match c {
            '#' if std::mem::take(&mut first) => of(b"123456789", rng),
            '#' => of(b"0123456789", rng),
            '@' => of(LETTERS, rng),
            '~' => of(SMALL, rng),
            'x' => of(HEX, rng),
            other => other,
        })
        .collect()
}

/// A random (version 4) UUID.
pub fn uuid(rng: &mut Rng) -> String {
    let bits: u128 = rng.random();
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    groups.join("-")
}

/// That many hex digits.
pub fn hex(digits: usize, rng: &mut Rng) -> String {
    let mut text = String::with_capacity(digits + 16);
    while text.len() < digits {
        text.push_str(&format!("{:016x}", rng.random::<u64>()));
    }
    text.truncate(digits);
    text
}

//! The tables behind the lexicon: words and rows, no logic beyond drawing one.
//!
//! Static data, written for this project. Where rows belong together (a city,
//! its country, airport, currency, coordinates) they stand in one row.

pub(crate) use magnet_worker::persona::{business, cities, people};

pub mod codes;
pub mod culture;
pub mod leisure;
pub mod prose;
pub mod things;

//! The tables behind the lexicon: words and rows, no logic beyond drawing one.
//!
//! Static data, written for this project. Where rows belong together (a city,
//! its country, airport, currency, coordinates) they stand in one row.

pub mod business;
pub mod cities;
pub mod codes;
pub mod culture;
pub mod leisure;
pub mod people;
pub mod prose;
pub mod things;

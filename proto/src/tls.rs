//! What connections over TLS to the queue and the stores have in common: an
//! authority of one's own, and what is wrong with a certificate.
//!
//! Not here: teachers and object stores, whose client trusts what the system
//! trusts.

use std::path::Path;

/// Chooses the cryptography of this process; a choice made before stays.
pub(crate) fn prepare() {
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// Reads the PEM file of an authority to trust. The error is told as it is.
pub(crate) fn read_authority(path: &Path) -> Result<String, String> {
    let named = format!("the certificate authority \"{}\"", path.display());
    let text = std::fs::read_to_string(path).map_err(|problem| {
        format!("{named} cannot be read: {problem}\nhint: check fleet.ca_file")
    })?;
    if text.contains("-----BEGIN CERTIFICATE-----") {
        return Ok(text);
    }
    Err(format!("{named} holds no certificate\nhint: name a PEM file in fleet.ca_file"))
}

/// What a failed connection to `place` means, if it failed for TLS: waiting
/// will not mend it.
pub(crate) fn explain(place: &str, problem: &str) -> Option<String> {
    let has = |words: &[&str]| words.iter().any(|word| problem.contains(word));
    if has(&["InvalidContentType"]) {
        return Some(format!(
            "{place} does not speak TLS: {problem}\nhint: name its port for TLS, or take the s \
             from the URL's scheme"
        ));
    }
    let hint = if has(&["xpired", "NotValidYet", "not valid yet"]) {
        "have it renewed, or set this machine's clock"
    } else if has(&["not valid for", "NotValidForName"]) {
        "name the host as the certificate does"
    } else if has(&["certificate", "UnknownIssuer"]) {
        "name the authority that signed it in fleet.ca_file"
    } else {
        return None;
    };
    Some(format!("the certificate of {place} is not accepted: {problem}\nhint: {hint}"))
}

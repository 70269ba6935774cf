//! A certificate authority of our own, for services that speak TLS.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::folder;

pub(crate) struct Authority {
    folder: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// PEM files for a server on 127.0.0.1.
pub(crate) struct Certificate {
    pub(crate) authority: PathBuf,
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    Now,
    Over,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let folder = folder("authority");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an authority of tests only");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("keys can be made");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("it signs itself");
        fs::write(folder.join("ca.pem"), issuer.pem()).expect("it can be written");
        Self { folder, issuer }
    }

    /// The file that clients are to trust.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Certifies a server on 127.0.0.1.
    pub(crate) fn certify(&self, validity: Validity) -> Certificate {
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("an address");
        if validity == Validity::Over {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2020, 2, 1);
        }
        let key = KeyPair::generate().expect("keys can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("the authority signs");
        let folder = folder("certificate");
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).expect("it can be written");
            path
        };
        Certificate {
            authority: self.file(),
            chain: write("server.pem", certificate.pem()),
            key: write("server.key", key.serialize_pem()),
        }
    }
}

impl Certificate {
    /// What Redis is told to speak nothing but TLS at this port.
    pub(crate) fn redis_arguments(&self, port: u16) -> Vec<String> {
        let path = |path: &Path| path.display().to_string();
        [
            ("--port", "0".to_owned()),
            ("--tls-port", port.to_string()),
            ("--tls-ca-cert-file", path(&self.authority)),
            ("--tls-cert-file", path(&self.chain)),
            ("--tls-key-file", path(&self.key)),
            ("--tls-auth-clients", "no".to_owned()),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect()
    }

    /// The same for RabbitMQ's configuration.
    pub(crate) fn rabbitmq_lines(&self, port: u16) -> String {
        format!(
            "listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:{port}\n\
             ssl_options.cacertfile = {}\nssl_options.certfile = {}\nssl_options.keyfile = {}\n\
             ssl_options.verify = verify_none\nssl_options.fail_if_no_peer_cert = false\n",
            self.authority.display(),
            self.chain.display(),
            self.key.display(),
        )
    }
}

//! Part stores in the cloud, or in any server that speaks as one.
//!
//! `s3://bucket/prefix` reads its endpoint, region and credentials from the
//! `AWS_*` variables (`AWS_ENDPOINT` for a server of one's own, `http://` too),
//! `gs://bucket/prefix` from `GOOGLE_*`, `az://container/prefix` from
//! `AZURE_*`. A put is atomic: the object is there whole or not at all.
//! Refusals that may pass are tried again by the client for a minute; whoever
//! asked decides what comes after.

use std::sync::Arc;

use object_store::DynObjectStore;
use object_store::path::Path;

use super::Error;

/// A store and the prefix under which the parts lie in it.
type Opened = (Arc<DynObjectStore>, Path);

/// Names and values that go above those of the environment.
type Settings<'a> = &'a [(&'a str, String)];

/// Opens a store by its URL; `None` if it is of no kind known here.
pub(super) fn open(url: &str, settings: Settings<'_>) -> Result<Option<Opened>, Error> {
    let Some((kind @ ("s3" | "gs" | "az"), place)) = url.split_once("://") else {
        return Ok(None);
    };
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    if bucket.is_empty() {
        return Err(bad(url, "no bucket is named", &format!("write \"{kind}://bucket/prefix\"")));
    }
    let prefix = Path::parse(prefix.trim_end_matches('/'));
    let prefix = prefix.map_err(|error| bad(url, &error.to_string(), "use plain names"))?;
    let store = match kind {
        "s3" => s3(url, bucket, settings),
        "gs" => gs(url, bucket, settings),
        _ => az(url, bucket, settings),
    }?;
    Ok(Some((store, prefix)))
}

fn bad(url: &str, problem: &str, hint: &str) -> Error {
    Error::BadUrl(format!("part store \"{url}\": {problem}\nhint: {hint}"))
}

#[cfg(feature = "s3")]
fn s3(url: &str, bucket: &str, settings: Settings<'_>) -> Result<Arc<DynObjectStore>, Error> {
    use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
    let mut builder =
        AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(client::retries());
    for (name, value) in settings {
        builder = builder.with_config(client::key(url, name)?, value);
    }
    let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
    let plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
    builder = builder.with_client_options(client::options().with_allow_http(plain));
    client::prepare();
    let hint = "set AWS_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    let built = builder.build().map_err(|error| bad(url, &error.to_string(), hint))?;
    Ok(Arc::new(built))
}

#[cfg(feature = "gcs")]
fn gs(url: &str, bucket: &str, settings: Settings<'_>) -> Result<Arc<DynObjectStore>, Error> {
    use object_store::gcp::GoogleCloudStorageBuilder;
    client::prepare();
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_bucket_name(bucket)
        .with_client_options(client::options())
        .with_retry(client::retries());
    for (name, value) in settings {
        builder = builder.with_config(client::key(url, name)?, value);
    }
    let hint = "set GOOGLE_APPLICATION_CREDENTIALS";
    let built = builder.build().map_err(|error| bad(url, &error.to_string(), hint))?;
    Ok(Arc::new(built))
}

#[cfg(feature = "azure")]
fn az(url: &str, container: &str, settings: Settings<'_>) -> Result<Arc<DynObjectStore>, Error> {
    use object_store::azure::MicrosoftAzureBuilder;
    client::prepare();
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_container_name(container)
        .with_client_options(client::options())
        .with_retry(client::retries());
    for (name, value) in settings {
        builder = builder.with_config(client::key(url, name)?, value);
    }
    let hint = "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY";
    let built = builder.build().map_err(|error| bad(url, &error.to_string(), hint))?;
    Ok(Arc::new(built))
}

#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
mod client {
    use std::time::Duration;

    use object_store::{BackoffConfig, ClientOptions, RetryConfig};

    pub(super) fn options() -> ClientOptions {
        ClientOptions::new()
            .with_connect_timeout(Duration::from_secs(5))
            .with_timeout(Duration::from_secs(60))
    }

    pub(super) fn retries() -> RetryConfig {
        RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: 8,
            retry_timeout: Duration::from_secs(60),
        }
    }

    /// A setting by its variable's name.
    pub(super) fn key<K: std::str::FromStr>(url: &str, name: &str) -> Result<K, super::Error> {
        let unknown =
            |_| super::bad(url, &format!("\"{name}\" is no setting of it"), "leave it out");
        name.to_lowercase().parse().map_err(unknown)
    }

    /// Their client takes its TLS from the process.
    pub(super) fn prepare() {
        crate::tls::prepare();
    }
}

#[cfg(not(feature = "s3"))]
fn s3(url: &str, _: &str, _: Settings<'_>) -> Result<Arc<DynObjectStore>, Error> {
    Err(not_built(url, "s3"))
}

#[cfg(not(feature = "gcs"))]
fn gs(url: &str, _: &str, _: Settings<'_>) -> Result<Arc<DynObjectStore>, Error> {
    Err(not_built(url, "gcs"))
}

#[cfg(not(feature = "azure"))]
fn az(url: &str, _: &str, _: Settings<'_>) -> Result<Arc<DynObjectStore>, Error> {
    Err(not_built(url, "azure"))
}

#[cfg(not(all(feature = "s3", feature = "gcs", feature = "azure")))]
fn not_built(url: &str, feature: &str) -> Error {
    let hint = format!("build it with --features {feature}");
    bad(url, "this program was built without it", &hint)
}

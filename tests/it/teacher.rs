//! Campaigns whose teacher is a chat endpoint.

use std::path::Path;

use crate::harness::{Magnet, folder, read, records, write};
use crate::mock::{Address, Behaviour, Mock};

/// A campaign of so many samples with the mock as its only teacher.
fn campaign(folder: &Path, mock: Address, samples: u32, more: &str) {
    let url = mock.base_url();
    let text = format!(
        r#"
[campaign]
samples = {samples}
seed = 11

[teacher.mock]
kind = "openai"
base_url = "{url}"
model = "mock"
{more}
"#
    );
    write(folder, "campaign.toml", &text);
}

#[test]
fn a_chat_endpoint_makes_a_dataset_that_verifies() {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    campaign(folder.path(), mock.address(), 20, "");
    Magnet::new(folder.path()).args("run campaign.toml --out out").run().expect(0);
    assert_eq!(records(&folder.path().join("out/sft.jsonl")).len(), 20);
    Magnet::new(folder.path()).args("verify out").run().expect(0);
    let stats = mock.stats();
    assert!(stats.answered > 20 && stats.repeats == 0, "{stats:?}");
    assert!(!read(&folder.path().join("out/manifest.json")).contains("offline"));
}

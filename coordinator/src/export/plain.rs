//! The dataset as it is, in columns of text that hold JSON.

use anyhow::Result;

use super::layout::{Form, Layout, Out};
use super::notes::Notes;
use super::row::{Parted, Row};

pub(super) struct Plain;

impl Layout for Plain {
    fn conversation(&self, _: &Row<'_>, _: &mut Out, _: &mut Notes) -> Result<()> {
        Ok(())
    }

    fn pair(&self, _: &Parted<'_>, _: &mut Out, _: &mut Notes) -> Result<()> {
        Ok(())
    }

    fn is_verbatim(&self) -> bool {
        true
    }

    fn files(&self) -> [(&'static str, Form); 2] {
        [("sft", Form::Text), ("preference", Form::Text)]
    }

    fn takes_parquet(&self) -> bool {
        true
    }

    fn guide(&self) -> &'static str {
        r#"The columns are those of the dataset's own files; what is not text there (`messages`, `tools`, `metadata`,
`prompt_len`) is JSON as text, so that every loader of any version gives back what was written.

```python
import json
from datasets import load_dataset

rows = load_dataset("parquet", data_files="sft*.parquet", split="train")
first = {key: value if key == "id" else json.loads(value) for key, value in rows[0].items()}
```
"#
    }
}

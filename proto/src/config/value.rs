//! What a TOML document says at a key, as JSON.

use serde_json::Value;
use toml::de::DeValue;

use super::keys::{Fault, place};

/// A TOML value as JSON.
pub(super) fn json_of(value: &DeValue<'_>) -> Result<Value, Fault> {
    match value {
        DeValue::String(text) => Ok(text.as_ref().into()),
        DeValue::Boolean(flag) => Ok((*flag).into()),
        DeValue::Integer(n) => match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) => Ok(n.into()),
            Err(_) => Err(Fault::new(format!("{n} is too large"), "write a smaller number")),
        },
        DeValue::Float(n) => {
            let number = n.as_str().parse().ok().and_then(serde_json::Number::from_f64);
            number.map(Value::Number).ok_or_else(|| {
                Fault::new(format!("{n} is not a finite number"), "write an ordinary number")
            })
        }
        DeValue::Datetime(date) => Ok(date.to_string().into()),
        DeValue::Array(items) => {
            items.iter().map(|item| json_of(item.get_ref())).collect::<Result<_, _>>()
        }
        DeValue::Table(table) => {
            let mut object = Value::Object(Default::default());
            for (key, value) in table {
                place(&mut object, &[key.get_ref().to_string()], json_of(value.get_ref())?);
            }
            Ok(object)
        }
    }
}

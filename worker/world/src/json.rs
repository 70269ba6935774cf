//! Starlark values as JSON. The other way the interpreter does itself.

use serde_json::{Map, Number, Value as Json};
use starlark::values::dict::DictRef;
use starlark::values::float::StarlarkFloat;
use starlark::values::list::ListRef;
use starlark::values::tuple::TupleRef;
use starlark::values::{UnpackValue, Value, ValueLike};

/// Values that share parts look small and are large when written out.
const MAX_VALUES: usize = 200_000;
const MAX_DEPTH: usize = 32;

/// The value as JSON.
///
/// # Errors
/// What is no JSON in it, and where.
pub(crate) fn of(value: Value<'_>) -> Result<Json, String> {
    let mut writer = Writer { values: 0, path: Vec::new() };
    writer.write(value).map_err(|problem| match writer.path.as_slice() {
        [] => problem,
        path => format!("/{}: {problem}", path.join("/")),
    })
}

struct Writer {
    values: usize,
    path: Vec<String>,
}

impl Writer {
    fn write(&mut self, value: Value<'_>) -> Result<Json, String> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(format!("more than {MAX_VALUES} values"));
        }
        if self.path.len() > MAX_DEPTH {
            return Err(format!("nested more than {MAX_DEPTH} levels deep"));
        }
        if let Some(text) = value.unpack_str() {
            return Ok(text.into());
        }
        if let Some(number) = value.unpack_i32() {
            return Ok(number.into());
        }
        if let Some(dict) = DictRef::from_value(value) {
            return self.object(&dict);
        }
        if let Some(list) = ListRef::from_value(value) {
            return self.array(list.iter());
        }
        if let Some(tuple) = TupleRef::from_value(value) {
            return self.array(tuple.iter());
        }
        scalar(value)
    }

    fn object(&mut self, dict: &DictRef<'_>) -> Result<Json, String> {
        let mut object = Map::with_capacity(dict.len());
        for (key, member) in dict.iter() {
            let Some(name) = key.unpack_str() else {
                return Err(format!("the key {key} is no text"));
            };
            self.path.push(name.to_owned());
            object.insert(name.to_owned(), self.write(member)?);
            self.path.pop();
        }
        Ok(object.into())
    }

    fn array<'v>(
        &mut self,
        items: impl ExactSizeIterator<Item = Value<'v>>,
    ) -> Result<Json, String> {
        let mut array = Vec::with_capacity(items.len());
        for (position, item) in items.enumerate() {
            self.path.push(position.to_string());
            array.push(self.write(item)?);
            self.path.pop();
        }
        Ok(array.into())
    }
}

fn scalar(value: Value<'_>) -> Result<Json, String> {
    if value.is_none() {
        return Ok(Json::Null);
    }
    if let Some(flag) = value.unpack_bool() {
        return Ok(flag.into());
    }
    if let Ok(Some(number)) = i64::unpack_value(value) {
        return Ok(number.into());
    }
    if let Some(number) = value.downcast_ref::<StarlarkFloat>() {
        let number = Number::from_f64(number.0);
        return number.map(Json::Number).ok_or_else(|| format!("{value} is no JSON number"));
    }
    Err(format!("a value of type {} is no JSON", value.get_type()))
}

//! Lists: `items`, and tuples in the form of every draft.
//!
//! Draft 4's list of item schemas is `prefixItems`, and `additionalItems` what
//! `items` is beside them. A list of which an item cannot be made ends before
//! that item.

use serde_json::Value;

use super::{Cut, Mender, Object, Place, Standing};
use crate::library::report::RepairKind;

impl<'a> Mender<'a> {
    pub(super) fn lists(
        &mut self,
        raw: &'a Object,
        out: &mut Object,
        place: Place<'_>,
    ) -> Result<(), Cut> {
        let list = |key: &str| raw.get(key).and_then(Value::as_array).filter(|all| !all.is_empty());
        let (places, rest) = match (list("prefixItems"), list("items")) {
            (Some(places), _) => (places.as_slice(), raw.get("items")),
            // Many write a list of one schema and mean all items.
            (None, Some(places))
                if places.len() == 1 && raw.get("additionalItems") != Some(&Value::Bool(false)) =>
            {
                let what = "a list of one item schema became that schema";
                self.note(RepairKind::Properties, what);
                (&[][..], places.first())
            }
            (None, Some(places)) => (places.as_slice(), raw.get("additionalItems")),
            (None, None) => (&[][..], raw.get("items")),
        };
        let least = out.get("minItems").and_then(Value::as_u64).unwrap_or(0) as usize;
        let fixed = self.places(places, least, place)?;
        let is_short = fixed.len() < places.len();
        let rest = match rest {
            _ if is_short => Some(Value::Bool(false)),
            Some(Value::Bool(false)) => Some(Value::Bool(false)),
            Some(raw @ (Value::Object(_) | Value::String(_))) => {
                Some(self.items(raw, least > fixed.len(), place)?)
            }
            _ => None,
        };
        if let Some(Value::Bool(false)) = rest {
            let most = out.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX);
            out.insert("maxItems".into(), most.min(fixed.len() as u64).into());
        }
        match rest {
            Some(Value::Bool(false)) if fixed.is_empty() => {}
            None => {}
            Some(rest) => {
                out.insert("items".into(), rest);
            }
        }
        if !fixed.is_empty() {
            out.insert("prefixItems".into(), fixed.into());
        }
        Ok(())
    }

    /// The schemas of a tuple's places, up to the first that cannot be made.
    fn places(
        &mut self,
        places: &'a [Value],
        least: usize,
        place: Place<'_>,
    ) -> Result<Vec<Value>, Cut> {
        let mut fixed = Vec::with_capacity(places.len());
        for (at, raw) in places.iter().enumerate() {
            let is_needed = at < least;
            match self.at("prefixItems", |m| m.item(raw, is_needed, place)) {
                Ok(item) => fixed.push(item),
                Err(cut) if is_needed || self.conditions > 0 => return Err(cut),
                Err(cut) => {
                    self.note(RepairKind::Cut, format_args!("ends after {at} items: {cut}"));
                    break;
                }
            }
        }
        Ok(fixed)
    }

    /// The schema of all other items; `false` if there can be none.
    fn items(&mut self, raw: &'a Value, is_needed: bool, place: Place<'_>) -> Result<Value, Cut> {
        match self.at("items", |m| m.item(raw, is_needed, place)) {
            // Where the list itself may go, it tells more by going.
            Err(cut) if is_needed || !place.is_needed || self.conditions > 0 => Err(cut),
            Err(cut) => {
                self.note(RepairKind::Cut, format_args!("the list is always empty: {cut}"));
                Ok(Value::Bool(false))
            }
            made => made,
        }
    }

    fn item(&mut self, raw: &'a Value, is_needed: bool, place: Place<'_>) -> Result<Value, Cut> {
        let standing = Standing::Whole;
        self.schema(raw, Place { name: "", standing, depth: place.depth + 1, is_needed })
    }
}

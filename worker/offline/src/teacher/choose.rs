//! Choosing what a reference is to: which output, which of its elements.

use magnet_proto::library::Function;
use magnet_proto::path::{Feed, StepRef};
use magnet_proto::shape::{Field, Type};
use rand::RngExt;
use serde_json::Value;

use super::coerce::{can_feed, coerce};
use super::plan::Planner;
use super::refer::{Reference, When};
use super::select::{self, Route};
use magnet_worker::conversation::{Pick, Select};

impl<'a> Planner<'a> {
    /// A reference to an earlier output, unless it is known to lead nowhere.
    pub(super) fn reference(
        &mut self,
        at: StepRef,
        field: &'a Field,
        feed: &'a Feed,
        copies: usize,
    ) -> Option<Reference<'a>> {
        let source = self.scene.path.step(feed.from)?;
        let function = self.scene.library.get(source.function);
        let route = Route::of(&feed.flow.output);
        let when = match at.turn - feed.from.turn.min(at.turn) {
            0 => When::Now,
            1 => When::JustBefore,
            _ => When::Earlier,
        };
        let output = self.conversation.output_of(feed.from);
        if when != When::Now || output.is_some() {
            let value = route.follow(output?, &Select::First)?;
            coerce(value, &field.shape)?;
        } else {
            let leaves = function.output_leaves();
            let leaf = leaves.iter().find(|leaf| leaf.path == feed.flow.output);
            leaf.filter(|leaf| can_feed(leaf.shape, &field.shape))?;
        }
        let all = matches!(field.shape.ty, Type::Array { .. }) && route.tail.is_some();
        let (select, fresh) = match self.chosen_before(feed.from, route.head) {
            Some(select) => (select, false),
            None => (self.choose(function, route, output), true),
        };
        if route.tail.is_some() {
            self.chosen.push((feed.from, route.head.to_owned(), select.clone()));
        }
        let selects = vec![select; copies];
        Some(Reference { feed, source: function, selects, when, fresh, all })
    }

    /// The element of the same array that an earlier reference was to.
    fn chosen_before(&self, from: StepRef, head: &str) -> Option<Select> {
        let here = self.chosen.iter().find(|(step, array, _)| *step == from && array == head);
        if let Some((.., select)) = here {
            return Some(select.clone());
        }
        let picks = self.conversation.turns.iter().rev().flat_map(|e| &e.request.picks);
        let same_array = |pick: &&Pick| {
            let feeds = self.scene.path.step(pick.step).map(|step| step.feeds.as_slice());
            feeds.unwrap_or_default().iter().any(|feed| {
                let route = Route::of(&feed.flow.output);
                feed.flow.input == pick.parameter
                    && feed.from == from
                    && route.head == head
                    && route.tail.is_some()
            })
        };
        picks.into_iter().find(same_array).map(|pick| pick.select.clone())
    }

    /// Singles out an element: mostly by a field that ranks, else the first.
    fn choose(&mut self, function: &Function, route: Route<'_>, output: Option<&Value>) -> Select {
        let items = function.output().and_then(|shape| select::items_at(shape, route.head));
        let Some(items) = items.filter(|_| route.tail.is_some()) else {
            return Select::First;
        };
        let elements = output.and_then(|o| o.pointer(route.head)).and_then(Value::as_array);
        let mut rankings = select::rankings(items);
        rankings.retain(|ranking| {
            elements.is_none_or(|elements| select::is_decisive(elements, &ranking.select))
        });
        if rankings.is_empty() || self.rng.random_range(0..100) < 25 {
            return Select::First;
        }
        rankings.swap_remove(self.rng.random_range(0..rankings.len())).select
    }
}

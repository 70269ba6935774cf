//! Whether "that city" is clear: a value has a rival if the conversation knows
//! another one that the same words would mean, and spoke of it no less lately.

use serde_json::Value;

use magnet_worker::conversation::Conversation;

/// Whether another value than this one goes by the name.
pub(super) fn has_rival(conversation: &Conversation, name: &str, value: &Value) -> bool {
    let kind = kind(name);
    let (mut own, mut other) = (None, None);
    let mut meet = |turn: usize, met: &Value| match met == value {
        true => own = Some(turn),
        false => other = Some(turn),
    };
    for (turn, executed) in conversation.executed() {
        let named = |(name, value): &(&String, &Value)| {
            self::kind(name) == kind && !value.is_array() && !value.is_object()
        };
        for (_, value) in executed.call.arguments.iter().filter(named) {
            meet(turn, value);
        }
        if let Some(output) = executed.output.ok() {
            each(output, &mut |name, value| {
                if self::kind(name) == kind {
                    meet(turn, value);
                }
            });
        }
    }
    other >= own && other.is_some()
}

/// Whether any other value of the kind has come up, be it one of a list: then
/// "the file from earlier" could be that.
pub(super) fn has_namesake(conversation: &Conversation, name: &str, value: &Value) -> bool {
    let kind = kind(name);
    conversation.executed().any(|(_, executed)| {
        let arguments = &executed.call.arguments;
        let named = |(name, met): (&String, &Value)| self::kind(name) == kind && met != value;
        arguments.iter().any(named)
            || executed.output.ok().is_some_and(|output| holds_another(output, kind, value))
    })
}

fn holds_another(output: &Value, kind: &str, value: &Value) -> bool {
    match output {
        Value::Array(items) => items.iter().any(|item| holds_another(item, kind, value)),
        Value::Object(members) => members.iter().any(|(name, member)| match member {
            Value::Array(_) | Value::Object(_) => holds_another(member, kind, value),
            met => !met.is_null() && self::kind(name) == kind && met != value,
        }),
        _ => false,
    }
}

/// The scalars of an output that are not one of several.
fn each(output: &Value, meet: &mut impl FnMut(&str, &Value)) {
    for (name, value) in output.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => each(value, meet),
            Value::Array(_) | Value::Null => {}
            scalar => meet(name, scalar),
        }
    }
}

/// What a name's last words say it is: `near_address` is an address,
/// `manual_file_id` a file's id.
fn kind(name: &str) -> &str {
    let last = name.rfind('_').map_or(0, |at| at + 1);
    if &name[last..] != "id" || last == 0 {
        return &name[last..];
    }
    name[..last - 1].rfind('_').map_or(name, |at| &name[at + 1..])
}

#[cfg(test)]
mod tests {
    use magnet_proto::FunctionId;
    use magnet_proto::path::StepRef;
    use magnet_proto::sample::Call;
    use serde_json::json;

    use super::*;
    use magnet_worker::conversation::{Exchange, Executed, Request};
    use magnet_worker::execute::Output;

    /// A conversation of one call a turn: its arguments and its output.
    fn conversation(turns: &[(Value, Value)]) -> Conversation {
        let exchange = |(arguments, output): &(Value, Value)| {
            let arguments = arguments.as_object().unwrap().clone();
            let call = Call { id: "call_1".into(), function: FunctionId(0), arguments };
            let output = Output::of(output.clone());
            let step = StepRef { turn: 0, step: 0 };
            let calls = vec![Executed { step, copy: 0, call, output }];
            Exchange { request: Request::default(), calls, reply: String::new() }
        };
        Conversation { turns: turns.iter().map(exchange).collect() }
    }

    fn check(turns: &[(Value, Value)], name: &str, value: &str, expected: bool) {
        assert_eq!(has_rival(&conversation(turns), name, &json!(value)), expected, "{value}");
    }

    #[test]
    fn a_value_alone_of_its_kind_has_no_rival() {
        let turns = [(json!({"city": "Bologna"}), json!({"city": "Bologna", "count": 2}))];
        check(&turns, "city", "Bologna", false);
    }

    #[test]
    fn two_values_of_one_turn_are_rivals() {
        let turns = [(json!({"city": "Bologna"}), json!({"author": {"home_city": "Dublin"}}))];
        check(&turns, "city", "Bologna", true);
        check(&turns, "city", "Dublin", true);
    }

    #[test]
    fn what_was_spoken_of_last_has_no_rival_in_what_was_before() {
        let turns = [
            (json!({"near_address": "1 Mill Road"}), json!({})),
            (json!({"address": "2 Cedar Street"}), json!({})),
        ];
        check(&turns, "address", "2 Cedar Street", false);
        check(&turns, "address", "1 Mill Road", true);
    }

    #[test]
    fn from_far_off_what_a_list_shows_could_be_meant_as_well() {
        let listed = json!({"files": [{"file_id": "F-2"}]});
        let turns = [(json!({"file_id": "F-1"}), listed), (json!({}), json!({"sent": true}))];
        let conversation = conversation(&turns);
        assert!(has_namesake(&conversation, "file_id", &json!("F-1")));
        assert!(!has_namesake(&conversation, "sent", &json!(true)));
    }

    #[test]
    fn what_a_list_shows_is_no_rival_until_it_is_taken_up() {
        let listed = json!({"bookings": [{"booking_id": "B-2"}]});
        let turns = [(json!({"booking_id": "B-1"}), json!({})), (json!({}), listed)];
        check(&turns, "booking_id", "B-1", false);
    }
}

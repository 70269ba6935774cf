//! A record's brief, for a person to read.

use serde::Deserialize;

/// What the person of a conversation is after.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Brief {
    pub aim: String,
    pub turns: Vec<Turn>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Turn {
    pub why: String,
    pub wants: Vec<Want>,
    pub values: Vec<Argument>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Want {
    pub kind: String,
    pub step: usize,
    pub place: String,
    pub words: String,
}

/// An argument and how it comes into the conversation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Argument {
    pub parameter: String,
    pub how: String,
    /// JSON.
    pub value: Option<String>,
    pub place: Option<String>,
    pub which: Option<String>,
}

impl Brief {
    /// What it says of a turn, each fact with its label.
    pub fn told(&self, turn: usize) -> Vec<(&'static str, String)> {
        let Some(turn) = self.turns.get(turn) else { return Vec::new() };
        let wants: Vec<String> = turn.wants.iter().map(Want::told).collect();
        let values: Vec<String> = turn.values.iter().map(Argument::told).collect();
        let told =
            [("why", turn.why.clone()), ("wants", wants.join("; ")), ("brings", values.join("; "))];
        told.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }
}

impl Want {
    fn told(&self) -> String {
        match self.kind.as_str() {
            "fact" if self.place.is_empty() => {
                format!("{} (all of step {})", self.words, self.step + 1)
            }
            "fact" => format!("{} ({} of step {})", self.words, self.place, self.step + 1),
            _ => format!("{} (done by step {})", self.words, self.step + 1),
        }
    }
}

impl Argument {
    fn told(&self) -> String {
        let value = self.value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
        let mut how = self.how.replace('_', " ");
        if let Some(place) = &self.place {
            how += &format!(" at {place}");
        }
        if let Some(which) = &self.which {
            how += &format!(", {which}");
        }
        format!("{}{value} ({how})", self.parameter)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_turn_is_told_with_its_wants_and_what_the_person_brings() {
        let brief: Brief = serde_json::from_value(json!({"aim": "to calm a customer", "turns": [{
            "why": "the list names it",
            "wants": [{"kind": "fact", "step": 1, "place": "/priority", "words": "how urgent"}],
            "values": [
                {"parameter": "email", "how": "said", "value": "\"a@b.c\""},
                {"parameter": "id", "how": "pointed", "place": "/tickets/*/id", "which": "first"},
            ],
        }]}))
        .unwrap();
        let told: Vec<String> = brief.told(0).into_iter().map(|(_, text)| text).collect();
        assert_eq!(
            told,
            [
                "the list names it",
                "how urgent (/priority of step 2)",
                "email = \"a@b.c\" (said); id (pointed at /tickets/*/id, first)",
            ]
        );
        assert!(brief.told(1).is_empty());
    }
}

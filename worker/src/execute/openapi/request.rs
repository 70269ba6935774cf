//! From a call to the parts of a request. Pure.

use magnet_proto::operation::{Form, Operation, Place, Sent, Style};
use magnet_proto::sample::Arguments;
use reqwest::Url;
use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

/// What a call makes of its operation.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parts {
    /// The path below the API's address, unescaped.
    pub(super) segments: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<String>,
}

/// The request of a call; an error says which argument cannot be sent.
pub(super) fn of(operation: &Operation, arguments: &Arguments) -> Result<Parts, String> {
    let mut parts = Parts::default();
    let (mut members, mut whole) = (Map::new(), None);
    let mut path = operation.path.clone();
    let mut cookies = Vec::new();
    // In the order of the function's parameters, whatever order a call has.
    for (parameter, sent) in &operation.sent {
        let Some(value) = arguments.get(parameter) else {
            continue;
        };
        let name = sent.name(parameter);
        match sent.place {
            Place::Path => {
                let text = one(value, sent, ",");
                if text.is_empty() || text == "." || text == ".." {
                    return Err(format!("\"{parameter}\" cannot stand in a path: \"{text}\""));
                }
                // A mark that no path holds, so that a slash in it is escaped.
                path = path.replace(&format!("{{{name}}}"), &text.replace('/', "\0"));
            }
            Place::Query => parts.query.extend(pairs(name, value, sent)),
            Place::Header => {
                let text = one(value, sent, ",");
                let header = HeaderName::from_bytes(name.as_bytes()).ok();
                let pair = header.zip(HeaderValue::from_str(&text).ok());
                let no_header = || format!("\"{parameter}\" cannot stand in a header");
                let (name, text) = pair.ok_or_else(no_header)?;
                parts.headers.insert(name, text);
            }
            Place::Cookie => cookies.push(format!("{name}={}", escaped(&one(value, sent, ",")))),
            Place::Member => {
                members.insert(name.to_owned(), value.clone());
            }
            Place::Body => whole = Some(value),
        }
    }
    if !cookies.is_empty()
        && let Ok(cookies) = HeaderValue::from_str(&cookies.join("; "))
    {
        parts.headers.insert(COOKIE, cookies);
    }
    if let Some(open) = path.split('{').nth(1) {
        let name = open.split('}').next().unwrap_or_default();
        return Err(format!("\"{name}\" is missing, and stands in the path"));
    }
    let segments = path.trim_start_matches('/').split('/');
    parts.segments = segments.map(|segment| segment.replace('\0', "/")).collect();
    parts.body = body(operation, members, whole)?;
    Ok(parts)
}

fn body(
    operation: &Operation,
    members: Map<String, Value>,
    whole: Option<&Value>,
) -> Result<Option<String>, String> {
    let takes_members = operation.sent.values().any(|sent| sent.place == Place::Member);
    let form = operation.form().map_err(|media| format!("a body of type {media} is not sent"))?;
    Ok(match (form, whole) {
        (None, _) => None,
        (Some(Form::Json), Some(value)) => Some(value.to_string()),
        // None of its members is needed, yet it is an object.
        (Some(Form::Json), None) => takes_members.then(|| Value::Object(members).to_string()),
        (Some(Form::UrlEncoded), None) => {
            let sent = Sent::default();
            let all = members.iter().flat_map(|(name, value)| pairs(name, value, &sent));
            takes_members.then(|| encoded(all))
        }
        (Some(Form::UrlEncoded), Some(value)) => {
            Some(encoded(pairs("body", value, &Sent::default())))
        }
        (Some(Form::Text), value) => value.map(text),
    })
}

/// A value in one text, its items and members joined.
fn one(value: &Value, sent: &Sent, by: &str) -> String {
    match value {
        _ if sent.style == Style::Json => value.to_string(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(by),
        Value::Object(members) => {
            let all = members.iter().flat_map(|(name, value)| [name.clone(), text(value)]);
            all.collect::<Vec<_>>().join(by)
        }
        scalar => text(scalar),
    }
}

/// A value as parameters.
fn pairs(name: &str, value: &Value, sent: &Sent) -> Vec<(String, String)> {
    let own = |text: String| vec![(name.to_owned(), text)];
    match (value, sent.style) {
        (Value::Array(items), Style::Repeated | Style::Deep) => {
            items.iter().map(|item| (name.to_owned(), text(item))).collect()
        }
        (Value::Object(members), Style::Repeated) => {
            members.iter().map(|(member, value)| (member.clone(), text(value))).collect()
        }
        (Value::Object(members), Style::Deep) => {
            let deep =
                |(member, value): (&String, &Value)| (format!("{name}[{member}]"), text(value));
            members.iter().map(deep).collect()
        }
        (value, Style::Blanks) => own(one(value, sent, " ")),
        (value, Style::Pipes) => own(one(value, sent, "|")),
        (value, _) => own(one(value, sent, ",")),
    }
}

/// A value where there is only text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Parameters as a form sends them.
fn encoded(pairs: impl IntoIterator<Item = (String, String)>) -> String {
    let Ok(mut url) = Url::parse("http://form") else {
        return String::new();
    };
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

/// A text in which nothing ends a cookie.
fn escaped(text: &str) -> String {
    encoded([(text.to_owned(), String::new())]).trim_end_matches('=').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent(place: Place, name: Option<&str>, style: Style) -> Sent {
        Sent { place, name: name.map(str::to_owned), style }
    }

    fn parts(operation: &Operation, arguments: Value) -> Result<Parts, String> {
        of(operation, arguments.as_object().unwrap())
    }

    #[test]
    fn each_argument_goes_where_its_operation_says() {
        let operation = Operation {
            method: "PUT".into(),
            path: "/shops/{shop}/orders/{id}.json".into(),
            body: "application/json".into(),
            sent: [
                ("body_id", sent(Place::Member, Some("id"), Style::Repeated)),
                ("fields", sent(Place::Query, None, Style::Commas)),
                ("filter", sent(Place::Query, None, Style::Deep)),
                ("id", sent(Place::Path, None, Style::Commas)),
                ("X-Trace", sent(Place::Header, None, Style::Commas)),
                ("seen", sent(Place::Cookie, None, Style::Repeated)),
                ("shop", sent(Place::Path, None, Style::Commas)),
                ("tags", sent(Place::Query, None, Style::Repeated)),
            ]
            .map(|(name, sent)| (name.to_owned(), sent))
            .into(),
        };
        let made = parts(
            &operation,
            json!({"shop": "a/b", "id": 7, "body_id": "x", "tags": ["t", "u"], "X-Trace": true,
                "fields": ["p", "q"], "filter": {"open": true}, "seen": "a;b"}),
        );
        let made = made.unwrap();
        assert_eq!(made.segments, ["shops", "a/b", "orders", "7.json"]);
        let query: Vec<String> = made.query.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(query, ["fields=p,q", "filter[open]=true", "tags=t", "tags=u"]);
        assert_eq!(made.headers["x-trace"], "true");
        assert_eq!(made.headers["cookie"], "seen=a%3Bb");
        assert_eq!(made.body.as_deref(), Some(r#"{"id":"x"}"#));
    }

    #[test]
    fn a_form_is_encoded_and_an_empty_object_is_still_sent() {
        let mut operation = Operation {
            method: "POST".into(),
            path: "/notes".into(),
            body: "application/x-www-form-urlencoded".into(),
            sent: [("text".to_owned(), sent(Place::Member, None, Style::Repeated))].into(),
        };
        let made = parts(&operation, json!({"text": "a & b"})).unwrap();
        assert_eq!(made.body.as_deref(), Some("text=a+%26+b"));
        operation.body = "application/json".into();
        assert_eq!(parts(&operation, json!({})).unwrap().body.as_deref(), Some("{}"));
    }

    #[test]
    fn a_value_that_would_lead_to_another_path_is_not_sent() {
        let operation = Operation {
            path: "/notes/{id}".into(),
            sent: [("id".to_owned(), sent(Place::Path, None, Style::Commas))].into(),
            ..Operation::default()
        };
        for id in ["", ".", ".."] {
            assert!(parts(&operation, json!({"id": id})).unwrap_err().contains("\"id\""));
        }
        assert!(parts(&operation, json!({})).unwrap_err().contains("is missing"));
    }
}

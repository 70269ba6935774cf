//! How a function is called over HTTP, as an API's description tells: method,
//! path, and into which part of the request each argument goes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One operation of an API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// Below the address of the API, with names in braces: `/pets/{id}`.
    pub path: String,
    /// The body's media type; empty where there is no body.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// By the function's parameter.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<String, Sent>,
}

/// Where an argument goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sent {
    #[serde(rename = "in")]
    pub place: Place,
    /// What it is called there, if not as the function's parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub style: Style,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Path,
    #[default]
    Query,
    Header,
    Cookie,
    /// A member of the body.
    Member,
    /// The body as a whole.
    Body,
}

/// How a list or an object is written where there is only text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// `a=1&a=2`; an object's members as parameters of their own.
    #[default]
    Repeated,
    /// `a=1,2`
    Commas,
    /// `a=1 2`
    Blanks,
    /// `a=1|2`
    Pipes,
    /// `a[b]=1`
    Deep,
    /// The JSON of it.
    Json,
}

/// The forms of a body that can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    UrlEncoded,
    /// A text as it is.
    Text,
}

impl Operation {
    /// How its body is written; an error names a media type that is not sent.
    pub fn form(&self) -> Result<Option<Form>, &str> {
        let media = self.body.split(';').next().unwrap_or_default().trim();
        if media.is_empty() {
            return Ok(None);
        }
        let is_whole = !self.sent.values().any(|sent| sent.place == Place::Member);
        match media {
            "application/x-www-form-urlencoded" => Ok(Some(Form::UrlEncoded)),
            media if is_json(media) => Ok(Some(Form::Json)),
            media if is_whole && !media.starts_with("multipart/") => Ok(Some(Form::Text)),
            _ => Err(&self.body),
        }
    }

    /// Whether the method only reads, by what HTTP says of it.
    pub fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "QUERY")
    }
}

/// Whether a media type is a JSON.
pub fn is_json(media: &str) -> bool {
    let media = media.split(';').next().unwrap_or_default().trim();
    media == "application/json" || media.ends_with("+json") || media == "*/*"
}

impl Sent {
    /// What the argument of that parameter is called where it goes.
    pub fn name<'a>(&'a self, parameter: &'a str) -> &'a str {
        self.name.as_deref().unwrap_or(parameter)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_sent_is_told_from_what_cannot() {
        let member = Sent { place: Place::Member, ..Sent::default() };
        let body = Sent { place: Place::Body, ..Sent::default() };
        let form = |body: &str, sent: &Sent| {
            let sent = [("a".to_owned(), sent.clone())].into();
            let operation = Operation { body: body.into(), sent, ..Operation::default() };
            operation.form().map_err(str::to_owned)
        };
        assert_eq!(form("", &Sent::default()), Ok(None));
        assert_eq!(form("application/json; charset=utf-8", &member), Ok(Some(Form::Json)));
        assert_eq!(form("application/merge-patch+json", &member), Ok(Some(Form::Json)));
        let encoded = "application/x-www-form-urlencoded";
        assert_eq!(form(encoded, &member), Ok(Some(Form::UrlEncoded)));
        assert_eq!(form("text/plain", &body), Ok(Some(Form::Text)));
        assert_eq!(form("application/xml", &member), Err("application/xml".into()));
        assert_eq!(form("multipart/form-data", &body), Err("multipart/form-data".into()));
    }
}

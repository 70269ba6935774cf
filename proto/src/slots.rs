//! Texts in which `${NAME}` stands for the variable of that name of whoever
//! runs them: the only way in which a secret gets into a description.

/// The names in a text's `${NAME}`.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

/// A text with its `${NAME}` replaced by what `value` says.
///
/// # Errors
/// The first name that has no value.
pub fn filled(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut parts = text.split("${");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}') {
            Some((name, rest)) => {
                filled.push_str(&value(name).ok_or_else(|| name.to_owned())?);
                filled.push_str(rest);
            }
            None => {
                filled.push_str("${");
                filled.push_str(part);
            }
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_open_is_named_and_filled() {
        assert_eq!(names("a ${B} c${D}").collect::<Vec<_>>(), ["B", "D"]);
        let value = |name: &str| (name == "KEY").then(|| "k1".to_owned());
        assert_eq!(filled("--key=${KEY}!", value).unwrap(), "--key=k1!");
        assert_eq!(filled("${SHOP_TOKEN}", value).unwrap_err(), "SHOP_TOKEN");
        assert_eq!(filled("${open", value).unwrap(), "${open");
    }
}

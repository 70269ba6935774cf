//! The token that steering a campaign takes. It is compared in constant time
//! and shown nowhere.

use std::fmt;
use std::path::Path;

use magnet_proto::Digest;
use magnet_proto::process::Failure;

/// The variable that may hold it.
const VARIABLE: &str = "MAGNET_STATUS_TOKEN";
/// Shorter ones are guessed.
const SHORTEST: usize = 12;

#[derive(Clone)]
pub struct Token(Digest);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

impl Token {
    /// The token of the environment, else of the file, if there is one.
    pub fn find(
        file: Option<&Path>,
        environment: &[(String, String)],
    ) -> Result<Option<Self>, Failure> {
        let variable = environment.iter().find(|(name, _)| name == VARIABLE);
        let (text, place) = match (variable, file) {
            (Some((_, text)), _) => (text.clone(), VARIABLE.to_owned()),
            (None, Some(file)) => {
                let place = format!("run.token_file \"{}\"", file.display());
                let read = std::fs::read_to_string(file).map_err(|problem| {
                    Failure::usage(format!("cannot read {place}"))
                        .hint("write the token into it, or leave run.token_file out")
                        .caused_by(problem)
                });
                (read?, place)
            }
            (None, None) => return Ok(None),
        };
        let text = text.trim();
        match text.len() >= SHORTEST {
            true => Ok(Some(Self::new(text))),
            false => Err(Failure::usage(format!("the token of {place} is too short"))
                .hint(format!("take {SHORTEST} characters or more that nobody can guess"))),
        }
    }

    fn new(text: &str) -> Self {
        Self(Digest::of(text.as_bytes()))
    }

    /// Whether that is it. Digests are compared, every byte of them, so that
    /// the time it takes tells nothing about the token.
    pub fn is(&self, text: &str) -> bool {
        let other = Digest::of(text.as_bytes());
        let differences = self.0.as_bytes().iter().zip(other.as_bytes());
        differences.fold(0, |all, (one, other)| all | (one ^ other)) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_the_token() {
        let token = Token::new("open sesame 1");
        assert!(token.is("open sesame 1"));
        assert!(!token.is("open sesame 2") && !token.is("") && !token.is("open sesame 1 "));
        assert!(!format!("{token:?}").contains("sesame"));
    }

    #[test]
    fn the_environment_goes_above_the_file_and_short_ones_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "from-the-file\n").unwrap();
        let variable = |value: &str| vec![(VARIABLE.to_owned(), value.to_owned())];
        let found = |environment: &[_]| Token::find(Some(&file), environment).unwrap().unwrap();
        assert!(found(&[]).is("from-the-file"));
        assert!(found(&variable("from-the-variable")).is("from-the-variable"));
        assert!(Token::find(None, &[]).unwrap().is_none());
        let short = Token::find(None, &variable("short")).unwrap_err();
        assert!(!short.to_string().contains("short\"") && short.to_string().contains(VARIABLE));
        assert!(Token::find(Some(Path::new("/nowhere/token")), &[]).is_err());
    }
}

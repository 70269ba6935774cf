//! How a server is started or reached here: its description with this
//! machine's values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use magnet_proto::servers::Server;
use magnet_proto::slots::filled;

use crate::remote::Remote;

/// A server cannot be started or asked here, whatever is tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unlaunchable {
    #[error(
        "server \"{server}\": the variable \"{variable}\" is not set\nhint: set it where magnet \
         runs"
    )]
    NoVariable { server: String, variable: String },
    #[error(
        "server \"{server}\": there is no program \"{command}\" here\nhint: install it, or give \
         its path as \"command\""
    )]
    NoProgram { server: String, command: String },
    #[error("server \"{server}\": {problem}\nhint: see its \"url\" and \"headers\"")]
    Unreachable { server: String, problem: String },
}

/// Variables that a server gets as they are: it must find programs and
/// packages that were fetched before, and nothing else of its user.
const PASSED: [&str; 4] = ["PATH", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PYENV_ROOT"];
/// Where package runners keep what they have fetched, below the user's home: a
/// fresh home for each conversation would have them fetch it each time.
const STORES: [(&str, &str); 2] = [("npm_config_cache", ".npm"), ("UV_CACHE_DIR", ".cache/uv")];
/// Shorter values are not looked for in outputs: they would be found anywhere.
const SHORTEST_SECRET: usize = 6;

/// A server that can be started or asked.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) name: String,
    pub(crate) way: Way,
    /// Values of variables: never to be seen in an output.
    secrets: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Way {
    Program(Program),
    Remote(Remote),
}

/// A program that speaks over its input and output.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    command: PathBuf,
    args: Vec<String>,
    env: BTreeMap<String, String>,
}

impl Launch {
    /// # Errors
    /// If a variable has no value or the program is not there.
    pub(crate) fn new(
        name: &str,
        server: &Server,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Unlaunchable> {
        let fill = |text: &String| {
            let no_value = |variable| Unlaunchable::NoVariable { server: name.into(), variable };
            filled(text, variable).map_err(no_value)
        };
        let fill_all = |texts: &BTreeMap<String, String>| {
            let filled = texts.iter().map(|(name, text)| Ok((name.clone(), fill(text)?)));
            filled.collect::<Result<BTreeMap<String, String>, Unlaunchable>>()
        };
        let way = match server.is_remote() {
            true => {
                let remote = Remote::new(&fill(&server.url)?, fill_all(&server.headers)?);
                let wrong = |problem| Unlaunchable::Unreachable { server: name.into(), problem };
                Way::Remote(remote.map_err(wrong)?)
            }
            false => {
                let mut env = passed(variable);
                env.extend(fill_all(&server.env)?);
                let command = fill(&server.command)?;
                let path = env.get("PATH").map(String::as_str).unwrap_or_default();
                let found = program(&command, path);
                let no_program = || Unlaunchable::NoProgram { server: name.into(), command };
                Way::Program(Program {
                    command: found.ok_or_else(no_program)?,
                    args: server.args.iter().map(fill).collect::<Result<_, _>>()?,
                    env,
                })
            }
        };
        let values = server.variables().into_iter().filter_map(variable);
        // A path tells nothing that its holder does not see anyway.
        let is_secret = |value: &String| value.len() >= SHORTEST_SECRET && !value.starts_with('/');
        Ok(Self { name: name.to_owned(), way, secrets: values.filter(is_secret).collect() })
    }

    /// A text without the values of variables.
    pub(crate) fn redacted(&self, text: String) -> String {
        self.secrets.iter().fold(text, |text, secret| match text.contains(secret.as_str()) {
            true => text.replace(secret.as_str(), "***"),
            false => text,
        })
    }
}

impl Program {
    pub(crate) fn command(&self) -> &Path {
        &self.command
    }

    /// Its arguments in a conversation with that folder.
    pub(crate) fn args(&self, dir: &str) -> impl Iterator<Item = String> {
        self.args.iter().map(move |arg| arg.replace("{dir}", dir))
    }

    /// Its variables in a conversation with that folder.
    pub(crate) fn env(&self, dir: &str) -> impl Iterator<Item = (&String, String)> {
        self.env.iter().map(move |(name, value)| (name, value.replace("{dir}", dir)))
    }
}

/// The variables that each program gets.
fn passed(variable: &dyn Fn(&str) -> Option<String>) -> BTreeMap<String, String> {
    let given = PASSED.into_iter().filter_map(|name| Some((name.to_owned(), variable(name)?)));
    let mut env: BTreeMap<String, String> = given.collect();
    let home = variable("HOME").unwrap_or_default();
    for (name, below) in STORES {
        let store = variable(name).unwrap_or_else(|| format!("{home}/{below}"));
        env.insert(name.to_owned(), store);
    }
    env
}

/// The program of that name, looked for as a shell does.
fn program(command: &str, path: &str) -> Option<PathBuf> {
    if command.contains('/') {
        return Some(PathBuf::from(command)).filter(|path| path.is_file());
    }
    let places = std::env::split_paths(path).map(|folder| folder.join(command));
    places.into_iter().find(|place| !command.is_empty() && place.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(variables: &[(&str, &str)]) -> Result<Launch, Unlaunchable> {
        let server = Server {
            command: "sh".into(),
            args: vec!["{dir}/${NAME}".into()],
            env: [("TOKEN".to_owned(), "${SHOP_TOKEN}".to_owned())].into(),
            ..Server::default()
        };
        let value = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Launch::new("shop", &server, &value)
    }

    #[test]
    fn variables_are_filled_where_it_is_started_and_kept_out_of_outputs() {
        let all = [("PATH", "/usr/bin:/bin"), ("NAME", "n"), ("SHOP_TOKEN", "s3cr3t-t0ken")];
        let launch = launch(&[&all[..], &[("AWS_SECRET", "no")]].concat()).unwrap();
        let Way::Program(program) = &launch.way else { panic!("{launch:?}") };
        assert_eq!(program.args("/here").collect::<Vec<_>>(), ["/here/n"]);
        let env: BTreeMap<_, _> = program.env("/here").collect();
        assert_eq!(env[&"TOKEN".to_owned()], "s3cr3t-t0ken");
        assert!(!env.contains_key(&"AWS_SECRET".to_owned()), "{env:?}");
        assert_eq!(launch.redacted("it is s3cr3t-t0ken".into()), "it is ***");
    }

    #[test]
    fn what_is_missing_is_named() {
        let no_token = launch(&[("PATH", "/usr/bin:/bin"), ("NAME", "n")]).unwrap_err();
        assert!(no_token.to_string().contains("\"SHOP_TOKEN\" is not set"), "{no_token}");
        let all = [("PATH", "/nowhere"), ("NAME", "n"), ("SHOP_TOKEN", "t")];
        let no_program = launch(&all).unwrap_err();
        assert!(no_program.to_string().contains("no program \"sh\""), "{no_program}");
    }
}

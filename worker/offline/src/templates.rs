//! A pack's templates, compiled once for all conversations.

use std::collections::BTreeMap;

use magnet_proto::FunctionId;
use magnet_proto::pack::Pack;
use magnet_proto::sample::Arguments;
use minijinja::{Environment, context};
use serde_json::Value;

use crate::jinja::environment;

/// A pack's templates, compiled.
pub struct Templates {
    environment: Environment<'static>,
    /// How many reports a function has.
    reports: BTreeMap<FunctionId, usize>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").field("reports", &self.reports).finish_non_exhaustive()
    }
}

impl Default for Templates {
    fn default() -> Self {
        Self::new(&Pack::default())
    }
}

impl Templates {
    /// Compiles all templates; one that is no template is left out.
    pub fn new(pack: &Pack) -> Self {
        let mut environment = environment();
        let mut reports = BTreeMap::new();
        let mut add = |name: String, text: &str| {
            environment.add_template_owned(name, text.to_owned()).is_ok()
        };
        for (function, phrases) in &pack.phrases {
            let mut count = 0;
            for report in &phrases.reports {
                count += usize::from(add(report_name(*function, count), report));
            }
            reports.insert(*function, count);
            for (want, phrases) in phrases.wants.iter().enumerate() {
                for (at, tell) in phrases.tell.iter().enumerate() {
                    add(tell_name(*function, want, at), tell);
                }
            }
        }
        Self { environment, reports }
    }

    /// How many ways there are to report a function's output.
    pub(crate) fn reports(&self, function: FunctionId) -> usize {
        self.reports.get(&function).copied().unwrap_or_default()
    }

    /// The report of an output, where it can be rendered.
    pub(crate) fn report(
        &self,
        function: FunctionId,
        at: usize,
        arguments: &Arguments,
        output: &Value,
    ) -> Option<String> {
        self.render(&report_name(function, at), arguments, output)
    }

    /// A sentence that tells a wanted fact.
    pub(crate) fn tell(
        &self,
        function: FunctionId,
        (want, at): (usize, usize),
        arguments: &Arguments,
        output: &Value,
    ) -> Option<String> {
        self.render(&tell_name(function, want, at), arguments, output)
    }

    fn render(&self, name: &str, arguments: &Arguments, output: &Value) -> Option<String> {
        let template = self.environment.get_template(name).ok()?;
        let text = template.render(context! { out => output, args => arguments }).ok()?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }
}

fn report_name(function: FunctionId, at: usize) -> String {
    format!("{} report {at}", function.index())
}

fn tell_name(function: FunctionId, want: usize, at: usize) -> String {
    format!("{} tell {want} {at}", function.index())
}

//! Results that follow from the arguments: arithmetic that a reader would
//! check in their head.

use magnet_proto::library::Function;
use magnet_proto::sample::Arguments;
use magnet_proto::shape::words;
use serde_json::Value;

use crate::lexicon::plain_number;

/// Names of the one number that a calculation returns.
const RESULTS: &[&str] = &[
    "result", "answer", "value", "output", "sum", "total", "product", "difference", "quotient",
    "average", "mean", "remainder", "power", "data", "",
];

/// The result of a calculation, for a field that holds it.
pub(super) fn result(field: &str, function: &Function, arguments: &Arguments) -> Option<Value> {
    if !RESULTS.contains(&field) {
        return None;
    }
    let texts = || arguments.values().filter_map(Value::as_str);
    let calculated = texts().find_map(expression);
    let number = calculated.or_else(|| {
        let numbers = operands(arguments);
        words(&function.name).find_map(|verb| operation(&verb, &numbers))
    })?;
    number.is_finite().then(|| plain_number((number * 1e4).round() / 1e4))
}

/// The call's numbers, those of lists one by one.
fn operands(arguments: &Arguments) -> Vec<f64> {
    let inner = |value: &Value| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_f64).collect(),
        value => value.as_f64().into_iter().collect::<Vec<_>>(),
    };
    arguments.values().flat_map(inner).collect()
}

fn operation(verb: &str, numbers: &[f64]) -> Option<f64> {
    let fold = |step: fn(f64, f64) -> f64| {
        (numbers.len() >= 2).then(|| numbers.iter().copied().reduce(step)).flatten()
    };
    match verb {
        "add" | "addition" | "sum" | "plus" => fold(|a, b| a + b),
        "subtract" | "subtraction" | "minus" | "difference" => fold(|a, b| a - b),
        "multiply" | "multiplication" | "product" | "times" => fold(|a, b| a * b),
        "divide" | "division" | "quotient" => fold(|a, b| a / b),
        "modulo" | "mod" | "remainder" => fold(|a, b| a % b),
        "power" | "pow" | "exponent" => fold(f64::powf),
        "average" | "mean" => fold(|a, b| a + b).map(|sum| sum / numbers.len() as f64),
        "sqrt" => numbers.first().map(|number| number.sqrt()),
        _ => None,
    }
}

/// How deep parentheses may nest, whoever wrote the text.
const MAX_DEPTH: usize = 32;

/// The value of an arithmetic expression with at least one operator.
fn expression(text: &str) -> Option<f64> {
    let arithmetic = |c: char| c.is_ascii_digit() || " .+-*/()%^".contains(c);
    let operates = text.trim_start_matches('-').contains(['+', '-', '*', '/', '^']);
    let counts = text.chars().any(|c| c.is_ascii_digit());
    if !(text.chars().all(arithmetic) && operates && counts) {
        return None;
    }
    let tokens: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
    let mut reader = Reader { tokens: &tokens, at: 0, depth: 0 };
    let value = reader.sum()?;
    (reader.at == tokens.len()).then_some(value)
}

struct Reader<'a> {
    tokens: &'a [char],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.tokens.get(self.at).copied()
    }

    fn sum(&mut self) -> Option<f64> {
        let mut value = self.term()?;
        while let Some(sign @ ('+' | '-')) = self.peek() {
            self.at += 1;
            let term = self.term()?;
            value = if sign == '+' { value + term } else { value - term };
        }
        Some(value)
    }

    fn term(&mut self) -> Option<f64> {
        let mut value = self.factor()?;
        while let Some(sign @ ('*' | '/' | '%')) = self.peek() {
            self.at += 1;
            let factor = self.factor()?;
            value = match sign {
                '*' => value * factor,
                '/' => value / factor,
                _ => value % factor,
            };
        }
        Some(value)
    }

    fn factor(&mut self) -> Option<f64> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let value = match self.peek()? {
            '-' => {
                self.at += 1;
                -self.factor()?
            }
            '(' => {
                self.at += 1;
                let value = self.sum()?;
                (self.peek()? == ')').then(|| self.at += 1)?;
                value
            }
            _ => self.number()?,
        };
        self.depth -= 1;
        if self.peek() == Some('^') {
            self.at += 1;
            return Some(value.powf(self.factor()?));
        }
        Some(value)
    }

    fn number(&mut self) -> Option<f64> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit() || c == '.') {
            self.at += 1;
        }
        self.tokens[start..self.at].iter().collect::<String>().parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_worked_out() {
        for (text, value) in [
            ("(12 + 8) * 3", 60.0),
            ("144 / 12 + 7", 19.0),
            ("2 * (15 - 4)", 22.0),
            ("-3 + 2^3", 5.0),
            ("17 % 5 + 1", 3.0),
        ] {
            assert_eq!(expression(text), Some(value), "{text}");
        }
        for text in ["12", "-4", "2026-03-14x", "(((", "", "1 +", "555-0100 ext"] {
            assert_eq!(expression(text), None, "{text}");
        }
        assert_eq!(expression(&"(".repeat(100_000)), None);
        assert_eq!(expression(&format!("1{}", "+(1".repeat(100_000))), None);
    }
}

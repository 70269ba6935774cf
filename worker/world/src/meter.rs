//! Metering: a module's text with the places marked at which the interpreter
//! must ask whether it may go on.
//!
//! ```text
//! x = f(a * b)               __tick(); x = f(__times(a, b))
//! if c:                      if __tick() and (c):
//! for x in xs:               for x in __over((xs)):
//! [y for y in ys]            [y for y in __over((ys))]
//! lambda x: x + 1            lambda x: __tick() and (x + 1)
//! ```
//!
//! Between two marks only as much happens as the text is long, so steps and
//! memory are bounded whatever a module does, the same on every machine. Lines
//! stay where they are: messages name those that the author wrote.

use std::collections::HashMap;
use std::ops::Range;

use starlark::ErrorKind;
use starlark::syntax::{AstModule, Dialect};
use starlark_syntax::codemap::{Pos, Span};
use starlark_syntax::syntax::ast::{
    AssignOp, AssignTargetP, AstAssignTarget, AstExpr, AstStmt, Clause, Expr, ForClause, Stmt,
};
use starlark_syntax::syntax::module::AstModuleFields;
use starlark_syntax::syntax::uniplate::Visit;

/// Parses a module, metered.
pub(crate) fn parsed(file: &str, text: &str) -> Result<AstModule, starlark::Error> {
    let dialect = Dialect { enable_load: false, ..Dialect::Standard };
    let plain = AstModule::parse(file, text.to_owned(), &dialect)?;
    let mut marks = Marks { text, edits: Vec::new(), refused: None };
    marks.statement(plain.statement());
    if let Some((span, problem)) = marks.refused {
        let kind = ErrorKind::Parser(anyhow::Error::msg(problem));
        return Err(starlark::Error::new_spanned(kind, span, plain.codemap()));
    }
    let mut metered = AstModule::parse(file, marks.applied(), &dialect)?;
    let operators = [("*", "__times"), ("<<", "__shift")];
    let operators = operators.map(|(operator, name)| (operator.to_owned(), name.to_owned()));
    metered.replace_binary_operators(&HashMap::from(operators));
    Ok(metered)
}

/// What changes in a text; of two that begin at one place, the outer first.
struct Marks<'a> {
    text: &'a str,
    edits: Vec<(Range<usize>, String)>,
    refused: Option<(Span, &'static str)>,
}

impl Marks<'_> {
    fn statement(&mut self, statement: &AstStmt) {
        match &statement.node {
            Stmt::Return(_) | Stmt::Expression(_) | Stmt::Assign(_) => {
                self.insert(statement.span.begin(), "__tick(); ");
            }
            Stmt::AssignModify(target, operator, _) => {
                self.insert(statement.span.begin(), "__tick(); ");
                self.modified(statement.span, target, *operator);
            }
            Stmt::If(condition, _) | Stmt::IfElse(condition, _) => {
                self.wrap(condition.span, "__tick() and (", ")");
            }
            Stmt::For(each) => self.wrap(each.over.span, "__over((", "))"),
            _ => {}
        }
        statement.visit_children(|child| match child {
            Visit::Stmt(inner) => self.statement(inner),
            Visit::Expr(inner) => self.expression(inner),
        });
    }

    fn expression(&mut self, expression: &AstExpr) {
        match &expression.node {
            Expr::Lambda(lambda) => self.wrap(lambda.body.span, "__tick() and (", ")"),
            Expr::ListComprehension(_, first, others) => self.iterated(first, others),
            Expr::DictComprehension(_, first, others) => self.iterated(first, others),
            _ => {}
        }
        expression.visit_expr(|inner| self.expression(inner));
    }

    fn iterated(&mut self, first: &ForClause, others: &[Clause]) {
        self.wrap(first.over.span, "__over((", "))");
        for clause in others {
            if let Clause::For(each) = clause {
                self.wrap(each.over.span, "__over((", "))");
            }
        }
    }

    /// `x *= y` becomes `x = x * (y)`, whose operator can be replaced.
    fn modified(&mut self, statement: Span, target: &AstAssignTarget, operator: AssignOp) {
        let (sign, plain) = match operator {
            AssignOp::Multiply => ("*=", "*"),
            AssignOp::LeftShift => ("<<=", "<<"),
            _ => return,
        };
        let AssignTargetP::Identifier(name) = &target.node else {
            let problem = "\"*=\" and \"<<=\" need a name on their left: write x[i] = x[i] * y";
            self.refused.get_or_insert((statement, problem));
            return;
        };
        let after = at(target.span.end());
        if let Some(offset) = self.text[after..].find(sign) {
            let operator = after + offset..after + offset + sign.len();
            self.edits.push((operator, format!("= {} {plain} (", name.node.ident)));
            self.insert(statement.end(), ")");
        }
    }

    fn wrap(&mut self, span: Span, open: &str, close: &str) {
        self.insert(span.begin(), open);
        self.insert(span.end(), close);
    }

    fn insert(&mut self, position: Pos, text: &str) {
        self.edits.push((at(position)..at(position), text.to_owned()));
    }

    fn applied(mut self) -> String {
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut metered = String::with_capacity(self.text.len() * 2);
        let mut done = 0;
        for (range, text) in self.edits {
            metered.push_str(&self.text[done..range.start]);
            metered.push_str(&text);
            done = range.end;
        }
        metered.push_str(&self.text[done..]);
        metered
    }
}

fn at(position: Pos) -> usize {
    position.get() as usize
}

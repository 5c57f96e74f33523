//! Arithmetic, patterns, subscripts and conditions: none of them is a command, any of them may contain one.

use std::rc::Rc;

use shuck_ast::{
    ArithmeticExpr, ArithmeticExprNode, ArithmeticLvalue, ConditionalBinaryOp, ConditionalExpr, ConditionalUnaryOp,
    Pattern, PatternPart, Span, Subscript, VarRef, Word as Node,
};

use super::residual;
use super::unit::Unit;
use super::walk::Walker;

impl Walker {
    /// Walks what a word contains, and drops the word.
    pub(super) fn visit_word(&mut self, unit: &Rc<Unit>, word: &Node) {
        self.doubt_extent(unit, word);
        self.visit_operand(unit, word);
    }

    /// A word in which blanks and operators may stand unquoted.
    fn visit_operand(&mut self, unit: &Rc<Unit>, word: &Node) {
        self.alternatives(|walker| {
            walker.single(unit, word, false);
        });
    }

    pub(super) fn visit_pattern(&mut self, unit: &Rc<Unit>, pattern: &Pattern) {
        for part in &pattern.parts {
            if matches!(&part.kind, PatternPart::Literal(_)) && unit.slice(part.span).contains('{') {
                let origin = unit.origin(part.span);
                self.code(origin, "a brace within a pattern");
            }
            match &part.kind {
                PatternPart::Literal(_) => self.doubt_literal(unit, part.span, false, true),
                PatternPart::AnyString | PatternPart::AnyChar => {}
                PatternPart::CharClass(_) => self.doubt_literal(unit, part.span, true, true),
                PatternPart::Group { patterns, .. } => {
                    for pattern in patterns {
                        self.visit_pattern(unit, pattern);
                    }
                }
                PatternPart::Word(word) => {
                    self.single(unit, word, false);
                }
            }
        }
    }

    pub(super) fn visit_reference(&mut self, unit: &Rc<Unit>, reference: &VarRef) {
        if let Some(subscript) = &reference.subscript {
            self.visit_subscript(unit, subscript);
        }
    }

    pub(super) fn visit_subscript(&mut self, unit: &Rc<Unit>, subscript: &Subscript) {
        if subscript.is_array_selector() {
            return;
        }
        self.hazard |= !subscript.syntax_text(&unit.text).bytes().all(|byte| byte.is_ascii_digit());
        if let Some(word) = &subscript.word_ast {
            self.single(unit, word, false);
        } else if let Some(expression) = &subscript.arithmetic_ast {
            self.visit_arithmetic(unit, expression);
        }
        let text = subscript.syntax_text(&unit.text);
        if subscript.word_ast.is_none() && (text.contains("$(") || text.contains('`')) {
            let origin = unit.origin(subscript.span());
            self.code(origin, "a substitution in a subscript");
        }
    }

    /// Arithmetic written as it stands in the text. Without a tree of it, or where it reads like commands, it is in doubt.
    pub(super) fn arithmetic_text(
        &mut self,
        unit: &Rc<Unit>,
        text: Option<Span>,
        tree: Option<&ArithmeticExprNode>,
        whole: Span,
    ) {
        let Some(span) = text else { return };
        let raw = unit.slice(span);
        if residual::looks_like_commands(raw) {
            let origin = unit.origin(whole);
            self.code(origin, "arithmetic that reads like commands");
        }
        match tree {
            Some(tree) => self.visit_arithmetic(unit, tree),
            None if raw.contains(['$', '`']) => {
                let origin = unit.origin(whole);
                self.code(origin, "arithmetic that is not understood");
            }
            None => {}
        }
        // Without a tree an assignment in it would go unseen.
        if tree.is_none() && raw.contains(['=', '+', '-']) {
            self.forget_all();
        }
    }

    pub(super) fn visit_arithmetic(&mut self, unit: &Rc<Unit>, node: &ArithmeticExprNode) {
        match &node.kind {
            ArithmeticExpr::Number(_) | ArithmeticExpr::Variable(_) => {}
            ArithmeticExpr::Indexed { index, .. } => self.visit_arithmetic(unit, index),
            ArithmeticExpr::ShellWord(word) => {
                self.single(unit, word, false);
            }
            ArithmeticExpr::Parenthesized { expression } => self.visit_arithmetic(unit, expression),
            ArithmeticExpr::Unary { expr, .. } | ArithmeticExpr::Postfix { expr, .. } => {
                // Only increments assign; forgetting a name too many loses nothing.
                if let ArithmeticExpr::Variable(name) = &expr.kind {
                    self.assign(name.as_str(), None);
                }
                self.visit_arithmetic(unit, expr);
            }
            ArithmeticExpr::Binary { left, right, .. } => {
                self.visit_arithmetic(unit, left);
                self.visit_arithmetic(unit, right);
            }
            ArithmeticExpr::Conditional { condition, then_expr, else_expr } => {
                self.visit_arithmetic(unit, condition);
                self.visit_arithmetic(unit, then_expr);
                self.visit_arithmetic(unit, else_expr);
            }
            ArithmeticExpr::Assignment { target, value, .. } => {
                match target {
                    ArithmeticLvalue::Variable(name) => self.assign(name.as_str(), None),
                    ArithmeticLvalue::Indexed { name, index } => {
                        self.assign(name.as_str(), None);
                        self.visit_arithmetic(unit, index);
                    }
                }
                self.visit_arithmetic(unit, value);
            }
        }
    }

    pub(super) fn conditional(&mut self, unit: &Rc<Unit>, expression: &ConditionalExpr) {
        match expression {
            ConditionalExpr::Binary(binary) => {
                let arithmetic = matches!(
                    binary.op,
                    ConditionalBinaryOp::ArithmeticEq
                        | ConditionalBinaryOp::ArithmeticNe
                        | ConditionalBinaryOp::ArithmeticLe
                        | ConditionalBinaryOp::ArithmeticGe
                        | ConditionalBinaryOp::ArithmeticLt
                        | ConditionalBinaryOp::ArithmeticGt
                );
                for side in [&binary.left, &binary.right] {
                    if arithmetic {
                        self.doubt_operand(unit, side);
                    }
                    self.conditional(unit, side);
                }
            }
            ConditionalExpr::Unary(unary) => {
                if matches!(unary.op, ConditionalUnaryOp::VariableSet | ConditionalUnaryOp::ReferenceVariable) {
                    self.doubt_operand(unit, &unary.expr);
                }
                self.conditional(unit, &unary.expr);
            }
            ConditionalExpr::Parenthesized(inner) => self.conditional(unit, &inner.expr),
            ConditionalExpr::Word(word) => self.visit_word(unit, word),
            ConditionalExpr::Regex(word) => self.visit_operand(unit, word),
            ConditionalExpr::Pattern(pattern) => self.visit_pattern(unit, pattern),
            ConditionalExpr::VarRef(reference) => self.visit_reference(unit, reference),
        }
    }

    fn doubt_operand(&mut self, unit: &Rc<Unit>, operand: &ConditionalExpr) {
        if let ConditionalExpr::Word(word) = operand
            && self.constant(unit, word).is_some_and(|text| residual::live_subscript(&text))
        {
            let origin = unit.origin(word.span);
            self.code(origin, "a substitution in a subscript");
        }
    }

    /// Whether a shell without `[[` would see more than one command, or a redirection, in it.
    pub(super) fn joins(expression: &ConditionalExpr) -> bool {
        match expression {
            ConditionalExpr::Binary(binary) => {
                matches!(
                    binary.op,
                    ConditionalBinaryOp::And
                        | ConditionalBinaryOp::Or
                        | ConditionalBinaryOp::LexicalBefore
                        | ConditionalBinaryOp::LexicalAfter
                        | ConditionalBinaryOp::RegexMatch
                ) || Self::joins(&binary.left)
                    || Self::joins(&binary.right)
            }
            ConditionalExpr::Unary(unary) => Self::joins(&unary.expr),
            ConditionalExpr::Parenthesized(_) => true,
            ConditionalExpr::Word(_)
            | ConditionalExpr::Pattern(_)
            | ConditionalExpr::Regex(_)
            | ConditionalExpr::VarRef(_) => false,
        }
    }
}

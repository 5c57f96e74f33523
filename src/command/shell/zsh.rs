//! zsh's own parameter expansions: what they contain is walked, what they give is not followed.

use std::rc::Rc;

use shuck_ast::{Span, ZshExpansionTarget, ZshParameterExpansion};

use super::expand::Expansion;
use super::tree::Hole;
use super::unit::Unit;
use super::walk::Walker;

impl Walker {
    /// zsh's own forms: what they contain is walked, what they give is not followed.
    pub(super) fn zsh(&mut self, unit: &Rc<Unit>, syntax: &ZshParameterExpansion, span: Span) -> Expansion {
        // `(e)` expands the value once more, `(%)` as a prompt.
        if syntax.modifiers.iter().any(|modifier| matches!(modifier.name, 'e' | '%')) {
            let origin = unit.origin(span);
            self.code(origin, "a value expanded as code");
        }
        for modifier in &syntax.modifiers {
            if let Some(word) = modifier.argument_word_ast() {
                self.single(unit, word, false);
            }
        }
        let name = match &syntax.target {
            ZshExpansionTarget::Reference(reference) => {
                self.visit_reference(unit, reference);
                reference.name.as_str().to_owned()
            }
            ZshExpansionTarget::Nested(inner) => {
                self.parameter(unit, inner, false);
                String::new()
            }
            ZshExpansionTarget::Word(word) => {
                self.single(unit, word, false);
                String::new()
            }
            ZshExpansionTarget::Empty => String::new(),
        };
        if let Some(operation) = &syntax.operation {
            let words = [
                operation.operand_word_ast(),
                operation.pattern_word_ast(),
                operation.replacement_word_ast(),
                operation.offset_word_ast(),
                operation.length_word_ast(),
            ];
            for word in words.into_iter().flatten() {
                self.single(unit, word, false);
            }
            self.assign(&name, None);
        }
        Expansion::Many(Hole::Variable(name))
    }
}

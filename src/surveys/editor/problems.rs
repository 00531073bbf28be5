//! Problems of a draft in the editor's words: questions are named by their text, not by their numbers.

use super::difference::{name, role_in_words};
use crate::surveys::definition::{Definition, DefinitionError, MAX_OPTIONS};

/// Returns a sentence for each problem.
pub fn problems(draft: &Definition) -> Vec<String> {
    draft.check().iter().map(|wrong| problem(draft, wrong)).collect()
}

fn problem(draft: &Definition, wrong: &DefinitionError) -> String {
    match wrong {
        DefinitionError::NoAnchor => {
            "One question that is always shown, and is no text, must be required: an answer is known by it.".into()
        }
        DefinitionError::Role(number, _) => {
            let role = draft.item(*number).and_then(|item| item.role).map_or("that", role_in_words);
            format!(
                "{} can't count as {role}: another question does, or it asks for something else.",
                name(draft, *number)
            )
        }
        DefinitionError::Options(number) => format!("{} needs 2 to {MAX_OPTIONS} options.", name(draft, *number)),
        DefinitionError::Condition(number) => {
            format!("Choose the answers that show {}, of a question that stands before it.", name(draft, *number))
        }
        DefinitionError::Text { language, what } => format!("{}: {what}.", language.name()),
        other => {
            let mut text = other.to_string();
            if let Some(first) = text.get(..1).map(str::to_uppercase) {
                text.replace_range(..1, &first);
            }
            format!("{text}.")
        }
    }
}

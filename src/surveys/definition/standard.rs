//! The built-in survey: rating, resolution and comment.

use super::{Definition, Item, Look, Role};
use crate::surveys::wording::{Language, built_in_texts};

/// Id of the built-in survey.
pub const STANDARD_SURVEY: &str = "standard";
/// Id of its first version.
pub const STANDARD: &str = "csat-1";

impl Definition {
    /// Returns the built-in survey, in all built-in languages.
    pub fn standard() -> Self {
        let item = |number, role: Role, required| Item {
            number,
            role: Some(role),
            kind: role.kind(),
            required,
            shown_if: None,
            options: Vec::new(),
        };
        Self {
            questions: vec![item(1, Role::Score, true), item(2, Role::Resolved, false), item(3, Role::Comment, false)],
            texts: Language::built_in()
                .filter_map(|language| Some((language.clone(), built_in_texts(&language)?.clone())))
                .collect(),
            default_language: Language::default(),
            look: Look::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::definition::Kind;

    #[test]
    fn the_standard_survey_can_be_asked() -> Result<(), serde_json::Error> {
        let standard = Definition::standard();
        assert_eq!(standard.check(), []);
        assert_eq!(standard.texts.len(), 5);
        let json = serde_json::to_string(&standard)?;
        assert_eq!(serde_json::from_str::<Definition>(&json)?, standard);
        assert_eq!(standard.anchor().map(|item| item.kind), Some(Kind::Csat));
        Ok(())
    }
}

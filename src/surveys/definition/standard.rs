//! The survey that is there from the beginning: how was it, was it resolved, anything to add?

use super::{Definition, Item, Look, Role};
use crate::surveys::wording::{Language, built_in_texts};

/// The id of the survey that is there from the beginning.
pub const STANDARD_SURVEY: &str = "standard";
/// The id of its first version.
pub const STANDARD: &str = "csat-1";

impl Definition {
    /// The survey that is there from the beginning, in all languages that are built in.
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

//! Labels of the log: of actions, and links to their subjects.

/// Labels of actions.
const SAID: &[(&str, &str)] = &[
    ("address.erased", "Erased an address"),
    ("agent.added", "Added an agent"),
    ("agent.merge_undone", "Undid the merge of two agents"),
    ("agent.merged", "Merged two agents"),
    ("agent.split", "Split an identity off an agent"),
    ("clip.changed", "Changed a clip"),
    ("clip.created", "Flagged as exemplary"),
    ("clip.mask_removed", "Removed a mask from a clip"),
    ("clip.played", "Played a clip"),
    ("clip.removed", "Removed a clip from the library"),
    ("clip.restored", "Restored a clip to the library"),
    ("interaction.erased", "Erased a call or chat"),
    ("contact.opened", "Viewed contact details of a customer"),
    ("contacts.imported", "Imported contacts"),
    ("contacts.removed", "Deleted all contacts"),
    ("follow_up.closed", "Closed a follow-up"),
    ("follow_up.opened", "Opened a follow-up"),
    ("follow_up.reopened", "Reopened a follow-up"),
    ("interaction.viewed", "Opened a call or chat"),
    ("key.added", "Made an API key"),
    ("key.revoked", "Revoked an API key"),
    ("mail.tested", "Sent a test mail"),
    ("model.fetched", "Fetched a speech model"),
    ("kudos.given", "Commended an agent"),
    ("quote.removed", "Removed a quote"),
    ("anonymity.k_changed", "Changed the minimum batch size"),
    ("rating.excluded", "Excluded a conversation from the ratings"),
    ("rating.included", "Included a conversation in the ratings again"),
    ("survey.archived", "Archived a survey"),
    ("survey.created", "Created a survey"),
    ("survey.draft_discarded", "Discarded the draft of a survey"),
    ("survey.published", "Published a version of a survey"),
    ("survey.renamed", "Renamed a survey"),
    ("survey.unarchived", "Restored a survey from the archive"),
    ("survey_rules.changed", "Changed the survey rules"),
    ("outcome.mapped", "Set the meaning of an outcome word"),
    ("ratings.exported", "Exported ratings"),
    ("ratings.viewed", "Viewed ratings"),
    ("recording.channels_set", "Set the speakers of a recording"),
    ("recording.part_removed", "Deleted a part of a recording"),
    ("recording.played", "Played a recording"),
    ("response.viewed", "Looked for an answer"),
    ("responses.listed", "Looked for answers to several calls or chats"),
    ("retention.ran", "Deleted data at the end of its retention"),
    ("session.started", "Signed in"),
    ("skipped.exported", "Exported conversations not surveyed"),
    ("staff.added", "Added an account"),
    ("staff.disabled", "Disabled an account"),
    ("staff.enabled", "Enabled an account"),
    ("staff.link_renewed", "Made a new one-time link"),
    ("staff.password_changed", "Changed the own password"),
    ("session.ended", "Ended sessions"),
    ("suspect.admitted", "Admitted a suspected bot response"),
    ("suspect.dropped", "Dropped a suspected bot response"),
    ("suppression.added", "Stopped surveys to an address"),
    ("suppression.removed", "Allowed surveys to an address again"),
    ("team.added", "Added a team"),
    ("transcript.asked_again", "Requested an alternative transcript"),
    ("transcript.chosen", "Chose between two transcripts"),
    ("transcript.corrected", "Corrected a transcript"),
    ("transcript.dropped", "Dropped the alternative transcript of a call"),
    ("transcript.restarted", "Restarted a transcription"),
    ("transcript.stopped", "Stopped a transcription"),
    ("transcript.original_viewed", "Viewed the original words of a transcript"),
    ("transcript.viewed", "Viewed a transcript"),
    ("transcripts.searched", "Searched transcripts"),
    ("webhook.added", "Made a webhook"),
    ("webhook.changed", "Changed a webhook"),
    ("webhook.removed", "Removed a webhook"),
    ("webhook.rotated", "Made a new secret for a webhook"),
    ("webhook.stopped", "Stopped a webhook that nothing could be delivered to"),
];

/// Types of subjects, their labels, and the page of one.
const SUBJECTS: &[(&str, &str, Option<&str>)] = &[
    ("interaction", "Call or chat", Some("/interactions/")),
    ("clip", "Clip", Some("/library/")),
    ("agent", "Agent", Some("/ratings/agents/")),
    ("team", "Team", None),
    ("follow-up", "Follow-up", Some("/follow-ups/")),
    ("webhook", "Webhook", Some("/admin/webhooks/")),
    ("staff", "Account", None),
    ("key", "API key", None),
    ("ratings", "Ratings", None),
    ("quotes", "Quotes", None),
    ("interactions", "Calls and chats", None),
    ("suspects", "Suspected bot responses", None),
    ("retention", "Retention", None),
    ("contacts", "Contacts", None),
    ("mail", "Mail", None),
    ("source", "Source", None),
    ("survey", "Survey", Some("/surveys/")),
    ("rules", "Survey rules, edition", None),
    ("anonymity", "Anonymity", None),
    ("model", "Speech model", None),
];

/// Returns the label of an action; its code where there is none.
pub fn say(action: &str) -> &str {
    SAID.iter().find(|(code, _)| *code == action).map_or(action, |(_, words)| words)
}

/// Label of a subject and, where there is one, its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// Label: "Call or chat 3f2a…".
    pub text: String,
    /// URL of the page.
    pub href: Option<String>,
}

/// Returns the label and page of a subject (`interaction:<id>`).
pub fn linked(subject: &str) -> Linked {
    let (kind, id) = subject.split_once(':').unwrap_or((subject, ""));
    let Some((_, word, page)) = SUBJECTS.iter().find(|(code, ..)| *code == kind) else {
        return Linked { text: subject.to_owned(), href: None };
    };
    // The first group of a UUID suffices to distinguish lines; other subjects are short.
    let is_id = uuid::Uuid::try_parse(id).is_ok();
    let short = if is_id { &id[..8] } else { id };
    let href = page.filter(|_| is_id).map(|page| format!("{page}{id}"));
    Linked { text: format!("{word} {short}").trim_end().to_owned(), href }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_lead_to_their_pages_and_odd_ones_stay_text() {
        let id = "3f2a9c10-0000-4000-8000-000000000000";
        let link = linked(&format!("clip:{id}"));
        assert_eq!((link.text.as_str(), link.href), ("Clip 3f2a9c10", Some(format!("/library/{id}"))));
        assert_eq!(linked("clip:../../etc"), Linked { text: "Clip ../../etc".into(), href: None });
        assert_eq!(linked("ratings"), Linked { text: "Ratings".into(), href: None });
        assert_eq!(linked("<b>"), Linked { text: "<b>".into(), href: None });
        assert_eq!((say("clip.played"), say("odd.thing")), ("Played a clip", "odd.thing"));
    }

    /// Calls that write a line; a call without a literal passes on the code that it was given.
    const CALLS: [&str; 4] = [".audit(", "audit::look(", "look_with(", "note_look("];

    /// Returns the string literals of source code that look like an action: `clip.played`.
    fn codes(source: &str) -> Vec<&str> {
        let is_code = |text: &&str| {
            let is_word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            text.split_once('.').is_some_and(|(noun, verb)| is_word(noun) && is_word(verb))
        };
        source.split('"').skip(1).step_by(2).filter(is_code).collect()
    }

    /// Returns the arguments of a call, from after its opening bracket.
    fn arguments(behind: &str) -> &str {
        let mut depth = 1;
        let end = behind.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        &behind[..end.unwrap_or(behind.len())]
    }

    /// Returns the actions that source code writes.
    fn written_in(source: &str) -> Vec<&str> {
        let calls = CALLS.iter().flat_map(|call| source.match_indices(call));
        let written = calls.flat_map(|(at, call)| {
            let given = arguments(&source[at + call.len()..]);
            // A conditional action is chosen in a statement before.
            let is_chosen = codes(given).is_empty() && given.contains("action");
            let chosen = source[..at].rfind("action) =").max(source[..at].rfind("let action ="));
            codes(chosen.filter(|_| is_chosen).map_or(given, |from| &source[from..at]))
        });
        written.collect()
    }

    fn sources(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                sources(&entry, found);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                found.push(std::fs::read_to_string(entry).unwrap());
            }
        }
    }

    #[test]
    fn every_action_that_is_written_has_words() {
        let mut found = Vec::new();
        sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        let written: std::collections::BTreeSet<&str> = found.iter().flat_map(|source| written_in(source)).collect();
        for code in ["recording.channels_set", "survey.archived", "staff.disabled", "clip.played", "ratings.exported"] {
            assert!(written.contains(code), "{code} is not found: {written:?}");
        }
        let without: Vec<_> = written.iter().filter(|code| say(code) == **code).collect();
        assert!(without.is_empty(), "no words for {without:?}");
    }
}

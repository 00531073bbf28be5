//! Pressure messages: prepared lines that press a customer for an answer, or threaten to close the chat.

use super::wording::{listed, words};

/// Words in a row; each place may be one of several, separated by `|`. `*` stands for up to three words of any kind,
/// `^` for the beginning of the sentence, `$` for its end. A sentence is a pressure message where one of these is found in it.
const PATTERNS: &[&str] = &[
    "are|were you still there $",
    "are you still there * can|please|i",
    "are you still with|connected|online|available|around|here|active|chatting me|us|there|here|online|to|$",
    "are you still with me|us",
    "are you still connected|online|available|around|here|active|chatting $",
    "are you there $",
    "are we still connected|chatting|online|good|on|in",
    "you still there $",
    "^ still there $",
    "^ still with me|us $",
    "have|did not received|receive|heard|hear|gotten|get|seen|had * response|reply|answer|message|back|anything * $",
    "have|did not heard|hear * from you",
    "have|did not received|receive|gotten|get|had|seen * from you",
    "have|has been no response|reply|answer|activity",
    "not|never received|heard|got|get|hear * response|reply|answer|anything from you",
    "not responded|replied|answered * $",
    "no|not response|reply|answer|activity * from you",
    "no|not response|reply|answer * will|going * close|end|disconnect|closing|ending",
    "chat|conversation|session|window will|is|has|may|might be|going|been|now|automatically|to|about|close|end|time|disconnect|closed|ended * inactivity|inactive|idle|activity|response|reply",
    "chat|conversation|session will|is|may be|going|automatically|now|close|end|time|disconnect|about * closed|close|closing|end|ended|disconnected|terminated|out|automatically|soon|minutes|minute|seconds",
    "will|shall|must|have|going|to close|end|disconnect|terminate|closing|ending this|the|our|your chat|conversation|session|connection",
    "closing|ending|disconnecting this|the|our|your chat|conversation|session",
    "due to|the inactivity|lack|no|missing * chat|conversation|session|disconnect|disconnected|disconnecting|close|end",
    "because of|you inactivity|lack|no|not * chat|conversation|session|disconnect|disconnected|disconnecting|close|end",
    "chat|conversation|session * due|because to|of inactivity|lack|no|your",
    "you seem|appear|look to be * inactive|away|idle|busy|disconnected",
    "it seems|appears|looks * you are|have|stepped|left|may|might * away|inactive|left|idle|busy|gone|stepped|disconnected",
    "you have been|gone|become|stepped|left inactive|idle|quiet|silent|away",
    "please respond|reply|answer|write|type within|in|so|if|or|to|or|otherwise|before * minutes|minute|seconds|chat|conversation|session|closed|continue|stay|active|connected|there",
    "just|still|only checking|check|wanted * if|in|whether * still|there|you|on",
    "waiting for|on your|you * response|reply|answer|respond|reply|message",
    "if you are still there|here|connected|with|online",
    "do you still|need wish|want|need|more to|more|help|time|continue|assistance * chat|chatting|time|there $",
    "sind sie noch da|dran|online|verbunden|im",
    "keine antwort * erhalten|bekommen|von ihnen",
    "chat wird|wurde * inaktivität|geschlossen|beendet",
    "sigue|sigues|continúa|esta|está usted|ahí|ahi|en|conectado|todavía",
    "êtes|etes|es vous|tu toujours|encore là|la|en|avec|connecté",
];

/// Words after which another party is meant: a warehouse that has not answered is not a pressure message.
const SOMEBODY_ELSE: &str = "account bank billing carrier colleague colleagues courier department engineer everything manager \
    manufacturer office parcel provider store supervisor supplier team technician them they ticket vendor \
    warehouse";

/// Maximum number of words of a line that is only a pressure message; longer sentences have other contents.
const MAX_SENTENCE_WORDS: usize = 40;

/// Whether this line is a pressure message. For messages of agents, bots and the chat system only.
pub fn is_nag(text: &str) -> bool {
    sentences(text).any(|sentence| {
        let words = words(sentence);
        !words.is_empty()
            && words.len() <= MAX_SENTENCE_WORDS
            && !words.iter().any(|word| listed(SOMEBODY_ELSE, word))
            && PATTERNS.iter().any(|pattern| fits_anywhere(pattern, &words))
    })
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(['.', '!', '?', '\n', ';', '\u{3002}', '\u{ff1f}'])
}

fn fits_anywhere(pattern: &str, words: &[String]) -> bool {
    let places: Vec<&str> = pattern.split(' ').collect();
    match places.split_first() {
        Some((&"^", places)) => {
            let greeted = words.iter().take_while(|word| listed(GREETINGS, word)).count();
            fits(places, &words[greeted..])
        }
        _ => (0..words.len()).any(|from| fits(&places, &words[from..])),
    }
}

fn fits(places: &[&str], words: &[String]) -> bool {
    match places.split_first() {
        None => true,
        Some((&"*", rest)) => (0..=words.len().min(3)).any(|skipped| fits(rest, &words[skipped..])),
        // One word may be unknown: a name.
        Some((&"$", _)) => words.iter().filter(|word| !listed(ENDINGS, word)).count() <= 1,
        Some((place, rest)) => {
            let end = place.split('|').any(|one| one == "$") && words.is_empty();
            end || words
                .split_first()
                .is_some_and(|(word, left)| place.split('|').any(|one| alike(one, word)) && fits(rest, left))
        }
    }
}

/// Words that may precede a pressure message.
const GREETINGS: &str = "hello hi hey sir madam dear so and excuse me";

/// Words that may follow the end of a pressure message: "Are you still there with me on the chat, sir?"
const ENDINGS: &str = "and at available back chat dear far for from hello here hours i in last line ma am madam me minute minutes \
    moment my now of on or past please quite sir so some still the this time to today us while with yet you your \
    a couple few message messages question response two three five ten there online any it";

/// Whether it is the same word, or one letter off in a long one: "recieved", "responce".
fn alike(wanted: &str, word: &str) -> bool {
    if wanted == word {
        return true;
    }
    let (a, b): (Vec<char>, Vec<char>) = (wanted.chars().collect(), word.chars().collect());
    if a.len() < 6 || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    let after = |rest: &[char], n: usize| rest.get(n..).unwrap_or_default().to_vec();
    let swapped = a.len() >= 2 && b.len() >= 2 && a[0] == b[1] && a[1] == b[0] && after(a, 2) == after(b, 2);
    swapped || after(a, 1) == after(b, 1) || after(a, 1) == *b || *a == after(b, 1)
}

#[cfg(test)]
mod tests {
    use super::is_nag;

    #[test]
    fn canned_nags_are_found_however_they_are_worded() {
        let nags = [
            "Are you still there?",
            "Hello, are you still there?",
            "Are you still there, Mr. Smith?",
            "Are you still there Laura?",
            "are u there? Are you there?",
            "Are we still connected?",
            "Are we still connected on this chat?",
            "Are you still with me?",
            "Are you still online?",
            "Still there?",
            "I have not received a response.",
            "I have not received a response from you.",
            "I haven’t received a response from you in a while.",
            "I have not recieved a responce from you",
            "We have not heard from you for a while.",
            "As I haven't heard back from you, I will close this chat now.",
            "I have not received a reply in the last 5 minutes.",
            "Since there has been no response, I am going to end this chat.",
            "This chat will be closed due to inactivity.",
            "This conversation will be closed in 2 minutes due to inactivity",
            "The chat session will end soon due to no response.",
            "Your session is about to time out.",
            "Due to inactivity, this chat has been closed.",
            "I will have to close this chat if I do not hear back.",
            "I'm going to disconnect this chat.",
            "It looks like you have stepped away.",
            "You seem to be away.",
            "Please respond within 2 minutes or the chat will be closed.",
            "Just checking if you are still there",
            "I am still waiting for your response.",
            "If you are still there, please reply.",
            "You have been inactive for some time.",
            "Sind Sie noch da?",
            "¿Sigue usted ahí?",
            "Êtes-vous toujours là ?",
        ];
        let missed: Vec<_> = nags.into_iter().filter(|text| !is_nag(text)).collect();
        assert!(missed.is_empty(), "{missed:#?}");
    }

    #[test]
    fn sincere_lines_are_none() {
        let sincere = [
            "",
            "Hello, how can I help you?",
            "Is the box still there outside?",
            "Is the shop still there on Park Street?",
            "Are you still there on Park Street every day?",
            "Is the old address still there in your account?",
            "Are you still at that address?",
            "Are you still having trouble with the printer?",
            "Are you still seeing the message on the screen?",
            "Have you received a response from the warehouse?",
            "I have not received a response from the carrier yet.",
            "They have not responded to us yet.",
            "Have you received the parcel?",
            "Did you not receive the confirmation message?",
            "I have not received the invoice in the system, one moment.",
            "Your account was closed due to inactivity in May.",
            "The ticket will be closed when the refund is paid.",
            "The store will be closed on Monday.",
            "Is there anything else I can help you with?",
            "Thank you for waiting for me.",
            "Please reply to the mail with a picture of the label.",
            "The printer seems to be offline.",
            "It seems that you have paid twice.",
            "I am checking if the parcel is on its way.",
            "You will have a response within two days.",
            "Can you tell me if you are on the latest version?",
            "May I close your case?",
            "You have been charged twice, I see it here.",
            "Do you still have the box?",
            "Who is there when the parcel comes?",
            "The chat on our website is open until nine.",
            "Laura Brown has joined the chat.",
            "Kevin has left the chat.",
        ];
        let wrong: Vec<_> = sincere.into_iter().filter(|text| is_nag(text)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn any_text_is_judged() {
        for text in ["*", "$", "|", "𝔸re you", "\u{301}", &"are you still ".repeat(3000), "there there there"] {
            let _ = is_nag(text);
        }
    }
}

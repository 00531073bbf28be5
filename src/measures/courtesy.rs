//! Messages that need no reply.

use super::wording::{listed, words};

/// Thanks, farewells and small agreements, and the words among them.
const WORDS: &str = "a afternoon again alright all am and appreciate appreciated are awesome bye care cheers cool day did do done \
    else evening everything excellent fine for get goodbye good got great have help helped helping i in is it \
    later lot lots lovely many me much my nice night no nope nothing now ok okay perfect pleasure quick really \
    rest see so super sure take thank thanks thankyou that the then this thx time to today too ty understood \
    very was week weekend welcome well will wonderful works worked yeah yep yes you your danke schön dank vielen \
    tschüss wiedersehen auf merci beaucoup au revoir gracias muchas adiós grazie obrigado obrigada شكرا جزيلا 谢谢";
/// Words of which at least one must be among them.
const HEARTS: &str = "all alright appreciate appreciated awesome bye cheers cool excellent fine goodbye great got lovely nothing \
    ok okay perfect super thank thanks thankyou thx ty understood welcome wonderful works worked danke dank \
    tschüss wiedersehen merci revoir gracias adiós grazie obrigado obrigada شكرا 谢谢";

/// Whether this is thanks, a farewell or an "okay", which need no reply. A question always does.
pub(super) fn needs_no_reply(text: &str) -> bool {
    if text.contains(['?', '\u{61f}', '\u{ff1f}', '\u{bf}']) {
        return false;
    }
    let words = words(text);
    if words.is_empty() {
        // Only symbols: 👍, "…".
        return true;
    }
    let known = words.iter().all(|word| listed(WORDS, word));
    known && words.iter().any(|word| listed(HEARTS, word))
}

#[cfg(test)]
mod tests {
    use super::needs_no_reply;

    #[test]
    fn thanks_wait_for_nothing_and_questions_do() {
        for text in [
            "Thanks!",
            "ok, thank you so much. Bye",
            "No, that's all.",
            "👍",
            "Great, it works now, thank you!",
            "شكرا جزيلا 🙏",
        ] {
            assert!(needs_no_reply(text), "{text}");
        }
        for text in [
            "ok?",
            "Thanks, and my refund?",
            "Thank you for nothing at last",
            "Where is it",
            "I",
            "my order",
            "That is not it",
            "No, it is still broken",
            "No",
            "It is not fine",
            "Hello",
            "¿Gracias?",
        ] {
            assert!(!needs_no_reply(text), "{text}");
        }
    }
}

//! Table of outputs (written by hand, after known hallucinations of Whisper) and the text that is kept of each.

use super::*;

/// Returns a segment of high confidence.
fn draft(text: &str, speech_ms: u64) -> Draft {
    draft_of(text, 0.9, 0.05, speech_ms, 0)
}

fn draft_of(text: &str, confidence: f32, no_speech: f32, speech_ms: u64, piece: usize) -> Draft {
    let word = |text: &str| Word { start_ms: 0, end_ms: speech_ms, text: text.to_owned(), confidence };
    Draft { words: text.split_whitespace().map(word).collect(), no_speech, piece, speech_ms }
}

fn text(drafts: &[Draft]) -> String {
    let words = |draft: &Draft| draft.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    drafts.iter().map(words).collect::<Vec<_>>().join(" | ")
}

/// Returns the remaining words of one segment.
fn left(draft: Draft) -> String {
    let speech_ms = draft.speech_ms;
    text(&remove_hallucinations(vec![draft], speech_ms))
}

#[test]
fn what_people_say_stays() {
    for (said, speech_ms) in [
        ("No, no, no, no, that is not what I mean.", 3_000),
        ("It is very, very, very, very late.", 2_500),
        ("zero zero zero zero, then four four four four, nine nine nine nine", 6_000),
        ("0 0 0 0 0 0 0 0 0 0 0 0", 6_000),
        ("Hello? Hello? Hello? Hello? Can you hear me?", 5_000),
        ("Thank you. Thank you very much. Bye-bye.", 2_000),
        ("Thank you very much, thank you very much.", 2_000),
        ("I will transfer you now. I will transfer you now to billing.", 3_000),
        ("How do I subscribe to the newsletter?", 2_000),
        ("The subtitles by default are off, and my son is watching.", 3_500),
        ("I paid for watching it in high definition.", 2_500),
        ("Ha ha ha ha ha ha!", 1_200),
        ("Hmmmm, let me see.", 1_500),
        ("Vielen Dank für Ihren Anruf.", 1_500),
        ("お電話ありがとうございます。", 1_500),
    ] {
        assert_eq!(left(draft(said, speech_ms)), said);
    }
    // Said, though with low confidence.
    assert_eq!(left(draft_of("Thank you.", 0.45, 0.1, 500, 0)), "Thank you.");
    assert_eq!(left(draft_of("Bye.", 0.35, 0.2, 400, 0)), "Bye.");
    assert_eq!(left(draft_of("My number is five.", 0.3, 0.3, 1_500, 0)), "My number is five.");
}

#[test]
fn loops_are_cut_down_to_their_first_round() {
    for (written, speech_ms, left_over) in [
        ("the the the the the the the the the the", 4_000, "the"),
        ("I want to I want to I want to I want to I want to go home", 5_000, "I want to go home"),
        ("So we can do that. So we can do that. So we can do that. So we can do that.", 9_000, "So we can do that."),
        ("yes, Yes. yes! yes yes yes yes yes yes yes yes yes yes yes yes yes", 900, "yes,"),
        ("and I said okay and I said okay and I said okay", 900, "and I said okay"),
        ("是的是的是的是的是的是的是的是的是的是的", 3_000, "是的"),
        ("Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaah", 2_000, "Aah"),
        ("1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", 9_000, "1"),
    ] {
        assert_eq!(left(draft(written, speech_ms)), left_over, "{written}");
    }
}

#[test]
fn segments_that_follow_each_other_loop_too_but_not_over_a_pause() {
    let again = |piece_of: fn(usize) -> usize| {
        let drafts = (0..4).map(|at| draft_of("Your call is important to us.", 0.9, 0.1, 8_000, piece_of(at)));
        remove_hallucinations(drafts.collect(), 32_000).len()
    };
    assert_eq!(again(|_| 0), 1);
    assert_eq!(again(|at| at), 4, "an announcement comes again");
    let short = (0..5).map(|_| draft_of("Yes, please.", 0.9, 0.1, 8_000, 0)).collect();
    assert_eq!(remove_hallucinations(short, 8_000).len(), 5, "two words are said again and again");
}

#[test]
fn what_is_known_from_subtitles_is_no_speech() {
    for written in [
        "Untertitel im Auftrag des ZDF für funk, 2017",
        "Untertitelung des ZDF, 2020",
        "Sous-titres réalisés par la communauté d'Amara.org",
        "Subtítulos realizados por la comunidad de Amara.org",
        "Sottotitoli e revisione a cura di QTSS",
        "Legendas pela comunidade Amara.org",
        "Субтитры сделал DimaTorzok",
        "字幕由Amara.org社区提供",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
    ] {
        assert_eq!(left(draft(written, 3_000)), "", "{written}");
    }
    for (written, confidence, no_speech, stays) in [
        ("Thanks for watching!", 0.4, 0.1, false),
        ("Thanks for watching!", 0.9, 0.8, false),
        ("Thanks for watching over my parcel.", 0.9, 0.1, true),
        ("Please subscribe to my channel.", 0.5, 0.2, false),
        ("Vielen Dank fürs Zuschauen!", 0.5, 0.1, false),
        ("ご視聴ありがとうございました", 0.5, 0.1, false),
        ("Subtitles by the community", 0.3, 0.1, false),
        ("Thank you.", 0.3, 0.7, false),
        ("you", 0.2, 0.9, false),
        ("Mrs. Gruber lives there.", 0.2, 0.9, false),
        ("Mrs. Gruber lives there.", 0.7, 0.9, true),
    ] {
        let left = left(draft_of(written, confidence, no_speech, 1_200, 0));
        assert_eq!(left == written, stays, "{written} {confidence} {no_speech}: {left:?}");
    }
    assert_eq!(left(draft_of("Thank you.", 0.3, 0.1, 150, 0)), "", "nobody is that quick");
}

#[test]
fn nobody_says_a_page_in_a_second() {
    let page = (0..60).map(|at| format!("word{at}")).collect::<Vec<_>>().join(" ");
    assert_eq!(left(draft(&page, 1_000)), "");
    assert_eq!(left(draft(&page, 20_000)), page);
}

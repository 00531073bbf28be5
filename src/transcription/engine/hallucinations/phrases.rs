//! Phrases that Whisper learned from subtitles of films, and writes where there is no speech.

/// Certainty that a phrase was not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phrase {
    /// Names of the authors of subtitles: never said in a call.
    Credits,
    /// End or credits of a video: unlikely in a call, but possible.
    Farewell,
    /// Thanks and greetings, which occur at the end of calls too.
    Polite,
}

/// Parts of sentences, in lower case.
const CREDITS: &[&str] = &[
    "amara.org",
    "opensubtitles",
    "qtss",
    "dimatorzok",
    "untertitel im auftrag des zdf",
    "untertitelung des zdf",
    "untertitel von stephanie geiges",
    "transcription by castingwords",
    "sous titres réalisés",
    "soustitres réalisés",
    "subtítulos realizados por",
    "subtítulos por la comunidad",
    "legendas pela comunidade",
    "sottotitoli creati dalla",
    "sottotitoli e revisione a cura di",
    "ondertiteling door",
    "ondertiteld door",
    "ondertitels ingediend door",
    "napisy stworzone przez",
    "altyazı m.k",
    "субтитры сделал",
    "субтитры делал",
    "субтитры создавал",
    "редактор субтитров",
    "字幕志愿者",
    "请不吝点赞",
    "明镜与点点",
    "字幕製作",
];

/// Sentences, or their beginnings.
const FAREWELLS: &[&str] = &[
    "untertitel der",
    "subtitles by",
    "subtitled by",
    "captions by",
    "captioning by",
    "transcribed by",
    "soustitrage",
    "sous titrage",
    "字幕由",
    "字幕by",
    "자막 제공",
    "thanks for watching",
    "thank you for watching",
    "thank you so much for watching",
    "thanks for listening to this video",
    "please subscribe",
    "please like and subscribe",
    "like and subscribe",
    "don't forget to subscribe",
    "don't forget to like",
    "subscribe to my channel",
    "subscribe to our channel",
    "see you in the next video",
    "i'll see you in the next video",
    "see you next video",
    "vielen dank fürs zuschauen",
    "danke fürs zuschauen",
    "bis zum nächsten video",
    "merci d'avoir regardé",
    "abonnezvous",
    "gracias por ver el vídeo",
    "gracias por ver el video",
    "gracias por ver",
    "suscríbete",
    "obrigado por assistir",
    "inscrevase",
    "grazie per la visione",
    "grazie per aver guardato",
    "iscrivetevi",
    "bedankt voor het kijken",
    "dziękuję za obejrzenie",
    "dzięki za oglądanie",
    "izlediğiniz için teşekkür",
    "спасибо за просмотр",
    "подписывайтесь на канал",
    "продолжение следует",
    "谢谢观看",
    "感谢观看",
    "謝謝觀看",
    "謝謝大家收看",
    "ご視聴ありがとうございました",
    "チャンネル登録",
    "시청해주셔서 감사합니다",
    "구독과 좋아요",
];

/// Whole sentences.
const POLITE: &[&str] = &[
    "you",
    "thank you",
    "thank you very much",
    "thank you so much",
    "thanks",
    "bye",
    "bye bye",
    "goodbye",
    "okay",
    "ok",
    "yeah",
    "so",
    "hmm",
    "danke",
    "vielen dank",
    "tschüss",
    "merci",
    "au revoir",
    "gracias",
    "adiós",
    "obrigado",
    "grazie",
    "ciao",
    "dank je wel",
    "dziękuję",
    "teşekkürler",
    "спасибо",
    "谢谢",
    "ありがとうございました",
    "감사합니다",
];

/// Returns the kind of phrase of a sentence without case and punctuation; `None` for any other sentence.
pub(super) fn of(sentence: &str) -> Option<Phrase> {
    let short = sentence.chars().count() <= 90;
    if short && CREDITS.iter().any(|part| sentence.contains(part)) {
        return Some(Phrase::Credits);
    }
    if short && FAREWELLS.iter().any(|begin| sentence.starts_with(begin)) {
        return Some(Phrase::Farewell);
    }
    POLITE.contains(&sentence).then_some(Phrase::Polite)
}

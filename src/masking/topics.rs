//! What is being talked about: words that say what the next number is.

use super::tokens::Token;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What the next number may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// A payment card.
    Card,
    /// The digits on its back.
    Code,
    /// The same, where a card was spoken of: other things have such codes too.
    CodeOfCard,
    /// How long it is valid.
    Expiry,
    /// A telephone.
    Phone,
    /// An order, a parcel, an invoice: nobody's data by itself.
    Reference,
    /// A bank account.
    Iban,
    /// A day of birth.
    Birth,
    /// A day that people keep: a date of birth only with its year.
    Birthday,
    /// An e-mail address.
    Email,
    /// A postcode.
    Postcode,
}

/// A word of this kind, and for how many tokens it counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    /// The place of its last token.
    pub at: usize,
    /// What it says.
    pub topic: Topic,
    /// So many tokens further on it is forgotten.
    reach: usize,
}

/// Topic, reach, and the words that say so; a comma parts them.
const WORDS: &[(Topic, usize, &str)] = &[
    (
        Topic::Card,
        40,
        "card, cards, card number, credit card, debit card, visa, mastercard, amex, american express, maestro, kreditkarte, karte, \
        kartennummer, kreditkartennummer, carte, carte bleue, carte bancaire, numéro de carte, tarjeta, número de tarjeta, 卡 号, 信 用 卡, 银 行 卡",
    ),
    (Topic::Code, 14, "cvc, cvv, cvv2, cvc2, csc, card code, prüfnummer, prüfziffer, kartenprüfnummer, cryptogramme"),
    (
        Topic::CodeOfCard,
        14,
        "security code, verification code, security number, digits on the back, numbers on the back, number on the back, \
        code on the back, on the back, sicherheitscode, code de sécurité, código de seguridad, 安 全 码",
    ),
    (
        Topic::Expiry,
        10,
        "expiry, expiry date, expires, expire, expiring, expiration, expiration date, exp, exp date, valid until, valid thru, valid through, \
        valid till, good through, gültig bis, ablaufdatum, verfallsdatum, expire le, date d expiration, expiration, caduca, caducidad, fecha de caducidad, vence, 有 效 期",
    ),
    (
        Topic::Phone,
        30,
        "phone, phone number, telephone, telephone number, mobile, mobile number, cell, cell number, cellphone, landline, my number, your number, \
        contact number, call me, call me back, call back, callback, ring me, reach me, reach you, text me, whatsapp, tel, fax, dial, telefon, telefonnummer, \
        handy, handynummer, rufnummer, rückruf, mobilnummer, rufen sie mich, erreichen, téléphone, portable, appelez, joindre, numéro de téléphone, teléfono, \
        móvil, llámame, llamarme, número de teléfono, 电 话, 手 机, 手 机 号, 联 系 方 式, 微 信",
    ),
    (
        Topic::Reference,
        30,
        "order number, order id, tracking number, tracking code, tracking id, parcel number, shipment number, invoice number, ticket number, \
        reference number, case number, booking number, booking reference, confirmation number, customer number, customer id, serial number, model number, \
        part number, article number, item number, policy number, contract number, transaction number, transaction id, receipt number, member number, \
        membership number, account number, meter number, tracking, bestellnummer, auftragsnummer, rechnungsnummer, sendungsnummer, paketnummer, kundennummer, \
        vorgangsnummer, seriennummer, artikelnummer, vertragsnummer, numéro de commande, numéro de suivi, numéro de client, numéro de facture, \
        número de pedido, número de seguimiento, número de factura, número de cliente, 订 单 号, 订 单, 运 单 号, 快 递 单 号, 单 号",
    ),
    (
        Topic::Reference,
        6,
        "order, orders, parcel, package, shipment, invoice, ticket, reference, ref, case, booking, serial, sku, ean, isbn, imei, version, \
        article, item, bestellung, auftrag, rechnung, sendung, paket, commande, facture, colis, suivi, pedido, factura, envío",
    ),
    (Topic::Iban, 30, "iban, bank account, sort code, kontonummer, bankverbindung, compte bancaire, cuenta bancaria"),
    (
        Topic::Birth,
        24,
        "date of birth, dob, birth date, birthdate, born, day of birth, geburtsdatum, geboren, geb, date de naissance, né le, née le, naissance, \
        fecha de nacimiento, nací, nacido, nacida, nacimiento, 出 生 日 期, 出 生",
    ),
    (
        Topic::Birthday,
        16,
        "birthday is, my birthday, your birthday, her birthday, his birthday, birthday, geburtstag, anniversaire, cumpleaños, 生 日",
    ),
    (
        Topic::Email,
        14,
        "email, e mail, emails, mail, email address, e mail address, mailadresse, emailadresse, courriel, adresse mail, correo, correo electrónico, \
        邮 箱, 邮 件",
    ),
    (
        Topic::Postcode,
        10,
        "postcode, post code, postal code, zip, zip code, plz, postleitzahl, code postal, código postal, 邮 编",
    ),
];

type Phrase = (Vec<&'static str>, Topic, usize);

/// By their first word, the longest first.
static PHRASES: LazyLock<HashMap<&'static str, Vec<Phrase>>> = LazyLock::new(|| {
    let mut phrases: HashMap<&str, Vec<Phrase>> = HashMap::new();
    for (topic, reach, all) in WORDS {
        for phrase in all.split(',') {
            let words: Vec<&str> = phrase.split_whitespace().collect();
            if let Some(first) = words.first() {
                phrases.entry(first).or_default().push((words, *topic, *reach));
            }
        }
    }
    for known in phrases.values_mut() {
        known.sort_by_key(|(words, ..)| std::cmp::Reverse(words.len()));
    }
    phrases
});

/// What a birthday is kept with is no date of birth.
const PRESENTS: &[&str] = &["present", "presents", "gift", "gifts", "party", "cake", "card", "wishes", "surprise"];

/// The words of a speaker's tokens that say what is talked about.
pub(super) fn events(tokens: &[Token<'_>]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some((length, topic, reach)) = phrase_at(tokens, at) else {
            at += 1;
            continue;
        };
        let next = tokens.get(at + length).map_or("", |token| token.lower.as_str());
        let last = tokens[at + length - 1].at;
        if topic != Topic::Birthday || !PRESENTS.contains(&next) {
            events.push(Event { at: last, topic, reach });
            at += length;
        } else {
            at += length + 1;
        }
    }
    events
}

fn phrase_at(tokens: &[Token<'_>], at: usize) -> Option<(usize, Topic, usize)> {
    let known = PHRASES.get(tokens[at].lower.as_str())?;
    let fits = |words: &[&str]| {
        let said = tokens.get(at..at + words.len());
        said.is_some_and(|said| said.iter().zip(words).all(|(token, word)| token.lower == *word))
    };
    known.iter().find(|(words, ..)| fits(words)).map(|(words, topic, reach)| (words.len(), *topic, *reach))
}

/// No word counts for longer.
const LONGEST: usize = 40;

/// The words of a whole talk, in the order they were said in.
#[derive(Debug, Default)]
pub(super) struct Topics {
    events: Vec<Event>,
}

impl Topics {
    /// Of these.
    pub fn new(mut events: Vec<Event>) -> Self {
        events.sort_by_key(|event| event.at);
        Self { events }
    }

    fn before(&self, at: usize) -> impl Iterator<Item = &Event> {
        let end = self.events.partition_point(|event| event.at < at);
        let near = move |event: &&Event| at - event.at <= LONGEST;
        self.events[..end].iter().rev().take_while(near).filter(move |event| at - event.at <= event.reach)
    }

    /// What was said last that a number at this place may be.
    pub fn last(&self, at: usize) -> Option<Topic> {
        self.before(at).map(|event| event.topic).next()
    }

    /// Was one of these said shortly before?
    pub fn said(&self, at: usize, topics: &[Topic]) -> bool {
        self.before(at).any(|event| topics.contains(&event.topic))
    }

    /// The last word of these before this place; its own place, to tell it from others.
    pub fn word(&self, at: usize, topics: &[Topic]) -> Option<&Event> {
        self.before(at).find(|event| topics.contains(&event.topic))
    }

    /// Does a word say something new between the two?
    pub fn between(&self, from: usize, to: usize) -> bool {
        let next = self.events.partition_point(|event| event.at <= from);
        self.events.get(next).is_some_and(|event| event.at < to)
    }

    /// What is said within so many tokens behind this place: "… is my mobile".
    pub fn next(&self, at: usize, within: usize) -> Option<Topic> {
        let from = self.events.partition_point(|event| event.at < at);
        self.events.get(from).filter(|event| event.at - at <= within).map(|event| event.topic)
    }
}

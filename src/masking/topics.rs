//! Topics of a conversation: words that announce the kind of the next number.

use super::Kind;
use super::tokens::Token;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Topic: the kind that the next number may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// Payment card.
    Card,
    /// Security code of a card.
    Code,
    /// Security code where a card was mentioned: other things have such codes too.
    CodeOfCard,
    /// Expiry date of a card.
    Expiry,
    /// Telephone number.
    Phone,
    /// Order, parcel, invoice: not personal data by itself.
    Reference,
    /// International bank account number.
    Iban,
    /// National bank account number.
    Account,
    /// Social security number or another national identification number.
    Ssn,
    /// PIN or passcode.
    Pin,
    /// Password.
    Password,
    /// Date of birth.
    Birth,
    /// Birthday: a date of birth only with its year.
    Birthday,
    /// E-mail address.
    Email,
    /// Postcode.
    Postcode,
    /// Street address.
    Address,
    /// Name.
    Name,
    /// Requested number of any kind.
    Number,
    /// Count, price or year: not personal data.
    Amount,
}

/// Mention of a topic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    /// Index of its last token.
    pub at: usize,
    /// Topic.
    pub topic: Topic,
    /// Number of tokens after which it no longer counts.
    reach: usize,
}

/// Topic, reach, and its words, separated by commas.
const WORDS: &[(Topic, usize, &str)] = &[
    (
        Topic::Card,
        40,
        "card, cards, card number, credit card, debit card, visa, mastercard, master card, amex, american express, discover card, payment details, payment information, sixteen digits, 16 digits, maestro, \
        long number, longer number, kreditkarte, karte, kartennummer, kreditkartennummer, carte, carte bleue, carte bancaire, numéro de carte, tarjeta, número de tarjeta, 卡 号, 信 用 卡, 银 行 卡",
    ),
    (
        Topic::Code,
        14,
        "cvc, cvv, cvv2, cvc2, csc, card code, digits on the back, digits at the back, digit on the back, three digits on, 3 digits on, three digit code, 3 digit code, numbers on the back, prüfnummer, prüfziffer, kartenprüfnummer, cryptogramme",
    ),
    (
        Topic::CodeOfCard,
        14,
        "security code, verification code, security number, number on the back, \
        code on the back, three digits, 3 digits, on the back, sicherheitscode, code de sécurité, código de seguridad, 安 全 码",
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
        membership number, meter number, tracking, bestellnummer, auftragsnummer, rechnungsnummer, sendungsnummer, paketnummer, kundennummer, \
        vorgangsnummer, seriennummer, artikelnummer, vertragsnummer, numéro de commande, numéro de suivi, numéro de client, numéro de facture, \
        número de pedido, número de seguimiento, número de factura, número de cliente, 订 单 号, 订 单, 运 单 号, 快 递 单 号, 单 号",
    ),
    (
        Topic::Reference,
        6,
        "order, orders, parcel, package, shipment, invoice, ticket, reference, ref, case, booking, serial, sku, ean, isbn, imei, version, \
        article, item, bestellung, auftrag, rechnung, sendung, paket, commande, facture, colis, suivi, pedido, factura, envío",
    ),
    (
        Topic::Iban,
        40,
        "iban, i ban, i b a n, eye ban, i ben, i benn, iben, ibenn, i bin, i bann, ivan number, eye bin, eyeban, i band, i ban number, c i ban, the ban is, my ban is, your i ban, international bank account number, \
        bankverbindung",
    ),
    (
        Topic::Account,
        40,
        "bank account, bank details, banking details, account number, account numbers, count number, checking account, savings account, sort code, sword code, short code, salt code, debit account, the account is, \
        routing number, routing, kontonummer, konto, compte bancaire, cuenta bancaria, número de cuenta",
    ),
    (
        Topic::Ssn,
        40,
        "social security number, social security, my social is, your social, ssn, s s n, national insurance number, national insurance, national id, tax id, \
        tax number, taxpayer number, passport number, passport, driver s license, driver s licence, drivers license, driver license, driving licence, \
        license number, sozialversicherungsnummer, steuernummer, ausweisnummer, reisepass, numéro de sécurité sociale, dni, pasaporte",
    ),
    (
        Topic::Ssn,
        10,
        "my social security number, my social security, your social security number, your social security, your social, the social security number, my social, the social, your socials, my socials, social number, social is",
    ),
    (
        Topic::Pin,
        14,
        "pin, pin code, pin number, pincode, pass code, passcode, past code, pass codes, pen number, pin is, access code, telephone pin, phone pin, one time code, one time password, \
        one time passcode, digit pin, digitpin, digit pen, digit pan, digit opinion, digit code, digit passcode, what s the code, what is the code, code i got, code i received, code that i got, code you sent, code that you sent, code by text, secret number, geheimzahl, code secret",
    ),
    (
        Topic::Password,
        14,
        "password is, password s, passwort ist, passwort lautet, mot de passe est, contraseña es, your password, pass phrase, passphrase",
    ),
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
        "email, e mail, emails, mail, email address, e mail address, mail address, ip address, web address, e male, gmail, send the confirmation, send you the confirmation, send you a confirmation, send a confirmation, registered with, send the invoice, send the receipt, \
        sign up with, signed up with, log in with, my user name, username, mailadresse, emailadresse, courriel, adresse mail, correo, correo electrónico, \
        邮 箱, 邮 件",
    ),
    (
        Topic::Postcode,
        16,
        "postcode, post code, postal code, zip, zip code, zipcode, zip codes, sip code, plz, postleitzahl, code postal, código postal, 邮 编",
    ),
    (
        Topic::Address,
        30,
        "address, addresses, adress, confirm the delivery, confirm delivery, home address, billing address, shipping address, delivery address, mailing address, street address, live at, living at, \
        lives at, live on, live in, where do you live, moved to, move to, went to, sent to, sent it to, mail it to, mailed to, shipped to, ship it to, ship that to, ship to, send it to, send that to, deliver it to, \
        deliver to, delivered to, deliver that to, house number, street name, and the street, what street, which street, adresse, anschrift, dirección, wohne in, domicilio",
    ),
    (Topic::Number, 14, "the number please, number please, that number please, read me the number, go ahead"),
    (
        Topic::Amount,
        12,
        "how much, how many, price, cost, costs, total, amount, balance, fee, bill, quantity, which year, what year, which model, what model, how old, how long, \
        combien, cuánto, wie viel, wie viele",
    ),
    (
        Topic::Name,
        14,
        "your name, full name, your full name, first and last name, last name, first name, surname, family name, maiden name, middle name, \
        who am i speaking, whom am i speaking, who do i have, who is this, who s this, who am i talking, who s calling, who is calling, \
        name on the account, name on the card, name on the order, name on the booking, name for the booking, account holder, card holder, cardholder, \
        spell that, spell your name, spell it, under what name, which name, what name, ihr name, votre nom, su nombre, 您 的 名 字, 贵 姓",
    ),
];

type Phrase = (Vec<&'static str>, Topic, usize);

/// Phrases by their first word, the longest first.
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

/// Words after "birthday" that do not announce a date of birth.
const PRESENTS: &[&str] = &["present", "presents", "gift", "gifts", "party", "cake", "card", "wishes", "surprise"];

/// Returns the mentions of topics in a speaker's tokens.
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

/// Maximum distance at which a topic still counts, in tokens.
const MAX_DISTANCE: usize = 40;

/// Topics of a whole conversation, in order.
#[derive(Debug, Default)]
pub(super) struct Topics {
    events: Vec<Event>,
    /// Indices and kinds of masked text of all speakers, in order.
    masked: Vec<(usize, Kind)>,
}

impl Topics {
    /// Returns the topics from these mentions and the masked text.
    pub fn new(mut events: Vec<Event>, mut masked: Vec<(usize, Kind)>) -> Self {
        events.sort_by_key(|event| event.at);
        masked.sort_unstable();
        Self { events, masked }
    }

    /// Whether text of these kinds is masked at most `before` tokens before this index, or `behind` tokens after it.
    pub fn is_masked_near(&self, at: usize, kinds: &[Kind], before: usize, behind: usize) -> bool {
        let from = self.masked.partition_point(|(place, _)| place + before < at);
        let near = self.masked[from..].iter().take_while(|(place, _)| *place <= at + behind);
        near.into_iter().any(|(_, kind)| kinds.contains(kind))
    }

    fn before(&self, at: usize) -> impl Iterator<Item = &Event> {
        let end = self.events.partition_point(|event| event.at < at);
        let near = move |event: &&Event| at - event.at <= MAX_DISTANCE;
        self.events[..end].iter().rev().take_while(near).filter(move |event| at - event.at <= event.reach)
    }

    /// Returns the last topic that applies to a number at this index.
    pub fn last(&self, at: usize) -> Option<Topic> {
        self.before(at).map(|event| event.topic).next()
    }

    /// Whether one of these was mentioned shortly before.
    pub fn said(&self, at: usize, topics: &[Topic]) -> bool {
        self.before(at).any(|event| topics.contains(&event.topic))
    }

    /// Whether this topic was the last one, at most `within` tokens before, whatever its reach.
    pub fn asked(&self, at: usize, topic: Topic, within: usize) -> bool {
        let end = self.events.partition_point(|event| event.at < at);
        self.events[..end].last().is_some_and(|event| event.topic == topic && at - event.at <= within)
    }

    /// Whether this topic was the last one mentioned since the speaker's previous token: by another speaker, then.
    pub fn asked_since(&self, before: Option<usize>, at: usize, topic: Topic) -> bool {
        let end = self.events.partition_point(|event| event.at < at);
        let since = |event: &Event| before.is_none_or(|before| event.at > before) && at - event.at <= 14;
        self.events[..end].last().is_some_and(|event| event.topic == topic && since(event))
    }

    /// Whether a mention of this topic ends at this index.
    pub fn is_word(&self, at: usize, topic: Topic) -> bool {
        let from = self.events.partition_point(|event| event.at < at);
        self.events[from..].iter().take_while(|event| event.at == at).any(|event| event.topic == topic)
    }

    /// Returns the last mention of these topics before this index; its own index tells it from others.
    pub fn word(&self, at: usize, topics: &[Topic]) -> Option<&Event> {
        self.before(at).find(|event| topics.contains(&event.topic))
    }

    /// Whether a new topic is mentioned between the two.
    pub fn between(&self, from: usize, to: usize) -> bool {
        let next = self.events.partition_point(|event| event.at <= from);
        self.events.get(next).is_some_and(|event| event.at < to)
    }

    /// Returns the kind of a number that is masked at most `within` tokens before or after, with no new topic in
    /// between.
    pub fn number_beside(&self, first: usize, last: usize, within: usize) -> Option<Kind> {
        let from = self.masked.partition_point(|(place, _)| place + within < first);
        let near = self.masked[from..].iter().take_while(|(place, _)| *place <= last + within);
        let is_number = |kind: Kind| {
            matches!(kind, Kind::Card | Kind::Number | Kind::Account | Kind::Iban | Kind::Ssn | Kind::Phone)
        };
        near.filter(|(place, kind)| is_number(*kind) && !self.between(*place.min(&last), first.max(*place)))
            .map(|(_, kind)| *kind)
            .next()
    }

    /// Returns the topic stated after a number: "…, it is an American Express", "… is my mobile".
    pub fn stated_behind(&self, tokens: &[Token<'_>], end: usize) -> Option<Topic> {
        let next = tokens.get(end)?;
        let states = |token: &Token<'_>| {
            matches!(
                token.lower.as_str(),
                "is" | "s" | "was" | "my" | "are" | "for" | "ist" | "es" | "est" | "of" | "on"
            )
        };
        let line = next.line;
        let said = !next.begins
            && !next.goes_on
            && tokens[end..].iter().take(4).take_while(|token| token.line == line).any(states);
        self.next(next.at, 8).filter(|_| said)
    }

    /// Returns the next topic within this number of tokens: "… is my mobile".
    pub fn next(&self, at: usize, within: usize) -> Option<Topic> {
        let from = self.events.partition_point(|event| event.at < at);
        self.events.get(from).filter(|event| event.at - at <= within).map(|event| event.topic)
    }
}

//! Lines as Whisper writes speech: digits misheard, at signs lost, sentences cut at a breath.

use super::*;

/// A line: speaker, output of Whisper, and the masked form.
type Line = (&'static str, &'static str, &'static str);

/// Conversations with personal data.
const GOES: &[(&str, &[Line])] = &[
    ("card4", &[("customer", "Yes, my card number is 4111 1111 1111 1111.", "Yes, my card number is [card number].")]),
    ("card17", &[("customer", "Yes, my card number is 41111111111111111", "Yes, my card number is [card number]")]),
    (
        "card-amount",
        &[(
            "customer",
            "The number on the card is 4,539,448,034,364,465, and the deck higher than March, 2020.",
            "The number on the card is [card number], and the deck higher than [expiry date].",
        )],
    ),
    ("card-amount2", &[("customer", "My card number is 4,111,111,111,111,111.", "My card number is [card number].")]),
    ("card-dash1", &[("customer", "It's 4-1-1-1, 1-1-1-1, 1-1-1-1, 1-1-1-1.", "It's [card number].")]),
    ("card-singles", &[("customer", "4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.", "[card number].")]),
    (
        "card-sentences",
        &[("customer", "Four one one one. One one one one. One one one one. One one one one.", "[card number].")],
    ),
    ("card-sentences-digits", &[("customer", "4111. 1111. 1111. 1111.", "[card number].")]),
    (
        "card-agent-echo",
        &[
            (
                "agent",
                "Can I have the long number on the card, please?",
                "Can I have the long number on the card, please?",
            ),
            ("customer", "Sure. 4111.", "Sure. [card number]."),
            ("agent", "4111.", "[card number]."),
            ("customer", "1111.", "[card number]."),
            ("agent", "Yes.", "Yes."),
            ("customer", "1111.", "[card number]."),
            ("agent", "Go on.", "Go on."),
            ("customer", "1111.", "[card number]."),
        ],
    ),
    (
        "card-tail-misheard",
        &[("customer", "My card number is 4539 1488 0343 646.", "My card number is [card number].")],
    ),
    ("card-ndigits12", &[("customer", "My card number is 4539 1488 0343.", "My card number is [card number].")]),
    (
        "card-ndigits20",
        &[(
            "customer",
            "My card number is 4539 1488 0343 6467 1111.",
            "My card number is [card number] [card number].",
        )],
    ),
    (
        "card-short-groups",
        &[("customer", "4-14-16-10-5-28-5-4-98. That is my debit card.", "[card number]. That is my debit card.")],
    ),
    ("card-short-groups-alone", &[("customer", "4-14-16-10-5-28-5-4-98.", "[number].")]),
    (
        "card-topic-lost",
        &[
            ("agent", "What is the long number?", "What is the long number?"),
            ("customer", "4539 1488 0343 6466", "[card number]"),
        ],
    ),
    (
        "card-exp-cvc",
        &[(
            "customer",
            "5555 5555 5555 4444, expiry 04-27 and the security code is 737.",
            "[card number], expiry [expiry date] and the security code is [security code].",
        )],
    ),
    (
        "exp-words",
        &[
            ("agent", "And the expiry date on the card?", "And the expiry date on the card?"),
            ("customer", "12, 27.", "[expiry date]."),
            ("agent", "And the three digits on the back?", "And the three digits on the back?"),
            ("customer", "737.", "[security code]."),
        ],
    ),
    (
        "exp-1227",
        &[
            ("agent", "And the expiry date on the card?", "And the expiry date on the card?"),
            ("customer", "1227.", "[expiry date]."),
            ("agent", "And the 3 digits on the back?", "And the 3 digits on the back?"),
            ("customer", "7, 3, 7.", "[security code]."),
        ],
    ),
    (
        "cvc-only",
        &[
            (
                "agent",
                "What are the last three digits on the back of your card?",
                "What are the last three digits on the back of your card?",
            ),
            ("customer", "It's 737.", "It's [security code]."),
        ],
    ),
    (
        "last4",
        &[
            ("agent", "Which card?", "Which card?"),
            ("customer", "The one ending in 4419.", "The one ending in [card number]."),
        ],
    ),
    ("phone-us", &[("customer", "715-139-0787.", "[phone].")]),
    (
        "phone-q-split",
        &[
            ("agent", "Okay. What is your phone", "Okay. What is your phone"),
            ("customer", "715-139-0787.", "[phone]."),
            ("agent", "number? Okay.", "number? Okay."),
        ],
    ),
    ("phone-10", &[("customer", "7151390787.", "[number].")]),
    (
        "phone-10q",
        &[
            ("agent", "Okay. What is your phone number?", "Okay. What is your phone number?"),
            ("customer", "7151390787.", "[phone]."),
        ],
    ),
    (
        "phone-comma",
        &[
            ("agent", "What is your phone number?", "What is your phone number?"),
            ("customer", "715, 139, 0787.", "[phone]."),
        ],
    ),
    (
        "phone-pieces",
        &[
            ("agent", "What is your phone number?", "What is your phone number?"),
            ("customer", "715.", "[phone]."),
            ("customer", "139.", "[phone]."),
            ("customer", "0787.", "[phone]."),
        ],
    ),
    ("phone-me-on", &[("customer", "You can reach me on 555-867-5309.", "You can reach me on [phone].")]),
    ("phone-uk", &[("customer", "My mobile is 07700 900123.", "My mobile is [phone].")]),
    ("phone-uk2", &[("customer", "My mobile is 0 7, 700, 900, 123.", "My mobile is [phone].")]),
    (
        "name-whole",
        &[(
            "customer",
            "Hi, my name is Patricia Brown. I lost my debit card.",
            "Hi, my name is [name]. I lost my debit card.",
        )],
    ),
    (
        "name-split",
        &[
            ("customer", "Hi, my", "Hi, my"),
            ("customer", "name is Patricia", "name is [name]"),
            ("customer", "Brown. I lost my debit card.", "[name]. I lost my debit card."),
        ],
    ),
    (
        "name-split2",
        &[
            ("customer", "Hi, my name is Robert", "Hi, my name is [name]"),
            ("customer", "Johnson. I would like to transfer money.", "[name]. I would like to transfer money."),
        ],
    ),
    (
        "name-thisis",
        &[(
            "customer",
            "Yes, hello. This is Robert Jones. I would like to know what your local branch hours are,",
            "Yes, hello. This is [name]. I would like to know what your local branch hours are,",
        )],
    ),
    ("name-thisis2", &[("customer", "Hi Linda, this is Robert Miller calling.", "Hi Linda, this is [name] calling.")]),
    ("name-im", &[("customer", "Hi, I'm Elizabeth Rodriguez.", "Hi, I'm [name].")]),
    ("name-speaking", &[("customer", "David Wilson speaking.", "[name] speaking.")]),
    (
        "name-agent-says",
        &[
            ("customer", "Hi, my name is John Garcia.", "Hi, my name is [name]."),
            ("agent", "Thank you, Mr. Garcia. One moment, John.", "Thank you, Mr. [name]. One moment, [name]."),
        ],
    ),
    (
        "name-misspelt",
        &[
            ("customer", "Hi, my name is Elizabeth Davis.", "Hi, my name is [name]."),
            ("agent", "Thank you, Elisabeth David.", "Thank you, [name]."),
        ],
    ),
    ("email-dots", &[("customer", "My email is jane.smith@gmail.com.", "My email is [e-mail].")]),
    ("email-spell", &[("customer", "It's J-A-N-E underscore S-M-I-T-H at outlook.com.", "It's [e-mail].")]),
    ("email-spell2", &[("customer", "It's J A N E, underscore, S M I T H, at Outlook dot com.", "It's [e-mail].")]),
    ("email-miss", &[("customer", "It's yay-ay on the undercourt FMI-DH at Outlook.com.", "It's yay-ay [e-mail].")]),
    ("email-gmail", &[("customer", "My email is Jane Smith at gmail.com.", "My email is [e-mail].")]),
    (
        "addr",
        &[
            ("agent", "and what is your address?", "and what is your address?"),
            ("customer", "My address is 001", "My address is [address]"),
            ("customer", "main, that's MAIN,", "[address],"),
            ("customer", "street, and that's in Forest, Ranch,", "[address],"),
            ("customer", "California.", "[address]."),
            ("customer", "The zip code is", "[address]"),
            ("customer", "70023.", "[address]."),
        ],
    ),
    (
        "addr2",
        &[
            ("agent", "And what is the company address? Can you", "And what is the company address? Can you"),
            ("customer", "The address is 552,", "The address is [address],"),
            ("customer", "Main Street,", "[address],"),
            ("customer", "Harper Valley,", "[address],"),
            ("customer", "California,", "[address],"),
            ("customer", "41912.", "[address]."),
            ("agent", "repeat the zip code? Did you say", "repeat the zip code? Did you say"),
            ("agent", "41912?", "[address]?"),
        ],
    ),
    (
        "addr3",
        &[("customer", "I live at 42 Maple Street, Springfield, and the zip code is 70023.", "I live at [address].")],
    ),
    (
        "zip-pieces",
        &[
            ("agent", "Can you repeat the zip code again, please?", "Can you repeat the zip code again, please?"),
            ("customer", "Sure, I'm sorry.", "Sure, I'm sorry."),
            ("customer", "It's 7.", "It's [address]."),
            ("customer", "0, 0,", "[address],"),
            ("customer", "2,", "[address],"),
            ("customer", "3.", "[address]."),
        ],
    ),
    ("dob", &[("customer", "My date of birth is March 14th, 1982.", "My date of birth is [date of birth].")]),
    (
        "dob2",
        &[("customer", "My date of birth is the 14th of March, 1982.", "My date of birth is the [date of birth].")],
    ),
    ("dob3", &[("customer", "My date of birth is 3.14.82.", "My date of birth is [date of birth].")]),
    (
        "dob-split",
        &[
            ("agent", "And your date of birth?", "And your date of birth?"),
            ("customer", "The 14th of", "The [date of birth]"),
            ("customer", "March, 1982.", "[date of birth]."),
        ],
    ),
    (
        "ssn",
        &[(
            "customer",
            "My social security number is 123-45-6789.",
            "My social security number is [social security number].",
        )],
    ),
    ("ssn2", &[("customer", "My social is 123456789.", "My social is [social security number].")]),
    (
        "ssn-last4",
        &[(
            "customer",
            "The last four of my social are 6789.",
            "The last four of my social are [social security number].",
        )],
    ),
    ("pin", &[("customer", "And the PIN is 4419.", "And the PIN is [PIN].")]),
    ("password", &[("customer", "My password is Falcon 77.", "My password is [password].")]),
    ("acct", &[("customer", "My account number is 88012234-456.", "My account number is [account number].")]),
    ("iban", &[("customer", "The IBAN is DE89 3704 0044 0532 0130 00.", "The IBAN is [IBAN].")]),
    ("iban-whisper", &[("customer", "The iBan is D-E-8-9-3-704-0044-0532-0130-00.", "The iBan is [IBAN].")]),
    ("iban-whisper2", &[("customer", "The I-BAN is DE 893-704-004-405-320-13000.", "The I-BAN is [IBAN].")]),
    ("iban-cut", &[("customer", "The IBAN is DE89, 3704, 0044, 0532, 0130, 0.", "The IBAN is [IBAN].")]),
    ("double", &[("customer", "It's 44, 111, 9, 00, 62, 55, 18, 83, 9.", "It's [number].")]),
    (
        "double-card",
        &[(
            "customer",
            "My card number is double 4, triple 1, 9, 0, 0, 6, 2, 5, 5, 1, 8, 8, 3, 9.",
            "My card number is [card number].",
        )],
    ),
    (
        "money",
        &[(
            "customer",
            "The amount is $135. I paid 1,234,567 dollars.",
            "The amount is $135. I paid 1,234,567 dollars.",
        )],
    ),
    (
        "variant-card-1",
        &[(
            "customer",
            "My card number is 4539 1488 0343 6467 and the expiration is 0427.",
            "My card number is [card number] and the expiration is [expiry date].",
        )],
    ),
    ("variant-card-2", &[("customer", "card number: 4539.1488.0343.6467", "card number: [card number]")]),
    ("variant-card-3", &[("customer", "4 5 3 9 1 4 8 8 0 3 4 3 6 4 6 7", "[card number]")]),
    (
        "variant-card-4",
        &[(
            "customer",
            "forty five thirty nine fourteen eighty eight oh three forty three sixty four sixty seven",
            "[card number]",
        )],
    ),
    ("variant-card-5", &[("customer", "My number is 45391488 and then 03436467", "My number is [card number]")]),
    (
        "variant-card-6",
        &[
            ("customer", "It's 4539.", "It's [number]."),
            ("agent", "Okay.", "Okay."),
            ("customer", "Did you get that? 1488.", "Did you get that? [number]."),
            ("agent", "Yes, 1488.", "Yes, [number]."),
            ("customer", "0343.", "[number]."),
            ("agent", "mm-hm", "mm-hm"),
            ("customer", "6467.", "[number]."),
        ],
    ),
    (
        "variant-card-7",
        &[
            ("agent", "Can I take a payment?", "Can I take a payment?"),
            ("customer", "Sure. 4539", "Sure. [card number]"),
            ("agent", "4539", "[card number]"),
            ("customer", "14", "[card number]"),
            ("agent", "14", "[card number]"),
            ("customer", "88 0343 64 67", "[card number]"),
        ],
    ),
    (
        "variant-card-8",
        &[(
            "customer",
            "The card is four five three nine dash one four eight eight dash zero three four three dash six four six seven.",
            "The card is [card number].",
        )],
    ),
    (
        "variant-card-9",
        &[(
            "customer",
            "VISA 4539-1488-0343-64, CVV 1 2 3, exp 4 of 27.",
            "VISA [card number], CVV [security code], exp 4 of 27.",
        )],
    ),
    (
        "variant-card-10",
        &[
            ("agent", "What is the CVV?", "What is the CVV?"),
            ("customer", "It is one two three.", "It is [security code]."),
        ],
    ),
    ("variant-email-1", &[("customer", "My email is jane dot smith at gmail dot com.", "My email is [e-mail].")]),
    ("variant-email-2", &[("customer", "It's Jane.Smith at gmail.com", "It's [e-mail]")]),
    ("variant-email-3", &[("customer", "my email is jane smith, all one word, at gmail.com", "my email is [e-mail]")]),
    ("variant-email-4", &[("customer", "J Smith 42 at Yahoo.co.uk", "[e-mail]")]),
    ("variant-email-5", &[("customer", "My email address is jsmith42@gmail", "My email address is [e-mail]")]),
    ("variant-email-6", &[("customer", "jane.smith.gmail.com", "[e-mail]")]),
    ("variant-email-7", &[("customer", "Jane dot Smith at G mail dot com", "[e-mail]")]),
    ("variant-email-8", &[("customer", "It's jane smith at g mail.com", "It's [e-mail]")]),
    ("variant-email-9", &[("customer", "My email is Jane at Smith family dot org.", "My email is [e-mail].")]),
    ("variant-email-10", &[("customer", "jane, dot, smith, at, hotmail, dot, com", "[e-mail]")]),
    ("variant-email-11", &[("customer", "My email is jane.smith at company.", "My email is [e-mail].")]),
    (
        "variant-email-12",
        &[("customer", "My e-mail's jsmith at live.com, J as in Juliet.", "My e-mail's [e-mail], J as in Juliet.")],
    ),
    (
        "variant-email-13",
        &[
            ("agent", "What's your email address?", "What's your email address?"),
            ("customer", "jane.smith at mail dot", "[e-mail]"),
            ("customer", "com", "[e-mail]"),
        ],
    ),
    (
        "variant-email-14",
        &[
            ("agent", "What's the best email?", "What's the best email?"),
            ("customer", "Jane", "[e-mail]"),
            ("customer", "dot smith at gmail.com", "[e-mail]"),
        ],
    ),
    (
        "variant-email-15",
        &[
            ("agent", "Your email?", "Your email?"),
            ("customer", "JaneSmith@Gmail.com.", "[e-mail]."),
            ("agent", "So that is Jane Smith at Gmail.com?", "So that is [e-mail]?"),
        ],
    ),
    (
        "variant-email-16",
        &[
            ("agent", "Your email?", "Your email?"),
            ("customer", "It is J-S-M-I-T-H at outlook.com", "It is [e-mail]"),
            ("agent", "J-S-M-I-T-H?", "[e-mail]?"),
        ],
    ),
    (
        "variant-iban-1",
        &[("customer", "My IBAN is D-E-8-9-3-7-0-4-0-0-4-4-0-5-3-2-0-1-3-0-0-0.", "My IBAN is [IBAN].")],
    ),
    ("variant-iban-2", &[("customer", "de 89 37 04 00 44 05 32 01 30 00", "[IBAN]")]),
    ("variant-iban-3", &[("customer", "Account number DE 89 3704 0044 0532 0130 00", "Account number [IBAN]")]),
    (
        "variant-iban-4",
        &[(
            "customer",
            "D E eighty nine thirty seven oh four double zero forty four oh five thirty two oh one thirty",
            "[IBAN]",
        )],
    ),
    ("variant-iban-5", &[("customer", "It's GB29 NWBK 6016 1331 92.", "It's [IBAN].")]),
    ("variant-ssn-1", &[("customer", "My social is 123 45 6789.", "My social is [social security number].")]),
    ("variant-ssn-2", &[("customer", "123-45-6789", "[social security number]")]),
    (
        "variant-ssn-3",
        &[
            ("agent", "Social Security number?", "Social Security number?"),
            ("customer", "one two three four five six seven eight nine", "[social security number]"),
        ],
    ),
    (
        "variant-ssn-4",
        &[
            ("agent", "Last four of your social?", "Last four of your social?"),
            ("customer", "It's 6789.", "It's [social security number]."),
        ],
    ),
    (
        "variant-ssn-5",
        &[
            (
                "agent",
                "Can you verify the last 4 digits of your Social Security number?",
                "Can you verify the last 4 digits of your Social Security number?",
            ),
            ("customer", "Sure, that's six, seven, eight, nine.", "Sure, that's [social security number]."),
            ("agent", "6789, thank you.", "[social security number], thank you."),
        ],
    ),
    ("variant-pin-1", &[("customer", "my PIN is four four one nine", "my PIN is [PIN]")]),
    ("variant-pin-2", &[("customer", "The PIN number's 4419.", "The PIN number's [PIN].")]),
    (
        "variant-pin-3",
        &[
            ("agent", "Can you give me your PIN?", "Can you give me your PIN?"),
            ("customer", "Yeah, it's 4-4-1-9.", "Yeah, it's [PIN]."),
        ],
    ),
    (
        "variant-pin-4",
        &[
            (
                "agent",
                "What is the verification code that we sent you?",
                "What is the verification code that we sent you?",
            ),
            ("customer", "It's 482911.", "It's [number]."),
        ],
    ),
    (
        "variant-pin-5",
        &[
            ("agent", "And your passcode?", "And your passcode?"),
            ("customer", "44 19.", "[PIN]."),
            ("agent", "4419?", "[PIN]?"),
        ],
    ),
    ("variant-dob-1", &[("customer", "My date of birth is 3/14/1982.", "My date of birth is [date of birth].")]),
    ("variant-dob-2", &[("customer", "I was born on March 14, '82.", "I was born on [date of birth].")]),
    (
        "misheard-speaking",
        &[
            ("customer", "and 20 miller speaking. Sure.", "and 20 [name] speaking. Sure."),
            ("customer", "I am an english speaking customer.", "I am an english speaking customer."),
        ],
    ),
    (
        "misheard-dob-1",
        &[
            ("agent", "And your date of birth, please.", "And your date of birth, please."),
            (
                "customer",
                "The 10th, 19th, 47. The billing address is fine.",
                "The [date of birth]. The billing address is fine.",
            ),
        ],
    ),
    (
        "misheard-dob-2",
        &[
            ("agent", "Your date of birth?", "Your date of birth?"),
            ("customer", "Sure, it's 27 19 59.", "Sure, it's [date of birth]."),
        ],
    ),
    (
        "no-dob",
        &[
            ("agent", "And your date of birth?", "And your date of birth?"),
            ("customer", "Why? I have 2 tickets.", "Why? I have 2 tickets."),
        ],
    ),
    ("variant-dob-3", &[("customer", "I was born March the fourteenth eighty two", "I was born [date of birth]")]),
    (
        "variant-dob-4",
        &[("agent", "Date of birth?", "Date of birth?"), ("customer", "14th March 82", "[date of birth]")],
    ),
    (
        "variant-dob-5",
        &[
            ("agent", "Date of birth?", "Date of birth?"),
            ("customer", "oh three fourteen eighty two", "[date of birth]"),
        ],
    ),
    (
        "variant-dob-6",
        &[
            ("agent", "Your birthday?", "Your birthday?"),
            ("customer", "March 14.", "[date of birth]."),
            ("agent", "And the year?", "And the year?"),
            ("customer", "1982.", "[date of birth]."),
        ],
    ),
    (
        "variant-dob-7",
        &[
            ("agent", "And what is your birth date?", "And what is your birth date?"),
            ("customer", "Sure, 0 3 1 4 1 9 8 2.", "Sure, [date of birth]."),
        ],
    ),
    (
        "variant-dob-8",
        &[
            ("agent", "Date of birth?", "Date of birth?"),
            ("customer", "March 14th, 1982.", "[date of birth]."),
            ("agent", "March 14th, 1982, thank you.", "[date of birth], thank you."),
        ],
    ),
    ("variant-addr-1", &[("customer", "I live at 42 Maple St.", "I live at [address].")]),
    ("variant-addr-2", &[("customer", "my address is 42 maple street", "my address is [address]")]),
    ("variant-addr-3", &[("customer", "forty two Maple Street, Springfield", "[address], Springfield")]),
    ("variant-addr-4", &[("customer", "1-2-4 Oak Lane", "[address]")]),
    ("variant-addr-5", &[("customer", "Apartment 4B, 22 Elm Road", "Apartment 4B, [address]")]),
    ("variant-addr-6", &[("customer", "My address is PO Box 1234, Dallas, Texas.", "My address is PO Box [address].")]),
    ("variant-addr-7", &[("customer", "221 B. Baker Street", "[address]")]),
    ("variant-addr-8", &[("customer", "I live at 15 Rosewood.", "I live at [address].")]),
    ("variant-addr-9", &[("customer", "house number 15, Rosewood Drive", "house number [address]")]),
    (
        "variant-addr-10",
        &[
            ("agent", "What is the shipping address?", "What is the shipping address?"),
            ("customer", "1500 North Lake Shore Drive, apartment 12B, Chicago, Illinois 60610.", "[address]."),
        ],
    ),
    (
        "variant-addr-11",
        &[
            ("agent", "Where do you live?", "Where do you live?"),
            ("customer", "22", "[address]"),
            ("customer", "Elm Road.", "[address]."),
            ("agent", "22 Elm Road?", "[address]?"),
        ],
    ),
    (
        "variant-name-1",
        &[("agent", "Who am I speaking to?", "Who am I speaking to?"), ("customer", "It's Patricia.", "It's [name].")],
    ),
    ("variant-name-2", &[("customer", "Patricia Brown here.", "[name] here.")]),
    ("variant-name-3", &[("customer", "The name is Brown.", "The name is [name].")]),
    ("variant-name-4", &[("customer", "My surname is Brown, B-R-O-W-N.", "My surname is [name].")]),
    ("variant-name-5", &[("customer", "This is Patricia.", "This is [name].")]),
    ("variant-name-6", &[("customer", "I am Patricia Brown.", "I am [name].")]),
    ("variant-name-7", &[("customer", "Patricia speaking.", "[name] speaking.")]),
    ("variant-name-8", &[("customer", "You're talking to Patricia Brown", "You're talking to [name]")]),
    (
        "variant-name-9",
        &[("customer", "Hi, Patricia Brown calling about my order.", "Hi, [name] calling about my order.")],
    ),
    ("variant-name-10", &[("customer", "my name's Pat Brown", "my name's [name]")]),
    ("variant-name-11", &[("customer", "My name is patricia brown.", "My name is [name].")]),
    (
        "variant-name-12",
        &[
            ("agent", "Can I have your name please?", "Can I have your name please?"),
            ("customer", "patricia brown", "[name]"),
        ],
    ),
    (
        "variant-name-13",
        &[
            ("agent", "Your name?", "Your name?"),
            ("customer", "Yes. Patricia Brown.", "Yes. [name]."),
            ("agent", "Thank you Patricia.", "Thank you [name]."),
        ],
    ),
    (
        "variant-name-14",
        &[
            ("agent", "And your last name?", "And your last name?"),
            ("customer", "Szczepanski. S-Z-C-Z-E-P-A-N-S-K-I.", "[name]."),
        ],
    ),
    (
        "variant-name-15",
        &[("customer", "Hello, my name is Dr. Nkechi Adeyemi-Jones.", "Hello, my name is Dr. [name].")],
    ),
    ("variant-name-16", &[("customer", "Hi, this is Mary Ann O'Brien.", "Hi, this is [name].")]),
    ("variant-name-17", &[("customer", "My wife's name is Susan Parker.", "My wife's name is [name].")]),
    ("variant-phone-1", &[("customer", "My number is 555 0123 456.", "My number is [phone].")]),
    (
        "variant-phone-2",
        &[
            ("agent", "And your mobile?", "And your mobile?"),
            ("customer", "oh seven seven double oh, nine hundred, one two three", "[phone]"),
        ],
    ),
    ("variant-pass-1", &[("customer", "The password is sunflower 99.", "The password is [password].")]),
];

/// Conversations in which nothing is masked: speaker and text.
const STAYS: &[(&str, &[(&str, &str)])] = &[
    (
        "order refs",
        &[
            ("agent", "Can I have your order number, please?"),
            ("customer", "Sure, it's 77129305."),
            ("agent", "77129305, thank you. And is that for the printer?"),
            ("customer", "Yes, order 7712-9305. I paid 1,249 dollars on March 3rd, 2024."),
            ("agent", "It will be delivered on the 5th of December between 9 and 12."),
        ],
    ),
    (
        "tracking",
        &[
            ("agent", "Your tracking number is 1Z 999 AA1 01 2345 6784."),
            ("customer", "Okay, 1Z 999 AA1 01 2345 6784. When does it arrive?"),
            ("agent", "On Tuesday, November 24th, before 10:30 a.m. The parcel has 12 items and weighs 14 kilograms."),
        ],
    ),
    (
        "amounts",
        &[
            ("customer", "I was charged 2,450,000 pesos, that's 1,350 dollars and 25 cents."),
            ("agent", "I see 3 payments: $450.00, $450.00 and $450.25."),
            ("customer", "It was 1,350.25 in total, not 1350."),
        ],
    ),
    (
        "chat",
        &[
            ("agent", "Hello, this is Harper Valley National Bank, my name is Jennifer. How can I help you?"),
            ("customer", "Hi Jennifer, I'm calling about my loan. I'm interested in the 30 year rate."),
            ("agent", "The rate is 3.75 percent for 30 years and 2.9 for 15 years."),
            ("customer", "I'm Sorry to bother you. This is Great, thank you. I'm from Texas."),
        ],
    ),
    (
        "address topic bleed",
        &[
            ("agent", "We can deliver it to you on 12 January between 9 and 17."),
            ("customer", "Please send it to me before 5 pm, I live in a 2 bedroom apartment."),
            ("agent", "It was sent to your address on 20 November at 14:24."),
        ],
    ),
    (
        "misc",
        &[
            ("customer", "My password is not accepted, I tried 3 times."),
            ("customer", "I read on social media that you give 500 dollars off for orders of 2019 and 2020."),
            ("customer", "I have version 10.14.6 on a 500 GB drive, error 0x80070057."),
            ("agent", "The router has the address 192.168.178.1 and the model is X100."),
            ("customer", "My pin does not work. I have 3 tries left."),
            ("customer", "I bought 4 of them in 2021, and 10 to 12 more in 2022."),
            ("agent", "Your email address is confirmed, have a look at northwind.com for more."),
            ("customer", "What's my email? I don't know."),
            ("agent", "And your name?"),
            ("customer", "Why do you need that?"),
            ("agent", "Your case number is 00123456, and the reference is AB-1234567."),
            ("customer", "Okay. Case number 0012-3456."),
            ("agent", "How many steps did you do?"),
            ("customer", "15000."),
            ("agent", "Which year was it bought?"),
            ("customer", "2019."),
            ("customer", "Sizes 38, 40, 42 and 44 please."),
            ("customer", "I waited 45 minutes on hold and called 3 times since January 5th."),
            ("agent", "Is there anything else I can help you with today?"),
            ("customer", "No, That's all. Thank you Jennifer, have a great day."),
        ],
    ),
    (
        "company names",
        &[
            ("customer", "This is about Johnson Insurance. I work at Baker Street Electronics."),
            ("agent", "Thank you for calling Wilson Energy, how can I help?"),
            ("agent", "Okay Great. Perfect. Thank you for waiting."),
            ("customer", "Hi Linda, I ordered on Monday from Target and from Best Buy."),
            ("agent", "Good morning, Wells Fargo, Mark speaking."),
        ],
    ),
    (
        "dates",
        &[
            ("agent", "When did you move in?"),
            ("customer", "It was March 2015. The contract started on the 1st of April, 2022."),
            ("agent", "Your subscription expires on 12/27 and renews on January 1st, 2027."),
            ("customer", "I've been a customer since May 5th, 2009."),
        ],
    ),
];

/// Returns the masked conversation.
fn left(lines: &[(&str, &str)]) -> Vec<String> {
    let said: Vec<Utterance<'_>> = lines
        .iter()
        .map(|(speaker, text)| Utterance { speaker, customer: *speaker == "customer", time_ms: None, text })
        .collect();
    let found = find_in_talk(&said, &Names::none());
    said.iter().zip(found).map(|(line, spans)| apply(line.text, &spans)).collect()
}

#[test]
fn what_people_say_of_themselves_goes_however_it_is_written() {
    let mut wrong = Vec::new();
    for (name, lines) in GOES {
        let said: Vec<(&str, &str)> = lines.iter().map(|(speaker, text, _)| (*speaker, *text)).collect();
        let wanted: Vec<&str> = lines.iter().map(|(.., left)| *left).collect();
        let got = left(&said);
        if got != wanted {
            wrong.push(format!("{name}\n    wanted {wanted:?}\n    got    {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), GOES.len(), wrong.join("\n"));
}

#[test]
fn references_amounts_dates_and_times_stay_in_a_conversation() {
    for (name, lines) in STAYS {
        let wanted: Vec<&str> = lines.iter().map(|(_, text)| *text).collect();
        assert_eq!(left(lines), wanted, "{name}");
    }
}

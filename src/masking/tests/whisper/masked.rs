//! Conversations with personal data, and their masked form.

use super::Line;

pub(super) const MASKED: &[(&str, &[Line])] = &[
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
];

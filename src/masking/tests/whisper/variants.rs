//! More spellings of the same data, and misheard ones.

use super::Line;

pub(super) const VARIANTS: &[(&str, &[Line])] = &[
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

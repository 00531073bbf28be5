//! Conversations in which nothing is masked: references, amounts, dates and times.

pub(super) const UNMASKED: &[(&str, &[(&str, &str)])] = &[
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

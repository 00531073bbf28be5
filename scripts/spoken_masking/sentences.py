"""The sentences of the spoken set: personal data as callers say it.

`sentences()` returns 150 of them, the same every time. A sentence is a list of turns; a turn is the speaker and its parts; a part is the text for the
synthesiser and, where it is personal data, the pieces of it that may be readable nowhere. All data is made up: card numbers have a right check digit and
belong to nobody, social security numbers begin with 9 and are never issued.
"""
import random
from dataclasses import dataclass, field

ONES = "zero one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
MONTHS = "January February March April May June July August September October November December".split()
DAYS = ("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth "
        "nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth").split()
FIRST = ("Patricia Robert Elizabeth David Jennifer Michael Linda William Susan Richard Karen Thomas Nancy Daniel Sandra Matthew Ashley Anthony Emily Steven "
         "Rebecca Andrew Laura Kevin Helen Brian Diana George Olivia Edward").split()
LAST = ("Brown Johnson Miller Garcia Rodriguez Wilson Anderson Taylor Thompson Martinez Robinson Clarke Lewis Walker Hall Young Hernandez King Wright Lopez "
        "Scott Green Adams Baker Nelson Carter Mitchell Roberts Turner Phillips").split()
STREETS = ("Maple Oak Cedar Washington Lincoln Jefferson Madison Chestnut Willow Franklin Highland Sunset Jackson Lakeview Hillcrest Meadow Spruce Magnolia "
           "Riverside Birch").split()
WAYS = "Street Avenue Road Lane Drive Court Boulevard Place".split()
TOWNS = ("Springfield Illinois|Dayton Ohio|Portland Oregon|Austin Texas|Denver Colorado|Memphis Tennessee|Tucson Arizona|Boise Idaho|Omaha Nebraska|Salem Oregon").split("|")
HOSTS = "gmail.com outlook.com yahoo.com hotmail.com icloud.com example.net".split()


@dataclass
class Part:
    """What is said in one go; `secrets` are the pieces of it that are personal data (digits, or words in small letters)."""
    text: str
    secrets: list = field(default_factory=list)


@dataclass
class Sentence:
    """Something that is said in a call: turns of (speaker, parts)."""
    kind: str
    turns: list


def digits(number):
    return " ".join(ONES[int(d)] for d in number)


def oh(number):
    return digits(number).replace("zero", "oh")


def grouped(number, sizes, say=digits, between=", "):
    groups, at = [], 0
    for size in sizes:
        groups.append(say(number[at:at + size]))
        at += size
    return between.join(g for g in groups if g)


def two(number):
    value = int(number)
    if value < 10:
        return "oh " + ONES[value]
    if value < 20:
        return TEENS[value - 10]
    return TENS[value // 10] + (" " + ONES[value % 10] if value % 10 else "")


def pairs(number):
    return " ".join(two(number[at:at + 2]) if len(number[at:at + 2]) == 2 else ONES[int(number[at])] for at in range(0, len(number), 2))


def doubled(number):
    said, at = [], 0
    while at < len(number):
        same = 1
        while at + same < len(number) and number[at + same] == number[at] and same < 3:
            same += 1
        said.append({1: "", 2: "double ", 3: "triple "}[same] + ONES[int(number[at])])
        at += same
    return " ".join(said)


def luhn(head):
    total = sum(sum(divmod(int(d) * (2 if at % 2 == 0 else 1), 10)) for at, d in enumerate(reversed(head)))
    return head + str(-total % 10)


def iban(rng, country, length):
    rest = "".join(str(rng.randrange(10)) for _ in range(length - 4))
    letters = "".join(str(ord(c) - 55) for c in country)
    return f"{country}{98 - int(rest + letters + '00') % 97:02}{rest}"


def chunks(number, size=4):
    """What must not be read of a number: all pieces of so many digits."""
    return [number[at:at + size] for at in range(0, len(number) - size + 1)]


class Maker:
    def __init__(self, seed=2026):
        self.rng = random.Random(seed)
        self.made = []

    def pick(self, values):
        return values[self.rng.randrange(len(values))]

    def number(self, length, first="123456789"):
        return self.pick(first) + "".join(str(self.rng.randrange(10)) for _ in range(length - 1))

    def add(self, kind, *turns):
        """Turns as (speaker, part, part, …); a part is a text, or (text, secrets)."""
        part = lambda p: Part(p) if isinstance(p, str) else Part(p[0], [s.lower() for s in p[1]])
        self.made.append(Sentence(kind, [(who, [part(p) for p in parts]) for who, *parts in turns]))

    def cards(self):
        for at in range(25):
            amex = at % 6 == 5
            card = luhn(self.pick(["37", "34"]) + self.number(12, "0123456789")) if amex else luhn(self.pick("45") + self.number(14, "0123456789"))
            sizes = [4, 6, 5] if amex else [4, 4, 4, 4]
            say = [digits, oh, pairs, doubled, digits][at % 5] if not amex else digits
            said = (grouped(card, sizes, say, [", ", ". ", ", "][at % 3]), chunks(card))
            expiry = f"{self.rng.randrange(1, 13):02}{self.rng.randrange(27, 32)}"
            code = self.number(3, "0123456789")
            match at % 10:
                case 0: self.add("card", ("agent", "Can I have the long number on the front of your card, please?"), ("customer", said))
                case 1: self.add("card", ("customer", "My card number is", said, "."))
                case 2: self.add("card", ("customer", "I would like to pay by credit card, the number is", said))
                case 3: self.add("card", ("agent", "Which card would you like to use?"), ("customer", "Please use my visa,", said, ", thank you."))
                case 4: self.add("card", ("customer", said, ", it is an American Express." if amex else ", that is my debit card."))
                case 5: self.add("card", ("customer", "Sure, one second. It's", said, "do you need anything else?"))
                case 6:
                    cut = len(said[0].split(",")[0])
                    first, rest = said[0][:cut], said[0][cut:].lstrip(", ")
                    self.add("card", ("agent", "Go ahead with the card number."), ("customer", (first, chunks(card))), ("agent", (first, chunks(card)), ", yes."), ("customer", (rest, chunks(card))))
                case 7: self.add("card", ("customer", "The card is", said, "and it expires", (pairs(expiry), [expiry]), "and the security code is", (digits(code), [code])))
                case 8: self.add("card", ("agent", "And the number please?"), ("customer", "Yeah so that's", said))
                case _: self.add("card", ("customer", "I was charged twice on", said, "last week."))

    def emails(self):
        for at in range(25):
            first, last, host = self.pick(FIRST).lower(), self.pick(LAST).lower(), self.pick(HOSTS)
            name, end = host.split(".")
            domain = f"{name} dot {end}"
            spell = lambda word: " ".join(word.upper())
            secret = [last]
            said, secrets = {
                0: (f"{first} dot {last} at {domain}", secret), 1: (f"{first} {last} at {domain}", secret), 2: (f"{first[0]} {last} {two(self.number(2))} at {domain}", secret),
                3: (f"{first} underscore {last} at {domain}", secret), 4: (f"{', '.join(last.upper())}, at {domain}", [" ".join(last), "-".join(last), last, ", ".join(last)]),
                5: (f"{first}{last} at {domain}", secret), 6: (f"{first} dash {last} at {domain}", secret)}[at % 7]
            match at % 8:
                case 0: self.add("e-mail", ("customer", "My email is", (said, secrets)))
                case 1: self.add("e-mail", ("agent", "What is your email address?"), ("customer", "It's", (said, secrets)))
                case 2: self.add("e-mail", ("customer", "You can send it to", (said, secrets), "please."))
                case 3: self.add("e-mail", ("agent", "Where can I send the confirmation?"), ("customer", (said, secrets)))
                case 4: self.add("e-mail", ("customer", "My email address is", (said, secrets), ". Did you get that?"))
                case 5: self.add("e-mail", ("agent", "And your email?"), ("customer", "Sure,", (said, secrets)))
                case 6: self.add("e-mail", ("customer", "I registered with", (said, secrets), ", I think."))
                case _: self.add("e-mail", ("agent", "Can you give me the email on the account?"), ("customer", "Yes that would be", (said, secrets)))

    def ibans(self):
        for at in range(12):
            country, length = self.pick([("DE", 22), ("NL", 18), ("FR", 27), ("AT", 20)])
            if country == "NL":
                country, length = "BE", 16
            value = iban(self.rng, country, length)
            text = f"{' '.join(value[:2])} {grouped(value[2:], [2, 4, 4, 4, 4, 4, 4, 4], [digits, oh, pairs][at % 3])}"
            said = (text, chunks(value[2:]))
            match at % 4:
                case 0: self.add("iban", ("customer", "The I ban is", said))
                case 1: self.add("iban", ("agent", "What is your I ban?"), ("customer", "It is", said))
                case 2: self.add("iban", ("customer", "Please refund it to my bank account,", said, "."))
                case _: self.add("iban", ("agent", "Can I have your bank details?"), ("customer", "Yes,", said))

    def ssns(self):
        for at in range(12):
            ssn = self.number(9, "9")
            said = (grouped(ssn, [3, 2, 4], [digits, doubled, digits][at % 3], [", ", " "][at % 2]), chunks(ssn))
            match at % 4:
                case 0: self.add("ssn", ("customer", "My social security number is", said))
                case 1: self.add("ssn", ("agent", "Can you verify your social security number?"), ("customer", "It's", said))
                case 2: self.add("ssn", ("agent", "And the last four of your social?"), ("customer", (digits(ssn[5:]), [ssn[5:]])))
                case _: self.add("ssn", ("customer", "Sure, my social is", said, "."))

    def codes(self):
        for at in range(16):
            pin, account = self.number(4, "0123456789"), self.number(self.pick([8, 9, 10]))
            pin_said, account_said = (digits(pin), [pin]), (grouped(account, [3, 3, 4], digits), chunks(account))
            match at % 8:
                case 0: self.add("pin", ("customer", "And the pin is", pin_said, "."))
                case 1: self.add("pin", ("agent", "Please tell me your four digit pin."), ("customer", pin_said))
                case 2: self.add("account", ("customer", "My account number is", account_said, "."))
                case 3: self.add("account", ("agent", "What is your account number?"), ("customer", "Let me see. It's", account_said))
                case 4: self.add("pin", ("customer", "My passcode is", pin_said, ", is that right?"))
                case 5: self.add("pin", ("agent", "And the three digits on the back of the card?"), ("customer", "It's", (digits(pin[:3]), [pin[:3]])))
                case 6: self.add("account", ("customer", "It's a checking account,", account_said))
                case _: self.add("phone", ("agent", "What is the best number to reach you?"), ("customer", "You can call me at", account_said))

    def births(self):
        for at in range(16):
            day, month, year = self.rng.randrange(30), self.rng.randrange(12), self.rng.randrange(1945, 2004)
            spoken = f"{two(str(year)[:2])} {two(str(year)[2:])}"
            forms = [f"{MONTHS[month]} {DAYS[day]}, {spoken}", f"the {DAYS[day]} of {MONTHS[month]}, {spoken}", f"{two(f'{month + 1:02}')}, {two(f'{day + 1:02}')}, {spoken}",
                     f"{MONTHS[month]} {two(f'{day + 1:02}').replace('oh ', '')} {spoken}"]
            said = (forms[at % 4], [str(year), f"{MONTHS[month]} {day + 1}", f"{day + 1} {MONTHS[month]}", DAYS[day] + " of", f"{MONTHS[month]} {DAYS[day]}"])
            match at % 5:
                case 0: self.add("birth", ("customer", "My date of birth is", said, "."))
                case 1: self.add("birth", ("agent", "And your date of birth, please?"), ("customer", said))
                case 2: self.add("birth", ("customer", "I was born on", said))
                case 3: self.add("birth", ("agent", "Can you confirm your birthday for me?"), ("customer", "Sure, it's", said))
                case _: self.add("birth", ("customer", "Date of birth,", said, "."))

    def addresses(self):
        for at in range(22):
            number, street, way, town = self.number(self.pick([2, 3, 4])), self.pick(STREETS), self.pick(WAYS), self.pick(TOWNS)
            zip_code = self.number(5)
            spoken = pairs(number) if len(number) != 3 else digits(number)
            said = (f"{spoken} {street} {way}", [street, number])
            rest = (f"{town}, {digits(zip_code)}", [zip_code])
            match at % 8:
                case 0: self.add("address", ("customer", "I live at", said, ", in", rest))
                case 1: self.add("address", ("agent", "What is your address?"), ("customer", said, ",", rest))
                case 2: self.add("address", ("customer", "My address is", said, "."))
                case 3: self.add("address", ("agent", "Can you confirm the delivery address?"), ("customer", "Yes, it's", said))
                case 4: self.add("address", ("customer", "Please ship it to", said, ",", rest, "."))
                case 5: self.add("address", ("customer", "I just moved to", said, "."))
                case 6: self.add("address", ("agent", "And what's the zip code?"), ("customer", (digits(zip_code), [zip_code])))
                case _: self.add("address", ("customer", "The billing address is", said, ", apartment", (digits(number[:1]), []), ",", rest))

    def names(self):
        for at in range(22):
            first, last = self.pick(FIRST), self.pick(LAST)
            said = (f"{first} {last}", [first, last])
            match at % 11:
                case 0: self.add("name", ("customer", "Hi, my name is", said, ". I have a question about my order."))
                case 1: self.add("name", ("customer", "Hello, this is", said, "calling."))
                case 2: self.add("name", ("customer", "Good morning. I'm", said, "and I need some help."))
                case 3: self.add("name", ("customer", said, "speaking."))
                case 4: self.add("name", ("agent", "May I have your name, please?"), ("customer", said, "."))
                case 5: self.add("name", ("customer", "The booking is under", (last, [last]), ", first name", (first, [first])))
                case 6: self.add("name", ("agent", "Who am I speaking with?"), ("customer", "You are speaking with", said))
                case 7: self.add("name", ("customer", "My name is", said, "."), ("agent", "Thank you,", (first, [first]), ". How can I help?"))
                case 8: self.add("name", ("agent", "And the name on the account?"), ("customer", "It should be under", said))
                case 9: self.add("name", ("customer", "My last name is", (last, [last]), ". That's", (", ".join(last.upper()), ["-".join(last.lower()), " ".join(last.lower()), ", ".join(last.lower())])))
                case _: self.add("name", ("customer", "Yeah hi, it's", said, "here."))


def sentences(seed=2026):
    maker = Maker(seed)
    maker.cards(), maker.emails(), maker.ibans(), maker.ssns(), maker.codes(), maker.births(), maker.addresses(), maker.names()
    maker.rng.shuffle(maker.made)
    return maker.made


if __name__ == "__main__":
    for sentence in sentences():
        print(sentence.kind, "|", " / ".join(f"{who}: " + " ".join(part.text for part in parts) for who, parts in sentence.turns))

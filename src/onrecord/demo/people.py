"""Invented people with invented data that is formally right: check digits, so that detectors find it as in real life.

Mail goes to domains that are reserved for examples (RFC 2606); telephone numbers lie in ranges of mobile operators but
are random; bank codes are those of well-known banks, the accounts random.
"""

import random
from collections.abc import Iterator
from typing import Final

_NAMES: Final = {
    "en": ("Olivia Hughes", "Jack Turner", "Priya Shah", "Amelia Clarke", "Tom Fletcher", "Grace Okafor", "Liam Byrne"),
    "nl": ("Sanne de Vries", "Bram Jansen", "Fatima El Idrissi", "Daan Bakker", "Lotte van Dijk", "Thijs Visser"),
    "de": ("Anna Schneider", "Jonas Weber", "Elif Yilmaz", "Markus Hoffmann", "Lena Fischer", "Karl Neumann"),
    "fr": ("Camille Laurent", "Hugo Moreau", "Inès Benali", "Léa Fournier", "Antoine Girard"),
    "es": ("Lucía Fernández", "Javier Romero", "Carmen Ortega", "Diego Navarro"),
    "ja": ("Haruka Sato", "Yuto Tanaka", "Aoi Nakamura"),
    "ar": ("Layla Haddad", "Omar Khalil", "Nour Mansour"),
}  # fmt: skip
_CITIES: Final = {
    "en": ("Leeds", "Bristol", "Dublin", "York"), "nl": ("Utrecht", "Haarlem", "Groningen", "Breda"),
    "de": ("Freiburg", "Leipzig", "Kassel", "Bremen"), "fr": ("Lyon", "Nantes", "Lille"),
    "es": ("Valencia", "Bilbao", "Sevilla"), "ja": ("Osaka", "Sapporo"), "ar": ("Amman", "Dubai"),
}  # fmt: skip
_STREETS: Final = {
    "en": "{} Mill Lane", "nl": "Lindelaan {}", "de": "Gartenstraße {}", "fr": "{} rue des Tilleuls",
    "es": "Calle Mayor {}", "ja": "Sakura-dori {}", "ar": "Jasmine Street {}",
}  # fmt: skip
_PHONES: Final = {
    "en": "+44 7400 {:06d}", "nl": "+31 6 2{:07d}", "de": "+49 1512 3{:06d}", "fr": "+33 6 12 {:06d}",
    "es": "+34 612 {:06d}", "ja": "+81 90 1{:07d}", "ar": "+971 50 {:07d}",
}  # fmt: skip
_BANKS: Final = {"en": ("GB", "MIDL401276", 8), "nl": ("NL", "INGB", 10), "de": ("DE", "68050101", 10),
                 "fr": ("FR", "3000600001", 13), "es": ("ES", "2100081361", 10)}  # fmt: skip
_WEEKDAYS: Final = {
    "en": "Monday Tuesday Wednesday Thursday Friday", "nl": "maandag dinsdag woensdag donderdag vrijdag",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag", "fr": "lundi mardi mercredi jeudi vendredi",
    "es": "lunes martes miércoles jueves viernes", "ja": "月曜日 火曜日 水曜日 木曜日 金曜日",
    "ar": "الاثنين الثلاثاء الأربعاء الخميس الجمعة",
}  # fmt: skip
_PRODUCTS: Final = {
    "en": ("Aura floor lamp", "Holm oak chair", "Brisk espresso maker", "Fjord bookshelf", "Luma desk lamp"),
    "nl": ("Aura-vloerlamp", "eiken stoel Holm", "boekenkast Fjord", "bureaulamp Luma"),
    "de": ("Stehlampe Aura", "Espressomaschine Brisk", "Schreibtischlampe Luma"),
    "fr": ("lampadaire Aura", "chaise Holm", "bibliothèque Fjord"),
    "es": ("lámpara Aura", "silla Holm", "estantería Fjord"),
    "ja": ("デスクランプ Luma", "本棚 Fjord"),
    "ar": ("مصباح Luma", "كرسي Holm"),
}  # fmt: skip


def invented(rng: random.Random, language: str) -> dict[str, str]:
    """One person and what happens to be true of a purchase: a value for every ``$name`` of the texts."""
    first, _, last = rng.choice(_NAMES[language]).partition(" ")
    known = language if language in _BANKS else "nl"
    past_day, coming_day = rng.sample(_WEEKDAYS[language].split(), 2)  # no dates: they would be wrong another day
    year = rng.choice(("", "", str(rng.randint(70, 99))))
    size = 10**7 if language in {"nl", "ja", "ar"} else 10**6
    return {
        "first": first,
        "last": last,
        "email": f"{_ascii(first)}.{_ascii(last)}{year}@example.{_domain(rng)}",
        "phone": _PHONES[language].format(rng.randrange(size)),
        "iban": _iban(rng, *_BANKS[known]),
        "card": _card(rng),
        "city": rng.choice(_CITIES[language]),
        "street": _STREETS[language].format(rng.randint(2, 148)),
        "order": f"NH-{rng.randint(20_000, 79_999)}-{rng.randint(10, 99)}",
        "policy": f"P{rng.randint(100, 999)}.{rng.randint(1000, 9999)}",
        "number": str(rng.randint(2_000, 9_999)),
        "amount": f"{rng.randint(29, 849)}.{rng.choice(('00', '50', '90', '95'))}",
        "product": rng.choice(_PRODUCTS.get(language, _PRODUCTS["en"])),
        "weekday": past_day,
        "date": coming_day,
        "iso": f"2026-11-{rng.randint(2, 22):02d}",
        "secret": f"sk_live_{''.join(rng.choices('abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789', k=28))}",
    }


def user_id(person: dict[str, str]) -> str:
    """What an application would call this person."""
    return person["email"]


def _domain(rng: random.Random) -> str:
    return rng.choice(("com", "org", "net"))


def _ascii(name: str) -> str:
    plain = {"é": "e", "è": "e", "í": "i", "á": "a", "ñ": "n", "ü": "u"}
    return "".join(plain.get(one, one) for one in name.lower() if one.isalpha())


def _card(rng: random.Random) -> str:
    """A card number whose last digit is right (ISO/IEC 7812, Luhn)."""
    digits = [4, 5, 3, 9, *(rng.randrange(10) for _ in range(11))]
    doubled = sum(divmod(2 * digit, 10)[0] + 2 * digit % 10 for digit in digits[::-2])
    total = doubled + sum(digits[-2::-2])
    return " ".join(_fours("".join(map(str, [*digits, -total % 10]))))


def _iban(rng: random.Random, country: str, bank: str, length: int) -> str:
    """An account number whose check digits are right (ISO 13616)."""
    account = bank + "".join(str(rng.randrange(10)) for _ in range(length))
    number = int("".join(str(int(one, 36)) for one in f"{account}{country}00"))
    return " ".join(_fours(f"{country}{98 - number % 97:02d}{account}"))


def _fours(text: str) -> Iterator[str]:
    return (text[at : at + 4] for at in range(0, len(text), 4))

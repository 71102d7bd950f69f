"""Keys of maps: what a key says about the value below it, remembered so that a key is read once."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

_KEPT: Final = 20_000
"""Keys remembered; applications use a few hundred, and one that invents keys starts over."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SPLIT = re.compile(r"[^0-9a-zà-ÿ]+")
_SECRET = re.compile(
    r"(?:.* )?(?:password|passwd|passphrase|passcode|pwd|wachtwoord|passwort|kennwort|mot de passe|mdp|contrase[nñ]a|clave|"
    r"secret|client secret|secret key|secret access key|api key|apikey|api token|api secret|access key|access token|auth token|"
    r"refresh token|bearer token|session token|id token|csrf token|private key|encryption key|credentials?|"
    r"authorization|proxy authorization|cookie|set cookie|x api key|geheim)"
)


class KeyMeaning(NamedTuple):
    """What a key says: words to read beside the value, and whether the value is secret because of its name."""

    hint: str
    secret: bool


@lru_cache(_KEPT)
def meaning_of(key: str) -> KeyMeaning:
    """What ``key`` says about the value below it."""
    words = _SPLIT.sub(" ", _CAMEL.sub(" ", key[:200]).lower()).strip()
    return KeyMeaning(words, _SECRET.fullmatch(words) is not None)

"""Keys of maps: what a key says about the value below it, remembered so that a key is read once."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from onrecord.privacy.pseudonym import TOKEN

_KEPT: Final = 20_000
"""Keys remembered; applications use a few hundred, and one that invents keys starts over."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SPLIT = re.compile(r"[^0-9a-zà-ÿ]+")
_SECRET = re.compile(
    r"(?:.* )?(?:password|passwd|passphrase|passcode|pwd|wachtwoord|passwort|kennwort|mot de passe|mdp|contrase[nñ]a|"
    r"clave|secret|secret key|secret access key|api key|apikey|api token|api secret|access key|access token|"
    r"auth token|refresh token|bearer token|session token|id token|csrf token|private key|encryption key|credentials?|"
    r"authorization|cookie|geheim)"
)
_TOKEN = re.compile(r"(?:.* )?token")


class KeyMeaning(NamedTuple):
    """What a key says: words to read beside the value; whether the value is secret, or may be an opaque token."""

    hint: str
    secret: bool
    token: bool


@lru_cache(_KEPT)
def meaning_of(key: str) -> KeyMeaning:
    """What ``key`` says about the value below it; one that holds a token says nothing."""
    if TOKEN.search(key):
        return KeyMeaning("", secret=False, token=False)
    words = _SPLIT.sub(" ", _CAMEL.sub(" ", key[:200]).lower()).strip()
    return KeyMeaning(words, _SECRET.fullmatch(words) is not None, _TOKEN.fullmatch(words) is not None)

"""Secrets: keys in a vendor's format, private keys, credentials in URLs and headers, and values that are called so.

No guessing by entropy: a digest or an id is no secret until something says so. What is found is gone for good, so a
rule rather needs one sign more; words that stand for a secret (``required``, ``${DB_PASSWORD}``, ``None``) are not one.
"""

import re
from typing import Final

from onrecord.privacy.detect.finding import Candidate, Rule
from onrecord.privacy.pseudonym import TOKEN

_W = "[A-Za-z0-9_-]"
_VENDORS: Final = (
    (rb"sk-", rf"sk-(?:ant-|proj-|svcacct-|admin-|or-v1-|lf-)?(?=[A-Za-z_-]{{0,40}}[0-9]){_W}{{20,400}}"),
    (rb"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    (rb"gh[pousr]_[A-Za-z0-9]{8}", r"gh[pousr]_[A-Za-z0-9]{30,255}"),
    (rb"github_pat_", r"github_pat_[A-Za-z0-9_]{22,255}"),
    (rb"gl(?:pat|dt|rt|oas|cbt|ptt|ft|soat)-", r"gl(?:pat|dt|rt|oas|cbt|ptt|ft|soat)-[A-Za-z0-9_.-]{20,300}"),
    (rb"xox[a-z]-", r"xox[abceoprs]-[A-Za-z0-9-]{10,255}"),
    (rb"xapp-\d", r"xapp-\d-[A-Za-z0-9-]{20,255}"),
    (rb"hooks\.slack\.com/", r"(?<=hooks\.slack\.com/)(?:services|workflows)/[A-Za-z0-9/_]{20,120}"),
    (rb"[srp]k_(?:live|test)_", r"[srp]k_(?:live|test)_[A-Za-z0-9]{10,255}"),
    (rb"whsec_", r"whsec_[A-Za-z0-9+/=]{24,100}"),
    (rb"AIza", rf"AIza{_W}{{35}}"),
    (rb"GOCSPX-", rf"GOCSPX-{_W}{{20,60}}"),
    (rb"ya29\.", rf"ya29\.{_W}{{20,1000}}"),
    (rb"hf_[A-Za-z]{8}", r"hf_[A-Za-z0-9]{30,60}"),
    (rb"gsk_[A-Za-z0-9]{8}", r"gsk_[A-Za-z0-9]{40,64}"),
    (rb"xai-[A-Za-z0-9]{8}", r"xai-[A-Za-z0-9]{40,100}"),
    (rb"pplx-[A-Za-z0-9]{8}", r"pplx-[A-Za-z0-9]{32,64}"),
    (rb"r8_[A-Za-z0-9]{8}", r"r8_[A-Za-z0-9]{36,40}"),
    (rb"nvapi-", rf"nvapi-{_W}{{40,100}}"),
    (rb"npm_[A-Za-z0-9]{8}", r"npm_[A-Za-z0-9]{36}"),
    (rb"pypi-AgE", rf"pypi-AgE{_W}{{50,300}}"),
    (rb"SG\.[A-Za-z0-9_-]{8}", rf"SG\.{_W}{{16,32}}\.{_W}{{16,64}}"),
    (rb"do[opr]_v1_", r"do[opr]_v1_[a-f0-9]{64}"),
    (rb"dapi[a-f0-9]{8}", r"dapi[a-f0-9]{32}(?:-\d)?"),
    (rb"shp(?:at|ss|ca|pa)_", r"shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}"),
    (rb"lin_api_", r"lin_api_[A-Za-z0-9]{32,64}"),
    (rb"lsv2_[a-z]{2}_", r"lsv2_[a-z]{2}_[A-Za-z0-9_]{32,100}"),
    (rb"\d{8}:AA", rf"\d{{8,10}}:AA{_W}{{32,33}}"),
    (rb"AccountKey=", r"(?<=AccountKey=)[A-Za-z0-9+/]{40,100}={0,2}"),
)
"""Trigger and exact form of each vendor's keys."""

_VENDOR = re.compile("(?<![A-Za-z0-9_])(?:" + "|".join(exact for _, exact in _VENDORS) + ")")
_JWT = re.compile(rf"(?<![A-Za-z0-9_.-])eyJ{_W}{{8,4000}}\.eyJ{_W}{{8,8000}}(?:\.{_W}{{0,2000}})?")
_PEM = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[A-Za-z0-9+/=\s\\:,.()-]{0,16000}?-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"|[A-Za-z0-9+/=\s\\]{0,16000}+)"
)
_ANGLE: Final = rf"(?!{TOKEN.pattern})<"
"""An angle bracket that does not begin a token of ours: what only begins like one is part of the secret."""
_URL = re.compile(
    rf"(?<=://)(?:[^\s/@:<>\"'\\?#]{{0,128}}:(?P<value>(?:{_ANGLE})?[^\s/@<>\"'\\]{{1,256}})"
    r"|(?P<bare>[A-Za-z0-9_]{20,128}))@"
)
_HEADER = re.compile(
    r"(?<![A-Za-z])Bearer\ +(?!<)"
    r"|authorization\\?[\"']?\s{0,4}[:=]>?\s{0,4}\\?[\"']?(?:(?:Basic|Bearer|Token|Digest|ApiKey)\ +)?(?!<)",
    re.IGNORECASE,
)
_HEADER_VALUE = re.compile(r"[A-Za-z0-9._~+/=\-]{8,4000}+")
_COOKIE = re.compile(r"(?<![A-Za-z])(?:set-)?cookie\\?[\"']?:\s{0,4}\\?[\"']?", re.IGNORECASE)
_COOKIE_VALUE = re.compile(r"[^\s=\"'<>\\]{1,128}=[^\r\n\"'<>\\]{1,4000}+")

_NAMES = (
    r"pass(?:word|wd|phrase|code)?|pwd?|wachtwoord(?:en)?|pass?wort|kennwort|zugangscode|mot[ _]?de[ _]?passe|mdp|"
    r"contrase(?:ñ|n|\\u00f1)a|clave(?:[ _](?:secreta|api|privada|de[ _]acceso))?|"
    r"(?:client|app|consumer|shared|webhook|signing|jwt)?[ _-]?secret(?:[ _-]?(?:access[ _-]?)?key(?:_base)?)?|"
    r"(?:x-)?api[ _-]?(?:key|token|secret|schl(?:ü|ue)ssel|sleutel)|"
    r"(?:access|auth|refresh|bearer|session|id|private|csrf)[ _-]?token|(?<=[_\"'-])token|"
    r"(?:private|access|encryption)[ _-]?key|credentials?|geheim|cl[eé][ _](?:api|secr[eè]te)"
)
"""What secrets are called in English, Dutch, German, French and Spanish."""
_NAMED = re.compile(
    rf"(?:(?<![A-Za-z])|(?-i:(?<=[a-z])(?=[A-Z])))(?P<name>{_NAMES})(?:\\?[\"'])?\]?"
    r"(?:\s{0,3}(?P<link>=>|:=|[:=])\s{0,3}|\s{1,3}(?P<spoken>is|ist|lautet|luidt|est|es)\s{0,2}:?\s{1,3})"
    r"(?:\\?(?P<quote>[\"'`]))?",
    re.IGNORECASE,
)
_NAMED_VALUE = re.compile(
    rf"(?:(?<=\")(?:[^\"\\\n<]|{_ANGLE}){{4,400}}+(?=\\?\")|(?<=')(?:[^'\\\n<]|{_ANGLE}){{4,400}}+(?=\\?')"
    rf"|(?<=`)(?:[^`\\\n<]|{_ANGLE}){{4,400}}+(?=`)"
    rf"|(?:[^\s\"'`,;\\&<]|{_ANGLE}|&(?!\w{{1,40}}=)){{4,4000}}+)"
)
_WORDS = (
    r"required|optional|string|str|text|none|null|nil|true|false|undefined|invalid|incorrect|wrong|missing|empty|expired|"
    r"changed?|reset|hidden|redacted|masked|removed|unknown|default|not|this|that|must|should|the|include|omit|"
    r"verplicht|onjuist|ongeldig|verlopen|niet|erforderlich|falsch|ung[uü]ltig|abgelaufen|nicht|obligatoire|"
    r"incorrecte?|expir[eé]e?|pas|requerida|obligatoria|incorrecta|caducada|boolean|bool|int|integer|object|array|"
    r"bytes|secretstr|any|type|same-origin"
)
_STANDS_FOR = re.compile(
    r"\$[A-Z_{(]|[\[({]|%[(sd{]|os\.|env\b|process\.|getenv|settings\.|config\.|self\.|args\.|"
    r"secrets?\.|vault:|"
    r"\.\.\.|…|\*{3}|x{3}|\u2022|(?:your|my|the|example|insert|placeholder)[\s_-]|"
    rf"(?:{_WORDS})(?:[\s_][^\n]*)?[.)!?:]*\Z",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"<[a-z_ ][a-z_ .-]{0,60}>(?=[\s\"'`\\,;.)\]}]|\Z)", re.IGNORECASE)
"""``<your key>``, whole: words in angle brackets and nothing after them."""
_CALL = re.compile(r"[A-Za-z_.]+\(.*|[\d.]{1,6}")
_MARKS = frozenset("0123456789!@#$%^&*+~")
_SENTENCE: Final = 6
"""Words from which on a value is a sentence about a secret, not one."""
_OPAQUE = re.compile(r"(?=[^\d\s]*\d)(?=[\d._~+/=:\-]*[A-Za-z])[^\s]{16,4000}")
"""What a bare "token" must look like: tokens are also what models count."""


def stands_for_secret(value: str) -> bool:
    """Whether ``value`` only stands where a secret would: ``required``, ``${DB_PASSWORD}``, a token, a sentence."""
    if TOKEN.fullmatch(value) or _STANDS_FOR.match(value) or _PLACEHOLDER.fullmatch(value) or not value.strip():
        return True
    return len(value.split()) >= _SENTENCE and not _MARKS.intersection(value)


def is_opaque(value: str) -> bool:
    """Whether ``value``, but for tokens in it, has letters, digits and the length of a key."""
    return _OPAQUE.fullmatch(TOKEN.sub("", value)) is not None


def _whole(candidate: Candidate) -> str | None:
    return candidate.value


def _named(candidate: Candidate) -> str | None:
    head, value = candidate.match, candidate.value
    name = head["name"].lower()
    if stands_for_secret(value) or value.lower() == name or _CALL.fullmatch(value):
        return None
    if _PLACEHOLDER.match(candidate.text, head.end()):
        return None
    if name == "token" and not is_opaque(value):
        return None
    if name == "pass" and head["link"] != "=" and not head["quote"]:
        return None  # what test runners print
    return value if _looks_secret(value, head) else None


def _looks_secret(value: str, head: re.Match[str]) -> bool:
    """Whether what stands after "password" is one: not a plain word of a sentence, a type or a variable's name."""
    core = value.strip(".!?)]}:")
    marked = not _MARKS.isdisjoint(core)
    mixed = core not in (core.lower(), core.upper(), core.capitalize())
    if head["spoken"]:
        return len(core) >= 5 and not core.isdigit() and (marked or mixed)  # noqa: PLR2004 - "the password is abc1"
    if head["quote"] or marked or mixed:
        return len(core) >= 4  # noqa: PLR2004 - shorter ones are samples
    return head["link"] == "=" and len(core) >= 6 and "." not in core and "_" not in core  # noqa: PLR2004


_NAMED_TRIGGERS = (
    (
        rb"(?i)(?:passw|passphr|passc|pwd|wachtwoord|passwort|pasword|kennwort|zugangscode|mot[ _]?de[ _]?passe|mdp|"
        rb"contrase|clave|secret|api[ _-]?(?:key|token|schl|sleutel)|credential|geheim|"
        rb"cl(?:e|\xc3\xa9)[ _](?:api|secr)|"
        rb"(?:access|auth|refresh|bearer|session|id|private|csrf)[ _-]?token|"
        rb"(?:private|access|encryption)[ _-]?key)"
        rb"[^\n=:]{0,24}(?:[:=]|\s(?:is|ist|lautet|luidt|est|es)\s)"
    ),
    rb"(?i)\b(?:pass|pw)[\\\"'\]]{0,3} ?[:=]",
    rb"(?i)[_\"'-]token[\\\"'\]]{0,3} ?[:=]",
)
_VENDOR_TRIGGERS = tuple(rb"(?:^|[^A-Za-z0-9_])" + t if t[:1].isalpha() else t for t, _ in _VENDORS)
_URL_TRIGGERS = (rb"://[^\s/@<>\"']{1,250}@", rb"://[^\s/@<>\"']{0,128}:<[^\s/@<>\"']{1,250}@")
_HEADER_TRIGGERS = (rb"(?i)bearer +[a-z0-9._~+/=-]", rb"(?i)authorization\\?[\"']?\s?[:=]")

RULES: Final = (
    Rule("SECRET", 0, _VENDOR_TRIGGERS, 1100, 64, _VENDOR, _whole),
    Rule("SECRET", 0, (rb"eyJ[A-Za-z0-9_-]{8}",), 14_100, 16, _JWT, _whole),
    Rule("SECRET", 0, (rb"PRIVATE KEY(?: BLOCK)?-----",), 16_200, 80, _PEM, _whole),
    Rule("SECRET", 0, _URL_TRIGGERS, 8, 700, _URL, _whole),
    Rule("SECRET", 0, _HEADER_TRIGGERS, 40, 48, _HEADER, _whole, _HEADER_VALUE),
    Rule("SECRET", 0, (rb"(?i)cookie\\?[\"']?:",), 16, 24, _COOKIE, _whole, _COOKIE_VALUE),
    Rule("SECRET", 0, _NAMED_TRIGGERS, 32, 90, _NAMED, _named, _NAMED_VALUE),
)

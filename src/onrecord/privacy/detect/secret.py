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
    (rb"gl(?:pat|dt|rt|oas|cbt|ptt|ft|soat)-", rf"gl(?:pat|dt|rt|oas|cbt|ptt|ft|soat)-[A-Za-z0-9_.-]{{20,300}}"),
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
_URL = re.compile(
    r"(?<=://)(?:[^\s/@:<>\"'\\?#]{0,128}:(?P<value>[^\s/@<>\"'\\]{1,256})|(?P<bare>[A-Za-z0-9_]{20,128}))@"
)
_HEADER = re.compile(
    r"(?:(?<![A-Za-z])Bearer\ +|authorization[\"']?\s{0,4}[:=]>?\s{0,4}[\"']?(?:(?:Basic|Bearer|Token|Digest|ApiKey|AWS4-HMAC-SHA256)\ +)?)"
    r"(?P<value>(?!<)[A-Za-z0-9._~+/=-]{8,4000})",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"(?<![A-Za-z])(?:set-)?cookie[\"']?:\s{0,4}[\"']?(?P<value>(?!<)[^\s=\"'<>]{1,128}=[^\r\n\"'<>\\]{1,4000})",
    re.IGNORECASE,
)

_NAMES = (
    r"pass(?:word|wd|phrase|code)|pwd|wachtwoord(?:en)?|pass?wort|kennwort|zugangscode|mot[ _]?de[ _]?passe|mdp|"
    r"contrase(?:ñ|n|\\u00f1)a|clave(?:[ _](?:secreta|api|privada|de[ _]acceso))?|"
    r"(?:client|app|consumer|shared|webhook|signing|jwt)?[ _-]?secret(?:[ _-]?(?:access[ _-]?)?key)?|"
    r"(?:x-)?api[ _-]?(?:key|token|secret|schl(?:ü|ue)ssel)|(?:access|auth|refresh|bearer|session|id|private|csrf)[ _-]?token|"
    r"(?:private|access|encryption)[ _-]?key|credentials?|geheim|cl[eé][ _](?:api|secr[eè]te)|api[ _-]?sleutel"
)
_NAMED = re.compile(
    rf"(?<![A-Za-z])(?P<name>(?:[A-Za-z0-9]{{1,30}}[_-]){{0,4}}(?:{_NAMES}))(?:\\?[\"'])?\]?"
    r"(?P<link>\s{0,3}(?:=>|:=|[:=])\s{0,3}|\s{1,3}(?:is|ist|lautet|luidt|est|es)\s{0,2}:?\s{1,3})"
    r"(?:\\?(?P<quote>[\"'`]))?(?P<value>(?:(?!<(?:SECRET|CARD_\d{4}|[A-Z_]{2,30}_[0-9a-z]{12})>)[^\s\"'`,;\\&]){4,4000}+)",
    re.IGNORECASE,
)
_STANDS_FOR = re.compile(
    r"(?:\$|\{|<[a-z_ ]|%|@|\[|\(|os\.|env\b|process\.|getenv|settings\.|config\.|self\.|args\.|secrets?\.|vault:|\.\.\.|…|\*{3}|x{3}|\u2022)"
    r"|(?:required|optional|string|str|text|none|null|nil|true|false|undefined|invalid|incorrect|wrong|missing|empty|expired|"
    r"changed?|reset|hidden|redacted|masked|removed|unknown|default|example|placeholder|not|your|this|that|must|should|the|"
    r"verplicht|onjuist|ongeldig|verlopen|niet|erforderlich|falsch|ung[uü]ltig|abgelaufen|nicht|obligatoire|incorrecte?|expir[eé]e?|"
    r"pas|requerida|obligatoria|incorrecta|caducada|boolean|bool|int|integer|object|array|bytes|secretstr|optional|any|type)\b",
    re.IGNORECASE,
)


def stands_for_secret(value: str) -> bool:
    """Whether ``value`` only stands where a secret would: ``required``, ``${DB_PASSWORD}``, a token, a type."""
    return TOKEN.fullmatch(value) is not None or _STANDS_FOR.match(value) is not None or not value.strip()


def _whole(candidate: Candidate) -> str | None:
    return candidate.match.group()


def _named(candidate: Candidate) -> str | None:
    match = candidate.match
    value, link, quoted = match["value"], match["link"].strip(), bool(match["quote"])
    if _STANDS_FOR.match(value) or "(" in value.rstrip(")") and ")" in value or value.lower() == match["name"].lower():
        return None
    return value if looks_secret(value, quoted=quoted, spoken=link[:1].isalpha(), assigned=link == "=") else None


def looks_secret(value: str, *, quoted: bool, spoken: bool, assigned: bool) -> bool:
    """Whether what stands after "password" is one: not a plain word of a sentence, a type or a variable's name."""
    core = value.strip(".!?)]}:")
    letters = any(char.isalpha() for char in core)
    marked = any(char.isdigit() for char in core) or any(char in "!@#$%^&*+~" for char in core)
    mixed = core != core.lower() and core != core.upper() and core[1:] != core[1:].lower()
    if spoken:
        return len(core) >= 5 and letters and (marked or mixed)  # noqa: PLR2004 - "the password is abc1"
    if quoted:
        return len(core) >= 4  # noqa: PLR2004 - shorter ones are samples
    if marked or mixed:
        return len(core) >= 4 and not re.fullmatch(r"[\d.]{1,6}|[A-Za-z_.]+\(?.*\)", core)  # noqa: PLR2004
    return assigned and len(core) >= 6 and "." not in core and "_" not in core  # noqa: PLR2004 - password=hunter


RULES: Final = (
    Rule(
        "SECRET",
        0,
        tuple(rb"(?:^|[^A-Za-z0-9_])" + t if t[:1].isalpha() else t for t, _ in _VENDORS),
        1100,
        64,
        _VENDOR,
        _whole,
    ),
    Rule("SECRET", 0, (rb"eyJ[A-Za-z0-9_-]{8}",), 14_100, 16, _JWT, _whole),
    Rule("SECRET", 0, (rb"PRIVATE KEY(?: BLOCK)?-----",), 16_200, 80, _PEM, _whole),
    Rule("SECRET", 0, (rb"://[^\s/@<>\"']{1,250}@",), 8, 700, _URL, _whole),
    Rule(
        "SECRET", 0, (rb"(?i)bearer +[a-z0-9._~+/=-]", rb"(?i)authorization[\"']?\s*[:=]"), 4_200, 48, _HEADER, _whole
    ),
    Rule("SECRET", 0, (rb"(?i)cookie[\"']?:",), 4_200, 16, _COOKIE, _whole),
    Rule(
        "SECRET",
        0,
        (
            rb"(?i)(?:passw|passphr|passc|pwd|wachtwoord|passwort|pasword|kennwort|zugangscode|mot[ _]?de[ _]?passe|mdp|contrase|"
            rb"clave|secret|api[ _-]?(?:key|token|schl|sleutel)|(?:access|auth|refresh|bearer|session|id|private|csrf)[ _-]?token|"
            rb"(?:private|access|encryption)[ _-]?key|credential|geheim|cl(?:e|\xc3\xa9)[ _](?:api|secr))"
            rb"[^\n=:]{0,24}(?:[:=]|\s(?:is|ist|lautet|luidt|est|es)\s)",
        ),
        4_300,
        220,
        _NAMED,
        _named,
    ),
)

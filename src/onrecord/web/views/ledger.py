"""The ledger in plain words: how far it goes, who vouches for it, when it was tested, how to check it without us."""

import re

from starlette.responses import Response

from onrecord.errors import Missing, Rejected
from onrecord.web.visit import Visit, integer

_RECORD = re.compile(r"(?:(\d{4})\s*[/.]\s*)?#?\s*([\d,.' ]{1,24})")


def ledger(visit: Visit) -> Response:
    """The page ``/ledger``."""
    tests = visit.site.selftest.last(visit.caller, visit.project.id)
    answer = visit.render(
        "ledger.html",
        ledgers=visit.site.engine.ledgers(visit.access, visit.project.id),
        tests=tests,
        erasures=visit.site.erasures.listed(visit.access, visit.project.id),
        is_owner=visit.is_owner,
    )
    if tests.running_since_us is not None:
        answer.headers["refresh"] = "3"
    return answer


def selftest(visit: Visit) -> Response:
    """Start a self-test."""
    visit.site.selftest.start(visit.caller, visit.project.id)
    return visit.go("/ledger")


def find(visit: Visit) -> Response:
    """To the proof of a record by its number, ``12,345`` or ``2026/12345``; of the newest ledger when none is named."""
    said = _RECORD.fullmatch(visit.asked("record").strip())
    number = "".join(filter(str.isdigit, said[2])) if said else ""
    if said is None or not number:
        raise Rejected("This is no number of a record.", hint="A record is named like 12,345 or 2026/12345.")
    shard = said[1] or str(_newest(visit))
    return visit.go(f"/proof/{integer(shard, 'shard', 9999)}/{integer(number, 'index')}")


def _newest(visit: Visit) -> int:
    found = visit.site.engine.ledgers(visit.access, visit.project.id)
    if not found:
        raise Missing("There is no ledger yet.", hint="It begins with the first record.")
    return found[0].shard

"""How long screening takes: CPU microseconds per text, message and span, and whether the time is linear.

``python -m bench.privacy``: CPU time of one core, the best of five runs. ``--quality`` prints precision and recall on
the labelled texts of the unit tests instead.
"""

import sys
import time
from collections.abc import Callable

from onrecord.model.message import Message, Part
from onrecord.model.span import Scope, Source, Span, Usage
from onrecord.privacy.detect.engine import Re2Engine
from onrecord.privacy.detect.scan import Detector, detector
from onrecord.privacy.pseudonym import Pseudonyms
from onrecord.privacy.screen import Screen
from tests.unit.privacy.quality import LANGUAGES, negatives_hit, score

PROSE = "The order left the warehouse on Tuesday, and the parcel service says 2 to 3 days; version 4.2.1 is fine. "
CLEAN = (PROSE * 6)[:600]
HIT = CLEAN[:300] + " write to jan.de.vries@example.com " + CLEAN[:265]
SECRET = CLEAN[:300] + " password = 'Tr0ub4dor&3' " + CLEAN[:265]
DENSE = "Mail a.b@example.com or call +31 20 123 4567, IBAN NL91ABNA0417164300, from 192.168.1.20. "
JSON = '{"customer": {"email": "jan@example.com", "bsn": 123456782}, "note": "' + "plain words " * 40 + '"}'
SPAN = Span(
    trace_id="0af7651916cd43dd8448eb211c80319c",
    span_id="b7ad6b7169203331",
    parent_id="b7ad6b7169203332",
    name="chat gpt-4o-mini",
    kind="llm",
    user_id="user-4711-jan",
    session_id="9f2c1ad4-7b1e-4c2f-8a33-4e4bd5f56e66",
    application="shop",
    provider="openai",
    model_requested="gpt-4o-mini",
    model_served="gpt-4o-mini-2024-07-18",
    response_id="chatcmpl-B9xMZq2vXcV1bN3mK4",
    parameters={"temperature": 0.2, "max_tokens": 512, "top_p": 1.0},
    finish_reasons=("stop",),
    usage=Usage(input=812, output=127),
    metadata={"feature": "returns", "cohort": "b", "release": "2024.11.3"},
    attributes={f"app.attribute_{number}": f"value {number} of the shop" for number in range(10)},
    resource={
        "service.name": "shop-assistant", "service.version": "4.2.1", "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.version": "1.38.0", "deployment.environment": "prod",
        "service.instance.id": "627cc493-f310-47de-96bd-71410b7dec09",
    },
    scope=Scope(name="openinference.instrumentation.openai", version="0.1.40"),
    source=Source(receiver="otlp", dialect="openinference", sdk="opentelemetry", sdk_version="1.38.0"),
)  # fmt: skip


def cpu_us(action: Callable[[], object], repeats: int) -> float:
    """CPU microseconds of one call: the best of five runs."""
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        for _ in range(repeats):
            action()
        best = min(best, time.process_time() - started)
    return best / repeats * 1e6


def quality() -> None:
    print(f"{'label':14}" + "".join(f"{language:>16}" for language in LANGUAGES))
    scores = {language: score(language) for language in LANGUAGES}
    for label in sorted({label for one in scores.values() for label in one}):
        row = [scores[language].get(label) for language in LANGUAGES]
        print(f"{label:14}" + "".join(f"{f'P {x.precision:.2f} R {x.recall:.2f}' if x else '':>16}" for x in row))
    hits = [negatives_hit(language) for language in LANGUAGES]
    print(f"{'clean, but hit':14}" + "".join(f"{f'{hit} of {texts}':>16}" for hit, texts in hits))


def main() -> None:
    screen = Screen(Pseudonyms(bytes(32)))
    message = Message(role="user", parts=(Part(text=CLEAN),))
    cases: tuple[tuple[str, Callable[[], object], int], ...] = (
        ("text, 600 characters, nothing found", lambda: screen.text(CLEAN), 5000),
        ("text, 600 characters, one e-mail address", lambda: screen.text(HIT), 2000),
        ("text, 600 characters, one secret", lambda: screen.text(SECRET), 2000),
        ("JSON text, 600 characters, two values", lambda: screen.text(JSON), 1000),
        ("message, 600 characters, nothing found", lambda: screen.message(message), 5000),
        ("span, 10 attributes, ids to hide, nothing else", lambda: screen.span(SPAN), 2000),
        ("RE2 triggers, 600 characters", lambda: slow.hits(CLEAN), 500),
        ("Hyperscan triggers, 600 characters", lambda: fast.hits(CLEAN), 5000),
    )
    fast = detector()
    slow = Detector(fast.rules, Re2Engine)
    print(f"{'case':50} {'CPU us':>9}")
    for name, action, repeats in cases:
        print(f"{name:50} {cpu_us(action, repeats):9.1f}")
    print(f"\n{'throughput and linearity':50} {'MB/s at 64 KB':>14} {'at 1 MB':>9}")
    for name, piece in (("clean prose", PROSE), ("dense personal data", DENSE), ("digits", "0 "), ("at signs", "a@")):
        small, large = (rate(screen, piece, size) for size in (65_536, 1_048_576))
        print(f"{name:50} {small:14.2f} {large:9.2f}")


def rate(screen: Screen, piece: str, size: int) -> float:
    """Megabytes per CPU second over one text of ``size`` characters."""
    text = piece * (size // len(piece))
    return len(text) / cpu_us(lambda: screen.text(text), 1)


if __name__ == "__main__":
    quality() if "--quality" in sys.argv else main()

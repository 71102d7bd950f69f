"""Make the zstd dictionary that vault bodies are compressed with, from synthetic text only.

``python -m bench.dictionary NUMBER`` writes ``src/onrecord/vault/dictionary-NUMBER.zdict``. A dictionary that has been
used is never made again: give the next one the next number.
"""

import random
import sys
from pathlib import Path

import zstandard

TEXT = (
    "you are a helpful assistant answer the question using only the documents below if you do not know say so please "
    "thank you order invoice customer delivery ticket the a of to and in for with is on that this it as be are from "
    "model temperature max_tokens top_p role user assistant system tool content text parts type tool_call arguments "
    "result query search name id input output session trace span attributes resource scope telemetry.sdk.language "
    "python telemetry.sdk.name opentelemetry telemetry.sdk.version service.name service.version deployment.environment "
    "gen_ai.operation.name chat openinference.span.kind LLM gpt-4o-mini claude-3-5-sonnet finish_reason stop error "
    "exception timeout rate limit http status_code retry usage cache_read reasoning provider openai anthropic"
)
WORDS = TEXT.split(" ")


def sample(rng: random.Random) -> bytes:
    """One invented body of the size and shape of a real one."""
    text = " ".join(rng.choice(WORDS) for _ in range(rng.randint(20, 160)))
    keys = ("trace_id", "span_id", "parent_id", "name", "kind", "start_unix_nano", "end_unix_nano", "status", "usage")
    return "".join(f"{key}\xa0{rng.getrandbits(64):x}" for key in keys).encode() + text.encode()


def main() -> None:
    """Train and write."""
    number = int(sys.argv[1])
    rng = random.Random(number)
    samples = [sample(rng) for _ in range(4_000)]
    dictionary = zstandard.train_dictionary(16_384, samples, dict_id=number, level=3)
    target = Path(__file__).parents[1] / "src" / "onrecord" / "vault" / f"dictionary-{number}.zdict"
    target.write_bytes(dictionary.as_bytes())
    print(f"{target.name}: {len(dictionary.as_bytes())} bytes")


if __name__ == "__main__":
    main()

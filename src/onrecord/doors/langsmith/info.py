"""``GET /info``: what a client learns of the server before it sends anything."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from onrecord.doors.langsmith.answers import answer

INFO: Final[dict[str, Any]] = {
    "version": "0.18.0",  # of LangSmith's protocol: older ones get warnings, or lose feedback in multipart
    "license_expiration_time": None,
    "batch_ingest_config": {
        "use_multipart_endpoint": True,
        "scale_up_qsize_trigger": 1_000,
        "scale_up_nthreads_limit": 16,
        "scale_down_nempty_trigger": 4,
        "size_limit": 100,
        "size_limit_bytes": 20_971_520,
    },
    "instance_flags": {
        "zstd_compression_enabled": True,
        "gzip_body_enabled": True,
        "dataset_examples_multipart_enabled": True,
        "examples_multipart_enabled": True,
        "ch_query_enabled": True,
    },
}


async def info(_: Request) -> Response:
    """Say how to send: multipart, compressed, at most 20 MiB at once."""
    return answer(INFO)

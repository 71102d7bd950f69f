"""The errors of onrecord, and what each one asks of the caller.

    OnrecordError
    ├── Rejected      the caller sent something that can never be accepted        HTTP 400, 413, 415
    ├── Denied        the caller may not do this                                  HTTP 401, 403
    ├── Missing       nothing is kept under that name                             HTTP 404
    ├── Pushback      try again later, nothing was kept                           HTTP 503 + Retry-After
    │   └── TooMany   the caller sends more often than it may                     HTTP 429 + Retry-After
    ├── Unavailable   a part that is needed does not answer                       HTTP 503
    └── Corrupt       what is stored is not what was stored: never retried, never swallowed   HTTP 500

Every error is one sentence that names the fault and, in ``hint``, one that says what to do next. Neither ever
holds a byte of a payload: errors reach log lines. ``api/problem.py`` maps them to RFC 9457 in one place.
"""

import traceback


def where(error: BaseException) -> str:
    """An exception by its type and the last place of ours that it passed; never its words, which may hold a payload."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = next((frame for frame in reversed(frames) if "onrecord" in frame.filename), frames[-1] if frames else None)
    name = type(error).__name__
    return f"{name} at {ours.filename.rpartition('onrecord/')[2]}:{ours.lineno}" if ours else name


class OnrecordError(Exception):
    """Base of every error that onrecord raises on purpose."""

    status = 500
    title = "Internal error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Rejected(OnrecordError):
    """The caller sent something that can never be accepted; sending it again changes nothing."""

    title = "Not acceptable as sent"

    def __init__(self, message: str, *, hint: str = "", status: int = 400) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Denied(OnrecordError):
    """The caller is not known (401) or may not do this (403)."""

    title = "Not allowed"

    def __init__(self, message: str, *, hint: str = "", status: int = 403) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Missing(OnrecordError):
    """Nothing that the caller may see is kept under that name."""

    status = 404
    title = "Not found"


class Pushback(OnrecordError):
    """The server is full for the moment; nothing was kept, the caller should send again."""

    status = 503
    title = "Busy, send again"

    def __init__(self, message: str, *, hint: str = "", retry_after_s: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class TooMany(Pushback):
    """The caller has sent more often than it may; nothing was kept, it may send again later."""

    status = 429
    title = "Too many requests"


class Unavailable(OnrecordError):
    """A part that this request needs does not answer."""

    status = 503
    title = "Unavailable"


class Corrupt(OnrecordError):
    """What is stored is not what was stored. Evidence: never retried, never swallowed."""

    title = "Stored data is altered"

"""onrecord: put your AI on the record.

The package root is the public client API and nothing else; no module inside imports it.
"""

from onrecord.sdk.api import context, current, feedback, flush, init, shutdown, span, status, trace, validation

__all__ = ["context", "current", "feedback", "flush", "init", "shutdown", "span", "status", "trace", "validation"]

"""Statements to begin with; a test runs each of them, and docs/sql.md shows them."""

from typing import Final

import msgspec


class Example(msgspec.Struct, frozen=True):
    """One statement under a title."""

    title: str
    statement: str


EXAMPLES: Final = (
    Example(
        "Calls, tokens and cost by day",
        """SELECT toStartOfDay(received) AS day, count() AS calls, sum(tokens_total) AS tokens, sum(cost) AS cost
FROM spans
WHERE call AND model != ''
GROUP BY day
ORDER BY day""",
    ),
    Example(
        "Calls by model in the last hours",
        """SELECT toStartOfFiveMinutes(start) AS time, model, count() AS calls
FROM spans
WHERE call AND model != '' AND start > now() - INTERVAL 6 HOUR
GROUP BY time, model
ORDER BY time""",
    ),
    Example(
        "Slowest tools",
        """SELECT tool, count() AS calls, round(quantile(0.95)(latency_ms)) AS p95_ms
FROM spans
WHERE tool != ''
GROUP BY tool
ORDER BY p95_ms DESC
LIMIT 20""",
    ),
    Example(
        "Errors by type and model",
        """SELECT error_type, model, count() AS errors, max(received) AS last
FROM spans
WHERE status = 'error'
GROUP BY error_type, model
ORDER BY errors DESC
LIMIT 50""",
    ),
    Example(
        "What badly rated traces have in common",
        """SELECT application, count() AS judgements, round(avg(value), 2) AS rating, round(avg(latency_ms)) AS ms
FROM traces
JOIN (SELECT trace_id, value FROM scores WHERE value IS NOT NULL) AS judged USING (trace_id)
GROUP BY application
ORDER BY rating""",
    ),
    Example(
        "Users who spend most",
        """SELECT user, traces, tokens_total, cost
FROM users
ORDER BY tokens_total DESC
LIMIT 20""",
    ),
    Example(
        "Answers that mention a word",
        """SELECT received, trace_id, model, substring(output, 1, 200) AS answer
FROM spans
WHERE kind = 'llm' AND output ILIKE '%refund%'
ORDER BY received DESC
LIMIT 20""",
    ),
)  # fmt: skip

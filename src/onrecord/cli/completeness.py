"""What ``onrecord verify --completeness`` prints."""

import json
import sys
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.text import Text

from onrecord.governance.completeness import CompletenessReport
from onrecord.model.numbering import Gap
from onrecord.vault.completeness import Incomplete

_SHOWN: Final = 20
_PREFIX: Final = 8


def show(report: CompletenessReport, *, as_json: bool) -> None:
    """Print the gaps, the oldest first, and the sums in one line."""
    if as_json:
        sys.stdout.write(json.dumps(_as_data(report)) + "\n")
        return
    console = Console(highlight=False, soft_wrap=True)
    found = sorted(
        ((gap, who) for kept in report.projects for who in kept.incomplete for gap in who.numbering.gaps),
        key=lambda one: one[0].since_us,
    )
    for gap, who in found[:_SHOWN]:
        console.print(Text("MISSING", style="bold red") + Text(f"  {_sentence(gap, who)}"))
    if len(found) > _SHOWN:
        console.print(f"... and {len(found) - _SHOWN} more (--json shows all)")
    totals = report.totals
    if totals.dropped or totals.sampled:
        console.print(
            f"declared: {totals.dropped:,} records dropped by {totals.declaring:,} producers, "
            f"{totals.sampled:,} left out by sample rates"
        )
    words = "INCOMPLETE: " if report.exit_code else "complete: "
    console.print(
        Text("● ", style="red")
        + Text(f"{words}{totals.producers:,} producers, {totals.gaps:,} gaps, {totals.dropped:,} declared drops")
    )


def _sentence(gap: Gap, who: Incomplete) -> str:
    since = datetime.fromtimestamp(gap.since_us / 1_000_000, UTC).isoformat(timespec="seconds")
    said = ", recorded in the ledger" if gap.recorded else ""
    numbers = f"number {gap.first}" if gap.first == gap.last else f"numbers {gap.first} to {gap.last}"
    return f"producer {who.producer.hex()[:_PREFIX]}: {numbers}, missing since {since}{said}"


def _as_data(report: CompletenessReport) -> dict[str, object]:
    totals = report.totals
    return {
        "subject": report.subject,
        "exit_code": report.exit_code,
        "producers": totals.producers,
        "gaps": totals.gaps,
        "missing": totals.missing,
        "oldest_us": totals.oldest_us,
        "declared_drops": totals.dropped,
        "declared_sampled": totals.sampled,
        "projects": [
            {
                "number": kept.number,
                "project": kept.project,
                "producers": kept.totals.producers,
                "gaps": [
                    {
                        "producer": who.producer.hex(),
                        "first": gap.first,
                        "last": gap.last,
                        "since_us": gap.since_us,
                        "recorded": gap.recorded,
                    }
                    for who in kept.incomplete
                    for gap in who.numbering.gaps
                ],
            }
            for kept in report.projects
        ],
    }

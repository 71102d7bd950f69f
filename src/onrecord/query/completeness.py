"""What of a project's numbered records is missing, and what was declared to be."""

from onrecord.limits import PAGE_ROWS
from onrecord.query.port import FindProducers
from onrecord.query.results import Completeness, GapRow
from onrecord.query.scope import View


def completeness(view: View, find: FindProducers) -> Completeness:
    """The state of the view's project."""
    kept = find(view.project, PAGE_ROWS)
    totals = kept.totals
    rows = [
        GapRow(
            producer=one.producer.hex(),
            first=gap.first,
            last=gap.last,
            missing=gap.missing,
            since_us=gap.since_us,
            recorded=gap.recorded,
        )
        for one in kept.incomplete
        for gap in one.numbering.gaps
    ]
    return Completeness(
        producers=totals.producers,
        gaps=totals.gaps,
        missing=totals.missing,
        oldest_us=totals.oldest_us,
        declared_drops=totals.dropped,
        declared_sampled=totals.sampled,
        rows=tuple(sorted(rows, key=lambda row: row.since_us)[:PAGE_ROWS]),
    )

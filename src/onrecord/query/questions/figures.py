"""Questions that are answered with figures and values: counts, charts, versions of prompts, what a line may become."""

from collections.abc import Sequence

from onrecord.model.access import Access
from onrecord.query import charts, completing, figures, prompts, proofs
from onrecord.query.charts import Charts
from onrecord.query.completing import Completion
from onrecord.query.cursor import limit_of, name_after
from onrecord.query.prompts import PromptDetail, PromptRow
from onrecord.query.questions.entrance import Entrance
from onrecord.query.results import FIRST, Bucket, Facets, Overview, Page, PageRequest, StatusCounts
from onrecord.query.syntax import EVERYTHING, Filter


class FigureQuestions(Entrance):
    """What the spans that fit a filter come to."""

    def counts(self, access: Access, project: str, where: Filter = EVERYTHING) -> StatusCounts:
        """How much there is: traces, spans, errors, running ones, and the size of the ledger."""
        view, wanted = self._enter(access, project, where)
        heads = proofs.heads(self._ledgers(view.project))
        return figures.counts(view, wanted, heads[-1].size if heads else 0)

    def first_us(self, access: Access, project: str, where: Filter = EVERYTHING) -> int | None:
        """When the first of the spans that fit happened, in microseconds; ``None`` when none fits."""
        view, wanted = self._enter(access, project, where)
        return figures.first_us(view, wanted)

    def overview(
        self, access: Access, project: str, where: Filter = EVERYTHING, *, interval_s: int = 3_600
    ) -> Overview:
        """What stands above a list: ``counts``, and its traces and failed spans by stretches of ``interval_s``."""
        view, wanted = self._enter(access, project, where)
        heads = proofs.heads(self._ledgers(view.project))
        return figures.overview(view, wanted, interval_s, heads[-1].size if heads else 0)

    def aggregate(
        self,
        access: Access,
        project: str,
        measures: Sequence[str] = ("count",),
        *,
        group_by: Sequence[str] = (),
        interval_s: int | None = None,
        where: Filter = EVERYTHING,
    ) -> tuple[Bucket, ...]:
        """Measures of the spans that fit, by field values and stretches of time.

        Measures: ``count``, ``traces``, ``errors``, ``tokens``, ``tokens_input``, ``tokens_output``, ``cost``,
        ``latency_p50_ms``, ``latency_p95_ms``, ``latency_p99_ms``, ``users``, ``sessions``.
        """
        view, wanted = self._enter(access, project, where)
        return figures.aggregate(view, measures, group_by, interval_s, wanted)

    def charts(
        self, access: Access, project: str, by: str = "model", where: Filter = EVERYTHING, *,
        since_us: int = 0, until_us: int = 0,
    ) -> Charts:  # fmt: skip
        """Traffic, errors, latency, tokens and cost of the spans that fit, in lines over time.

        ``by`` is a key of ``charts.DIMENSIONS``. 0 is the first row that fits, and now.
        """
        view, wanted = self._enter(access, project, where)
        return charts.charts(view, by, wanted, since_us, until_us or self._clock.now_us())

    def facets(
        self, access: Access, project: str, fields: Sequence[str], where: Filter = EVERYTHING, limit: int = 20
    ) -> tuple[Facets, ...]:
        """The most frequent values of each field among the spans that fit."""
        view, wanted = self._enter(access, project, where)
        return figures.facets(view, fields, wanted, limit)

    def prompts(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[PromptRow]:
        """Versions of system prompts of which a span fits, most recently seen first; figures of the spans that fit."""
        view, wanted = self._enter(access, project, where)
        return prompts.prompts(view, wanted, name_after(page.after), limit_of(page))

    def prompt(self, access: Access, project: str, version: str) -> PromptDetail:
        """One version of a system prompt with its text, pseudonymised, and its versions over time.

        Raises:
            Missing: no call with it is there for this reader.
        """
        view, _ = self._enter(access, project)
        return prompts.prompt(view, self._vault, version, self._sizes(view))

    def complete(self, access: Access, project: str, line: str, where: Filter = EVERYTHING) -> tuple[Completion, ...]:
        """What the end of a search line could become: names of fields, values of the spans that fit ``where``."""
        view, wanted = self._enter(access, project, where)
        return completing.complete(view, line, wanted)

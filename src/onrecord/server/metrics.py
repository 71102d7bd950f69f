"""/metrics: the same figures in Prometheus' text format, plus requests by signal and status, plus the process.

Numbers are read when somebody scrapes, so that counting costs the hot path nothing. No label ever holds a value that a
client chose.
"""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from onrecord.errors import Denied
from onrecord.receive.tally import Tally
from onrecord.server.figures import Figure

PREFIX = "onrecord_"
_SUFFIX = {"count": "", "ms": "_milliseconds", "bytes": "_bytes"}


class _Figures(Collector):
    """Our figures as Prometheus wants them."""

    def __init__(self, figures: Sequence[Figure], tally: Tally) -> None:
        self._figures = figures
        self._tally = tally

    def collect(self) -> Iterator[Metric]:
        for figure in self._figures:
            value = figure.value()
            if value is None:
                continue
            suffix = _SUFFIX[figure.unit]
            name = PREFIX + figure.name + ("" if figure.name.endswith(suffix) else suffix)
            kind = CounterMetricFamily if figure.counter else GaugeMetricFamily
            yield kind(name, figure.words, value=value)
        requests = CounterMetricFamily(
            f"{PREFIX}requests", "OTLP requests by signal and status", labels=["signal", "status"]
        )
        for (signal, status), number in list(self._tally.requests.items()):
            requests.add_metric([signal, str(status)], number)
        yield requests


def endpoint(
    figures: Sequence[Figure], tally: Tally, trusted: Callable[[Request], bool]
) -> Callable[[Request], Response]:
    """The /metrics endpoint; ``trusted`` says who may scrape."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(figures, tally))
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)

    def answer(request: Request) -> Response:
        if not trusted(request):
            raise Denied("Metrics are for this machine or for a key that may read.", status=401)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return answer

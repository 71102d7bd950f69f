"""Health: one word for everybody, figures for those who may, 503 while nothing is accepted."""

from starlette.routing import Route

from onrecord.receive.tally import Tally
from onrecord.server import health, metrics
from onrecord.server.app import build
from onrecord.server.figures import Figure
from tests.asgi import ask


def unreadable() -> float:
    raise OSError


LAG = Figure(name="lag", words="How far behind", unit="ms", read=lambda: 7.0, warn=5, bad=10)
FIGURES = (
    LAG,
    Figure(name="seen", words="Seen", counter=True, read=lambda: 3),
    Figure(name="unknown", words="Nobody knows", read=unreadable),
)


def report(*, trusted: bool, accepting: bool = True, part: str = "ok") -> tuple[int, object]:
    state = health.Health(figures=FIGURES, accepting=accepting, parts={"store": lambda: part})
    answer = ask(build([Route("/health", health.endpoint(state, lambda _: trusted))]), "GET", "/health")
    return answer.status, answer.json()


def test_strangers_get_one_word() -> None:
    assert report(trusted=False) == (200, {"status": "ok"})
    assert report(trusted=False, part="The disk is gone.") == (200, {"status": "degraded"})


def test_those_who_may_see_figures_get_them_and_unknown_is_null() -> None:
    status, said = report(trusted=True)
    assert (status, said) == (
        200,
        {"status": "ok", "warning": "", "parts": {"store": "ok"}, "lag": 7.0, "seen": 3, "unknown": None},
    )


def test_a_server_that_accepts_nothing_is_503() -> None:
    assert report(trusted=False, accepting=False) == (503, {"status": "not accepting"})


def test_a_figure_is_judged_by_its_bounds() -> None:
    assert [LAG.state(value) for value in (None, 4, 5, 10)] == ["", "good", "warn", "bad"]
    assert FIGURES[1].state(3) == ""


def test_metrics_carry_unit_kind_and_no_unknown() -> None:
    tally = Tally()
    tally.requests["traces", 200] += 2
    app = build([Route("/metrics", metrics.endpoint(FIGURES, tally, lambda _: True))])
    text = ask(app, "GET", "/metrics").body.decode()
    assert "onrecord_lag_milliseconds 7.0" in text
    assert "onrecord_seen_total 3.0" in text
    assert 'onrecord_requests_total{signal="traces",status="200"} 2.0' in text
    assert "unknown" not in text


def test_metrics_are_not_for_strangers() -> None:
    app = build([Route("/metrics", metrics.endpoint(FIGURES, Tally(), lambda _: False))])
    assert ask(app, "GET", "/metrics").status == 401

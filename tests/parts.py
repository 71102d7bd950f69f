"""Parts of the tests that need something of the machine: say what was skipped, and fail where that is no option.

A part is a marker (``browser``, ``go``, ...). ``ONRECORD_REQUIRED_PARTS`` names those that must run, as `.ci/run` does:
the run fails when a test of such a part was skipped, or when the part has no test at all.
"""

import collections
import os
from typing import Final

import pytest

REQUIRED: Final = frozenset(os.environ.get("ONRECORD_REQUIRED_PARTS", "").split())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that left out a required part."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and left_out(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what this machine did not run."""
    reasons: collections.Counter[str] = collections.Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reasons[_reason(report)] += 1
    if reasons:
        terminalreporter.section("parts that were skipped here")
        for reason, number in sorted(reasons.items()):
            terminalreporter.write_line(f"{number:4} {'test' if number == 1 else 'tests'}: {reason}")
    for part in left_out(terminalreporter):
        terminalreporter.write_line(f"The required part {part!r} did not run whole.", red=True, bold=True)


def left_out(reporter: pytest.TerminalReporter) -> list[str]:
    """The required parts of which a test was skipped or none was there."""
    skipped = {part for report in reporter.stats.get("skipped", []) for part in REQUIRED & set(report.keywords)}
    run = {part for report in reporter.stats.get("passed", []) for part in REQUIRED & set(report.keywords)}
    return sorted(skipped | (REQUIRED - run))


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return words.removeprefix("Skipped: ")

"""``onrecord verify``: check everything, without a server, and say it in counts and in one exit code."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onrecord.cli.completeness import show as show_completeness
from onrecord.governance.audit import PENDING, STATES
from onrecord.governance.bundle import verify_bundle
from onrecord.governance.completeness import read_completeness
from onrecord.governance.verdict import Report, verify_data, verify_url

_SHOWN = 20


@click.command("verify", short_help="Check ledger and vault, without a server.")
@click.argument("subject")
@click.option("--keys", type=click.Path(path_type=Path), help="Key directory of the installation [<data>.keys].")
@click.option("--vkey", "vkeys", multiple=True, help="Verifier key of a ledger, as its owner gave it to you.")
@click.option("--kek", envvar="ONRECORD_KEK", default="", hidden=True)
@click.option("--kek-command", envvar="ONRECORD_KEK_COMMAND", default="", help="Command that prints the key.")
@click.option("--completeness", is_flag=True, help="Instead: which numbered records never came. Needs no key.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, every finding included.")
def command(
    subject: str,
    keys: Path | None,
    vkeys: tuple[str, ...],
    kek: str,
    kek_command: str,
    *,
    completeness: bool,
    as_json: bool,
) -> int:
    """Verify SUBJECT: a data directory, the URL of a ledger, the evidence or the proof of one record.

    Exit codes: 0 everything is as it was recorded, 1 altered, 2 incomplete, 3 untrusted (nobody vouches for a key or a
    signature), 4 malformed.
    """
    if completeness:
        found = read_completeness(Path(subject))
        show_completeness(found, as_json=as_json)
        return found.exit_code
    if subject.startswith(("http://", "https://")):
        report = verify_url(subject, vkeys)
    elif Path(subject).is_file():
        report = verify_bundle(Path(subject), vkeys)
    else:
        data = Path(subject)
        chosen = keys or data.resolve().with_name(f"{data.resolve().name}.keys")
        report = verify_data(data, chosen, kek=kek, kek_command=kek_command, vkeys=vkeys)
    show(report, as_json=as_json)
    return report.exit_code


def show(report: Report, *, as_json: bool = False) -> None:
    """Print a report: counts per ledger and state, then what was found, then the verdict."""
    if as_json:
        sys.stdout.write(json.dumps(_as_data(report), ensure_ascii=False) + "\n")
        return
    console = Console(highlight=False, soft_wrap=True)
    states = [state for state in STATES if report.states.get(state)]
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in ("ledger", "entries", *states):
        table.add_column(column, justify="left" if column == "ledger" else "right")
    for ledger in report.ledgers:
        counts = [f"{ledger.states.get(state, 0):,}" for state in states]
        table.add_row(ledger.name, f"{ledger.size:,}", *counts)
    console.print(table)
    for ledger in report.ledgers:
        for words, count in ledger.excused.items():
            console.print(Text(f"{count:,} records of {ledger.name} {words}"))
        alone = ledger.size - sum(count for state, count in ledger.states.items() if state != PENDING)
        if alone > 0:
            console.print(Text(f"{alone:,} entries of {ledger.name} have no content (the ledger's own)"))
    if report.note:
        console.print(Text(report.note))
    found = report.findings
    for name, finding in found[:_SHOWN]:
        where = f"{name} {finding.file}" + (f" #{finding.index}" if finding.index is not None else "")
        console.print(Text(finding.state.upper(), style="bold red") + Text(f"  {where}: {finding.sentence}"))
    if len(found) > _SHOWN:
        console.print(f"... and {len(found) - _SHOWN} more (--json shows all)")
    console.print(Text("● ", style="red") + Text(report.verdict))


def _as_data(report: Report) -> dict[str, object]:
    return {
        "subject": report.subject,
        "exit_code": report.exit_code,
        "verdict": report.verdict,
        "note": report.note,
        "states": report.states,
        "ledgers": [
            {"name": one.name, "size": one.size, "states": one.states, "kinds": one.kinds, "excused": one.excused}
            for one in report.ledgers
        ],
        "findings": [
            {"ledger": name, "state": one.state, "file": one.file, "index": one.index, "sentence": one.sentence}
            for name, one in report.findings
        ],
    }

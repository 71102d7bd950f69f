"""Media: kept with their trace, proved like the rest, gone with the person."""

from pathlib import Path

import pytest

from onrecord.errors import Missing, Pushback, Rejected
from onrecord.governance.verdict import verify_data
from onrecord.limits import INFLIGHT_BYTES, MEDIA_BYTES, MEDIA_COPIES
from onrecord.model.media import Media
from onrecord.model.project import ContentMode
from onrecord.server.recording import Recording
from tests.attack.world import eraser
from tests.recorded import PROJECT, every_byte, in_mode, november, place, recording, send, span

PICTURE = b"\x89PNG the likeness of ann " + bytes(range(256)) * 40
TRACE = f"{1:032x}"


def keep(made: Recording, data: bytes = PICTURE, trace: str = TRACE, name: str = "face") -> int:
    medium = Media(id=name, trace_id=trace, field="input", media_type="image/png", data=data, time_unix_nano=7)
    return made.pipeline.media(PROJECT, medium).result(30).duplicates


def test_a_medium_reads_back_equal_also_after_a_restart(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        keep(made)
    with recording(tmp_path, november()) as made:
        at = made.content.media_place(2, TRACE, "face")
        kept = made.content.media(2, at)
        assert at == place(1)
        assert (kept.data, kept.size, kept.media_type, kept.field) == (PICTURE, len(PICTURE), "image/png", "input")
        assert made.published_entry(2, at).kind == "media"  # type: ignore[union-attr]
        with pytest.raises(Missing):
            made.content.media_place(2, f"{2:032x}", "face")
    assert verify_data(tmp_path / "data", tmp_path / "keys").states == {"intact": 1}


def test_the_same_bytes_are_kept_once_a_trace_and_other_bytes_replace_them(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        assert [keep(made), keep(made), keep(made, trace=f"{2:032x}"), keep(made, b"retouched")] == [0, 1, 0, 0]
        assert made.content.media(2, made.content.media_place(2, TRACE, "face")).data == b"retouched"
        assert made.content.media(2, made.content.media_place(2, f"{2:032x}", "face")).data == PICTURE


def test_no_file_holds_its_bytes_and_it_goes_with_the_person(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        keep(made)
        send(made, span(1, user="ann@example.com"))
        send(made, span(2, trace=2, user="bob@example.com"))
        keep(made, b"the likeness of bob", f"{2:032x}")
        made.settle()
        sealed = made.vault.locate(2, place(1)).record.body
        assert sealed in every_byte(tmp_path)
        assert b"likeness" not in every_byte(tmp_path)
        assert eraser(made).erase_user(PROJECT, "ann@example.com").records == 2
        made.settle()
        with pytest.raises(Missing):
            made.content.media_place(2, TRACE, "face")
        assert sealed not in every_byte(tmp_path)
        assert made.content.media(2, made.content.media_place(2, f"{2:032x}", "face")).data == b"the likeness of bob"
    report = verify_data(tmp_path / "data", tmp_path / "keys")
    assert (report.exit_code, report.states["erased"]) == (0, 2)


def test_an_altered_medium_is_found(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        keep(made)
        made.settle()
        body = made.vault.locate(2, place(1)).record.body
    file = tmp_path / "data" / "vault" / "2026-11.db"
    data = file.read_bytes()
    at = data.index(body[-40:])
    file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert verify_data(tmp_path / "data", tmp_path / "keys").exit_code != 0


def test_a_rebuild_makes_no_row_of_it(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        keep(made)
        send(made, span(1))
        made.settle()
        entries = [(place(index), made.published_entry(2, place(index))) for index in (1, 2)]
        rows = list(made.content.rows(2, iter((at, entry) for at, entry in entries if entry is not None)))
    assert [table for table, _ in rows] == ["spans"]


@pytest.mark.parametrize("mode", [ContentMode.PSEUDONYMISED, ContentMode.METADATA])
def test_a_project_that_keeps_no_text_keeps_no_bytes_and_says_so(tmp_path: Path, mode: ContentMode) -> None:
    project = in_mode(mode)
    with recording(tmp_path, november(), project) as made:
        made.pipeline.media(project, Media(id="face", trace_id=TRACE, data=PICTURE)).result(30)
        kept = made.content.media(2, made.content.media_place(2, TRACE, "face"))
    assert (kept.withheld, kept.data, kept.size) == (True, b"", len(PICTURE))


def test_more_than_fits_is_refused_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    with recording(tmp_path, november(), start=False) as made:
        with pytest.raises(Rejected):
            keep(made, bytes(MEDIA_BYTES + 1))
        room = INFLIGHT_BYTES // (MEDIA_COPIES * MEDIA_BYTES)
        medium = Media(id="face", trace_id=TRACE, data=bytes(MEDIA_BYTES))
        for _ in range(room):
            made.pipeline.media(PROJECT, medium)
        with pytest.raises(Pushback):
            made.pipeline.media(PROJECT, medium)

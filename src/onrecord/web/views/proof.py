"""The proof of one record, in plain words, with everything that somebody else needs to check it without us."""

import msgspec
from starlette.responses import Response

from onrecord.governance.bundle import make_bundle
from onrecord.model.record import Place
from onrecord.web.render import HEADERS
from onrecord.web.visit import Visit, integer


def proof(visit: Visit) -> Response:
    """The page ``/proof/{shard}/{index}``."""
    place = _place(visit)
    found = visit.site.engine.proof(visit.access, visit.project.id, place)
    return visit.render("proof.html", proof=found)


def evidence(visit: Visit) -> Response:
    """Entry, proof and key in one file, which ``onrecord verify`` checks without a network."""
    place = _place(visit)
    engine, access, project = visit.site.engine, visit.access, visit.project.id
    covered = engine.tlog_proof(access, project, place)
    found = engine.proof(access, project, place)
    content = make_bundle(found.entry, covered, found.verifier_key)
    return _download(content, f"{place.shard}-{place.index}.evidence.zip", "application/zip")


def proof_file(visit: Visit) -> Response:
    """The proof as a C2SP ``.tlog-proof`` file."""
    place = _place(visit)
    content = visit.site.engine.tlog_proof(visit.access, visit.project.id, place)
    return _download(content, f"{place.shard}-{place.index}.tlog-proof", "text/plain; charset=utf-8")


def proof_json(visit: Visit) -> Response:
    """The proof as JSON: entry, path, checkpoint and key."""
    place = _place(visit)
    found = visit.site.engine.proof(visit.access, visit.project.id, place)
    content = msgspec.json.format(msgspec.json.encode(found), indent=2)
    return _download(content, f"{place.shard}-{place.index}.proof.json", "application/json")


def entry_file(visit: Visit) -> Response:
    """The entry's bytes, as they stand in the ledger."""
    place = _place(visit)
    found = visit.site.engine.proof(visit.access, visit.project.id, place)
    return _download(found.entry, f"{place.shard}-{place.index}.entry", "application/octet-stream")


def _place(visit: Visit) -> Place:
    parts = visit.request.path_params
    return Place(shard=integer(parts["shard"], "shard", 9999), index=integer(parts["index"], "index"))


def _download(content: bytes, name: str, media: str) -> Response:
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media, headers=headers)

"""What the files of a project's ledgers say, and that a file that can not be read is said."""

from onrecord.ledger.entry import Entry, encode_entry
from onrecord.model.ids import new_id
from tests.contract.query_world import NOW_US, OURS, SHARD, World, reader, step


def beat(world: World, index: int) -> None:
    """A heartbeat as the newest entry."""
    writer = world.ledgers.writer(OURS.id, SHARD)
    writer.add(index, encode_entry(Entry(kind="heartbeat", id=new_id(), received_us=NOW_US + 77, size=index)))
    world.ledgers.publish([writer])


def test_nothing_is_said_of_a_ledger_that_has_published_nothing(world: World) -> None:
    assert world.engine.ledgers(reader(), OURS.id) == ()


def test_size_root_key_and_heartbeat_are_those_of_the_files(world: World) -> None:
    world.keep([step(1, 1), step(1, 2)])
    world.publish()
    (head,) = world.engine.heads(reader(), OURS.id)
    (state,) = world.engine.ledgers(reader(), OURS.id)
    assert (state.size, state.root, state.origin) == (2, head.root, head.origin)
    assert f"localhost/{state.path}" == state.origin
    assert state.verifier_key.startswith(state.origin)
    assert (state.newest_us, state.heartbeat_us, state.closed) == (NOW_US + 1, None, False)
    beat(world, 2)
    (state,) = world.engine.ledgers(reader(), OURS.id)
    assert (state.heartbeat_us, state.heartbeat_index, state.newest_us) == (NOW_US + 77, 2, NOW_US + 77)


def test_a_tile_that_is_gone_is_said(world: World) -> None:
    world.keep([step(1, 1)])
    world.publish()
    for tile in (world.root / "ledger").rglob("tile/entries/**/*"):
        if tile.is_file():
            tile.unlink()
    (state,) = world.engine.ledgers(reader(), OURS.id)
    assert state.fault
    assert state.newest_us is None

"""The right edge of a growing tree: the tiles that are not full yet, level by level. Pure.

All that is needed to append, to sign and to know which tiles have become full. Memory: 255 hashes per level.
"""

from collections.abc import Sequence

from onrecord.ledger.merkle import EMPTY_ROOT, root_of
from onrecord.ledger.tile import HEIGHT, WIDTH, TileName

Tile = tuple[TileName, list[bytes]]


class Edge:
    """Grows by leaf hashes; ``size`` leaves so far."""

    def __init__(self, size: int = 0, tiles: Sequence[list[bytes]] = ()) -> None:
        """``tiles`` are the hashes of the unfinished tile of each level of a tree of ``size``, from level 0."""
        self.size = size
        self._tiles = [list(hashes) for hashes in tiles]

    def append(self, leaf: bytes) -> list[Tile]:
        """Take a leaf hash; the answer is the tiles that are full now."""
        self.size += 1
        if not self._tiles:
            self._tiles.append([])
        self._tiles[0].append(leaf)
        return self._finish() if len(self._tiles[0]) == WIDTH else []

    def extend(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Take leaf hashes; the answer is the tiles that are full now."""
        if self.size % WIDTH or len(leaves) != WIDTH:
            return [tile for leaf in leaves for tile in self.append(leaf)]
        self.size += WIDTH
        self._tiles[:1] = [list(leaves)]
        return self._finish()

    def partials(self) -> list[Tile]:
        """The unfinished tiles."""
        return [
            (TileName(level, self.size >> HEIGHT * (level + 1), len(hashes)), hashes)
            for level, hashes in enumerate(self._tiles)
            if hashes
        ]

    def root(self, further: Sequence[bytes] = ()) -> bytes:
        """Root of the tree, or of the tree that it and ``further`` leaf hashes (at most what the tile holds) make."""
        root = b""
        for level, hashes in enumerate(self._tiles or [[]]):
            nodes = [*hashes, *further] if level == 0 else hashes
            nodes = [*nodes, root] if root else nodes
            root = root_of(nodes) if nodes else b""
        return root or EMPTY_ROOT

    def _finish(self) -> list[Tile]:
        finished: list[Tile] = []
        level = 0
        while len(self._tiles[level]) == WIDTH:
            hashes = self._tiles[level]
            finished.append((TileName(level, (self.size >> HEIGHT * (level + 1)) - 1), hashes))
            self._tiles[level] = []
            level += 1
            if level == len(self._tiles):
                self._tiles.append([])
            self._tiles[level].append(root_of(hashes))
        return finished

"""What every question passes first: project and level of the reader, and the filter in the words of the store."""

from onrecord.model.access import Access
from onrecord.model.ids import is_random_id
from onrecord.model.time import Clock
from onrecord.query import content, proofs
from onrecord.query.compile import resolve
from onrecord.query.port import Content, FindLedgers, FindLens, FindProducers, FindProject, RecordAccess, Select
from onrecord.query.scope import View, enter
from onrecord.query.syntax import EVERYTHING, Filter


class Entrance:
    """What the questions are asked with. Nothing here answers one."""

    def __init__(
        self,
        *,
        store: Select,
        projects: FindProject,
        lenses: FindLens,
        ledgers: FindLedgers,
        producers: FindProducers,
        vault: Content,
        record_access: RecordAccess,
        clock: Clock,
    ) -> None:
        self._store = store
        self._projects = projects
        self._lenses = lenses
        self._ledgers = ledgers
        self._producers = producers
        self._vault = content.Vault(vault, record_access)
        self._clock = clock

    def _enter(self, access: Access, project: str, where: Filter = EVERYTHING) -> tuple[View, Filter]:
        """The reader's view of the project, and the filter in the words of the store."""
        view = enter(self._store, self._projects, access, project, where)
        if where == EVERYTHING:
            return view, where
        return view, resolve(where, self._lenses(view.project.number), self._clock.now_us())

    def _shown_id(self, view: View, raw: str) -> str:
        """A trace or span id as the store has it."""
        return raw if is_random_id(raw) else self._lenses(view.project.number).pseudonyms.text_id(raw)

    def _sizes(self, view: View) -> dict[int, int]:
        return proofs.sizes(proofs.heads(self._ledgers(view.project)))

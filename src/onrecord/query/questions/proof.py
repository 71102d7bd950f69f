"""Questions of who does not take our word for it: ledgers, proofs, and what never arrived."""

from onrecord.model.access import Access
from onrecord.model.record import Place
from onrecord.query import completeness, ledgerstate, proofs
from onrecord.query.questions.entrance import Entrance
from onrecord.query.results import Completeness, Head, LedgerState, Proof


class ProofQuestions(Entrance):
    """That what is shown was kept, and that nothing is missing."""

    def heads(self, access: Access, project: str) -> tuple[Head, ...]:
        """The last signed checkpoint of each ledger of the project, newest shard last."""
        view, _ = self._enter(access, project)
        return proofs.heads(self._ledgers(view.project))

    def ledgers(self, access: Access, project: str) -> tuple[LedgerState, ...]:
        """Each ledger of the project as its files say, newest shard first."""
        view, _ = self._enter(access, project)
        return ledgerstate.states(self._ledgers(view.project))

    def completeness(self, access: Access, project: str) -> Completeness:
        """Which of the records that producers numbered have not come, and what they declared as dropped or left out."""
        view, _ = self._enter(access, project)
        return completeness.completeness(view, self._producers)

    def proof(self, access: Access, project: str, place: Place) -> Proof:
        """That one record is in the ledger, and how to check it.

        Raises:
            Missing: no such entry, and none pending.
        """
        view, _ = self._enter(access, project)
        return proofs.proof(view, self._ledgers(view.project), place)

    def tlog_proof(self, access: Access, project: str, place: Place) -> bytes:
        """The proof as a C2SP ``.tlog-proof`` file.

        Raises:
            Missing: no signed checkpoint covers the record yet.
        """
        view, _ = self._enter(access, project)
        return proofs.tlog_proof(self._ledgers(view.project), place)

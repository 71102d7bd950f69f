"""The intake behind the doors: the pipeline, introduced to every project before its first record."""

from concurrent.futures import Future

from onrecord.model.project import Project
from onrecord.receive.port import Ack, Delivery
from onrecord.server.recording import Recording


class ProjectIntake:
    """Implements ``receive.port.Intake``. A project may be made at any time; its signing key is made here."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._known: set[str] = set()

    def submit(self, delivery: Delivery) -> "Future[Ack]":
        """Take a delivery; raises ``Pushback`` when there is no room."""
        self._introduce(delivery.project)
        return self._recording.pipeline.submit(delivery)

    def _introduce(self, project: Project) -> None:
        if project.id not in self._known:
            self._recording.know(project)
            self._known.add(project.id)

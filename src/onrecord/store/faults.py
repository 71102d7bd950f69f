"""What the engine says about a statement of a person. No ``OnrecordError``: its words may quote the statement."""


class EngineFault(Exception):
    """A statement failed. ``code`` is ClickHouse's, ``words`` are the engine's own; neither belongs into a log line."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"the engine refused a statement (code {code})")
        self.code = code
        self.words = words

"""Media: the bytes of an image, a sound, a document or any other attachment, sent apart from the span it belongs to."""

import msgspec


class Media(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One medium of one trace."""

    id: str
    """The client's id of it; within one trace it names this medium."""
    trace_id: str
    span_id: str = ""
    """The step that mentions it, when the client says so."""
    field: str = ""
    """Where the step mentions it: ``input``, ``output``, ``metadata`` or an attachment's name."""
    media_type: str = ""
    """What the client says that it is, such as ``image/png``."""
    size: int = 0
    """Bytes as sent, also when they are withheld."""
    time_unix_nano: int = 0
    """When it was sent, by the server's clock."""
    data: bytes = b""
    withheld: bool = False
    """The project keeps no text, so it keeps no bytes either."""

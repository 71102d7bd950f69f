"""The engine: every question that can be asked of what is on the record.

Each method takes the reader's ``Access`` first and the project second; project and level are enforced in one place
(``scope.enter``), before anything is asked of the store. A project that the reader may not see is ``Missing``, like one
that does not exist. Lists are newest received first and paged by key, never by offset.

The questions themselves are written in ``questions``, by what they are about.
"""

from onrecord.query.questions.figures import FigureQuestions
from onrecord.query.questions.proof import ProofQuestions
from onrecord.query.questions.rows import RowQuestions
from onrecord.query.questions.trace import TraceQuestions


class Engine(RowQuestions, TraceQuestions, FigureQuestions, ProofQuestions):
    """All queries. One per process; methods may be called from any thread."""

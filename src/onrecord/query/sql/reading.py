"""Reading a statement: what of it is allowed, judged on what the engine's own parser made of it.

There is no second parser that could read it otherwise. The engine writes the statement anew (``formatQuery``: one
statement, no comments, one spelling of every construct); ``check_text`` looks at each word of that text, and
``check_tree`` at each node of the engine's syntax tree of that same text. Both are lists of what is allowed: a word, a
node or a shape that nobody thought of is refused. What runs is that text, never what was typed.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from onrecord.query.sql.functions import CASTS, LAMBDA, MEMBERSHIPS, OVER_ARRAYS, SCANNING, is_allowed

_TOKEN: Final = re.compile(
    r"(?P<space>\s+)|(?P<text>'(?:[^'\\]|\\.)*')|(?P<quoted>`(?:[^`\\]|\\.)*`)|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>[0-9][0-9A-Za-z_.]*)|(?P<mark>[-+*/%=<>!?:.,()\[\]{}|&^~])",
    re.DOTALL,
)
_REFUSED_WORDS: Final = frozenset((
    "SETTINGS", "FORMAT", "OUTFILE", "INFILE", "PARALLEL", "RECURSIVE", "EXPLAIN", "SAMPLE", "APPLY", "STREAM",
    "GLOBAL",
))  # fmt: skip
"""Keywords of the formatted text that open something else; a column of that name can be written in small letters."""
_BEFORE_PARENTHESIS: Final = frozenset((
    "ALL", "AND", "ANY", "AS", "ASC", "BETWEEN", "BY", "COLUMNS", "CUBE", "DESC", "DISTINCT", "EXCEPT", "FROM",
    "HAVING", "ILIKE", "IN", "INTERPOLATE", "INTERSECT", "JOIN", "LIKE", "LIMIT", "NOT", "OFFSET", "ON", "OR", "OVER",
    "PREWHERE", "QUALIFY", "REPLACE", "ROLLUP", "SELECT", "SETS", "STRICT", "STEP", "TO", "UNION", "USING", "WHERE",
    "WITH",
))  # fmt: skip
"""Keywords after which the formatted text may open a parenthesis that is not a call."""
_NODE: Final = re.compile(r"( *)([A-Za-z:]+)(?: (.*?))??( \(alias .*?\))?(?: \(children (\d+)\))?", re.DOTALL)
_NODES: Final = frozenset((
    "ArrayJoin", "Asterisk", "ColumnsExceptTransformer", "ColumnsListMatcher", "ColumnsReplaceTransformer",
    "ColumnsReplaceTransformer::Replacement", "ColumnsTransformerList", "ExpressionList", "Function", "Identifier",
    "InterpolateElement", "Literal", "OrderByElement", "QualifiedAsterisk", "SelectIntersectExceptQuery", "SelectQuery",
    "SelectWithUnionQuery", "Subquery", "TableExpression", "TableIdentifier", "TableJoin", "TablesInSelectQuery",
    "TablesInSelectQueryElement", "WindowDefinition", "WindowListElement", "WithElement",
))  # fmt: skip
_TYPE: Final = re.compile(
    r"(?:(?:nullable|array|lowcardinality|map)\((?:lowcardinality\()?)*"
    r"(?:u?int(?:8|16|32|64|128|256)?|integer|bigint|smallint|float(?:32|64)?|double|real|bool|boolean|string|text|varchar"
    r"|char|date|date32|timestamp|datetime(?:\('[\w/+-]{1,40}'\))?|datetime64(?:\(\d(?:,'[\w/+-]{1,40}')?\))?|uuid|nothing"
    r"|decimal(?:32|64|128)?(?:\(\d{1,2}(?:,\d{1,2})?\))?)(?:,(?:nullable\()?(?:string|u?int\d+|float\d+)\)?)?\)*"
)
"""Types of values; those of the engine's internal states are not among them."""
_CLOSES: Final = "SelectQuery", "Subquery"
TREE_FORM: Final = "TabSeparatedRaw"
"""The format in which the engine is asked for its tree; the tree then holds it as a child of its root."""
_FORMAT_NODE: Final = f" Identifier {TREE_FORM}"
_CHILDREN_OF_IN: Final = 2


class NotAllowed(Exception):
    """A statement is refused; ``words`` say why to who wrote it. They may quote it, so no log line gets them."""

    def __init__(self, words: str) -> None:
        super().__init__("a statement is refused")
        self.words = words


class Node:
    """One node of the engine's syntax tree."""

    __slots__ = ("above", "kind", "name", "named", "parts")

    def __init__(self, kind: str, name: str, above: "Node | None", *, named: bool = False) -> None:
        self.kind = kind
        self.name = name
        self.named = named
        """Has an alias."""
        self.above = above
        self.parts: list[Node] = []


def check_text(text: str) -> None:
    """Judge the words of a formatted statement.

    Raises:
        NotAllowed: it is no SELECT, or calls a function or uses a construct that is not on the lists.
    """
    tokens = list(_tokens(text))
    first = next((word for kind, word in tokens if word != "("), "")
    if first not in ("SELECT", "WITH"):
        raise NotAllowed("Only SELECT is possible here: nothing can be changed, shown or explained.")
    for place, (kind, word) in enumerate(tokens):
        following = tokens[place + 1][1] if place + 1 < len(tokens) else ""
        if kind == "word" and word in _REFUSED_WORDS:
            raise NotAllowed(f"{word} is not possible here.")
        if kind == "mark" and word == "{":
            raise NotAllowed("Parameters in braces are not possible here: write the value.")
        if following != "(" or kind not in ("word", "quoted"):
            continue
        name = word.strip("`")
        if not is_allowed(name) and not (kind == "word" and word in _BEFORE_PARENTHESIS):
            raise NotAllowed(_no_function(name))


def check_tree(lines: Sequence[str]) -> None:
    """Judge the syntax tree of a formatted statement, as ``EXPLAIN AST`` prints it.

    Raises:
        NotAllowed: a node is not on the list, a table has a database, a function is not on its list.
    """
    root = _parsed([line for line in lines if line != _FORMAT_NODE])
    stack = [root]
    while stack:
        node = stack.pop()
        _check(node)
        stack.extend(node.parts)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise NotAllowed(f"The character {text[place]!r} is not possible here.")
        place = found.end()
        kind, word = str(found.lastgroup), found[0]
        if kind == "quoted" and not word.replace("\\", "\n").isprintable():
            raise NotAllowed("A name may hold no backslash and no control character.")
        if kind != "space":
            yield kind, word


def _parsed(lines: Sequence[str]) -> Node:
    """The tree, by the number of children that each line says; anything that does not add up is refused."""
    top = Node("", "", None)
    open_: list[tuple[Node, int]] = [(top, 1)]
    for number, line in enumerate(lines):
        while open_ and open_[-1][1] == 0:
            open_.pop()
        found = _NODE.fullmatch(line)
        if found is None or not open_ or len(found[1]) != len(open_) - 1:
            raise NotAllowed(_UNREADABLE)
        above, left = open_.pop()
        open_.append((above, left - 1))
        node = Node(found[2], found[3] or "", above, named=bool(found[4]))
        above.parts.append(node)
        count = int(found[5] or 0)
        if number == 0 and count == 2:  # noqa: PLR2004 - the engine's client asks for its own format, which is a child
            count = 1
        open_.append((node, count))
    if not top.parts or any(left for _, left in open_):
        raise NotAllowed(_UNREADABLE)
    return top.parts[0]


_UNREADABLE: Final = (
    "The statement could not be checked, so it is not run. Write names with letters, digits and _ only."
)


def _check(node: Node) -> None:
    if node.kind not in _NODES:
        raise NotAllowed(f"{node.kind} is not possible here.")
    above = node.above.kind if node.above else ""
    if node.kind == "SelectWithUnionQuery" and len(node.parts) != 1:
        raise NotAllowed("SETTINGS, FORMAT and INTO OUTFILE are not possible here.")
    if above == "TableExpression" and node.kind not in ("TableIdentifier", "Subquery"):
        raise NotAllowed(f"Table functions such as {node.name or node.kind} are not possible here: select from a view.")
    if node.kind == "TableIdentifier" and "." in node.name:
        raise NotAllowed(f"There is no table {node.name}: select from a view, without a database.")
    if node.kind == "Function":
        _check_call(node)


def _check_call(node: Node) -> None:
    name = node.name.lower()
    if not is_allowed(name):
        raise NotAllowed(_no_function(node.name))
    arguments = node.parts[-1].parts if node.parts and node.parts[-1].kind == "ExpressionList" else []
    if name in CASTS and not (len(arguments) == _CHILDREN_OF_IN and _is_type(arguments[1])):
        raise NotAllowed("A cast is to a plain type, such as String, Int64, Float64, Date or DateTime.")
    if name in MEMBERSHIPS and any(one.kind == "Identifier" and "." in one.name for one in arguments[1:]):
        raise NotAllowed("After IN stands a list, a subquery or a view, without a database.")
    if name == LAMBDA and not _is_argument(node):
        raise NotAllowed("A lambda stands as the first argument of a function such as arrayMap, and has no name.")
    if name in SCANNING and _is_in_lambda(node):
        raise NotAllowed(f"{node.name} can not be called inside a lambda: its cost would multiply.")


def _is_type(node: Node) -> bool:
    """Whether it is a literal that names a plain type. The engine may escape its quotes, once or twice."""
    name = re.sub(r"[\s\\]", "", node.name)
    return node.kind == "Literal" and _TYPE.fullmatch(name[1:-1].lower()) is not None


def _is_argument(node: Node) -> bool:
    """Whether a lambda is what a function over arrays is given. One with a name would be called in place of a function.

    The engine looks for a function's name among the names of the statement first, also inside the views.
    """
    place = node.above
    call = place.above if place else None
    return (
        not node.named
        and place is not None
        and call is not None
        and (place.kind, call.kind) == ("ExpressionList", "Function")
        and call.name.lower() in OVER_ARRAYS
        and call.parts[-1] is place
        and place.parts[0] is node
    )


def _is_in_lambda(node: Node) -> bool:
    above = node.above
    while above is not None and above.kind not in _CLOSES:
        if above.kind == "Function" and above.name.lower() == LAMBDA:
            return True
        above = above.above
    return False


def _no_function(name: str) -> str:
    return f"The function {name} is not possible here. The page lists those that are."

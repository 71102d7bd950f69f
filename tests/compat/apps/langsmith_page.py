# mypy: ignore-errors
"""The Python examples of a page of the documents, in order, as their readers run them: page, then which of them."""

import re
import sys
from pathlib import Path

page, *chosen = sys.argv[1:]
blocks = re.findall(r"```python\n(.*?)```", Path(page).read_text("utf-8"), re.DOTALL)
for number in map(int, chosen):
    exec(compile(blocks[number], f"{page}#{number}", "exec"), {"__name__": "__main__"})

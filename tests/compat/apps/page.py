# mypy: ignore-errors
"""Runs an example of a page: its code and the names it uses, as the two arguments."""

import json
import sys

exec(compile(sys.argv[1], "example", "exec"), json.loads(sys.argv[2]))

"""The SQL console: statements of analysts over a few views of one project.

A statement passes four checks before it runs, and each of them alone would do (docs/adr/0120): the engine's own parser
writes it anew (``reading``), every word and every node of it is looked up in lists of what is allowed (``functions``),
its tables exist only as views of this one project (``views``), and the engine's resolved reading of the whole names no
table but ours. Then it runs on a connection of its own that can change nothing and has bounds (``running``).
"""

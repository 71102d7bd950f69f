"""onrecord: put your AI on the record.

The package root is the public client API and nothing else; no module inside imports it.
"""

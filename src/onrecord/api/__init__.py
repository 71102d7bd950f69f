"""The HTTP API: query and governance as JSON, no logic of its own."""

"""The web interface: server-rendered pages over query, no logic of its own."""

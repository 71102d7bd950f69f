"""MCP: agents search traces, read them masked, measure, and ask why something failed. Every read is on the record."""

"""LangSmith's API, as far as its clients need it to write and read (docs/doors/langsmith.md)."""

"""Queries: every function takes an Access; none works without it."""

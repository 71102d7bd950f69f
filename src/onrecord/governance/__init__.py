"""Governance: erasure, reads, verification."""

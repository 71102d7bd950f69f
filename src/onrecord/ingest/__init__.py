"""Ingest: the one module that knows the order of the stages, and reads like the picture in the architecture."""

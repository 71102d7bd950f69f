"""The server: wiring, lifecycle, health, metrics."""

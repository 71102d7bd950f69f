"""Benchmarks and makers of shipped data, each one command."""

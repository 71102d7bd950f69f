"""Invented AI traffic, played into a throw-away server: what ``onrecord demo`` shows."""

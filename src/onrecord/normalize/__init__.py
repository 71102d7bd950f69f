"""Normalising: one pure function per dialect, wire shape in, model value out. Unknown attributes are kept."""

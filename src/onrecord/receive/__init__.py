"""Receiving: authenticate, decode, bound. Bad input gets a clear 4xx; the good part of a batch is kept."""

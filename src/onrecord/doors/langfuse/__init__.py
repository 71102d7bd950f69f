"""The door of Langfuse's clients: its public API, as far as its SDKs use it."""

"""The vault: exact content, sealed under keys that can be destroyed. One SQLite file per month of receipt."""

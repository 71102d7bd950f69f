"""The logging gateway: calls of providers pass through it byte for byte, and each is on the record before it ends."""

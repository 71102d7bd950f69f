"""The door of Phoenix: what ``phoenix.client`` asks of a server, at the addresses at which it asks."""

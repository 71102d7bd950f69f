"""The logging gateway: applications change their base URL, and every exchange with a model is on the record."""

"""Privacy: secrets and card numbers replaced for good, personal data pseudonymised for the store."""

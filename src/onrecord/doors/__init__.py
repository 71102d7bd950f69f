"""The doors of other products: their clients come in unchanged, each by its own protocol."""

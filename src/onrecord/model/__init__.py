"""The words of the system: what a record holds, who may see it, when it was. Values only, no I/O."""

"""The ledger: one small entry per record in a C2SP tlog-tiles log that anyone can verify."""

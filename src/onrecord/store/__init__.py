"""The store: pseudonymised rows in ClickHouse SQL, disposable and rebuilt from ledger and vault."""

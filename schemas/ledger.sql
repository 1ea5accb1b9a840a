-- The entries of a ledger, in SQLite.
CREATE TABLE ledger (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    account   TEXT    NOT NULL,
    amount    INTEGER NOT NULL,
    rate      REAL,
    cleared   BOOLEAN NOT NULL DEFAULT 0,
    note      TEXT,
    details   JSON,
    signature BLOB
);

-- What sensors read, in a STRICT table of SQLite: a column holds values of its own type alone, so fields are typed.
CREATE TABLE readings (
    id        INTEGER PRIMARY KEY,
    sensor    TEXT    NOT NULL,
    channel   INT     NOT NULL,
    value     REAL    NOT NULL,
    frame     BLOB    NOT NULL,
    sequence  INTEGER,
    deviation REAL,
    note      TEXT,
    raw       BLOB,
    extra     ANY
) STRICT;

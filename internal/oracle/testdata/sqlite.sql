-- Every storage class under each kind of declared type that the original can take.
CREATE TABLE cells (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    i    INTEGER,
    big  BIGINT,
    small SMALLINT,
    r    REAL,
    d    DOUBLE,
    f    FLOAT,
    b    BOOLEAN,
    bo   BOOL,
    t    TEXT,
    v    VARCHAR(20),
    c    CHAR(5),
    j    JSON,
    x
);

-- What it can't take, or reads differently.
CREATE TABLE differences (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    r    REAL,
    b    BOOLEAN,
    t    TEXT,
    j    JSON,
    jb   JSONB,
    raw  BLOB,
    n    NUMERIC,
    dec  DECIMAL(10,2),
    day  DATE,
    tod  TIME,
    at   DATETIME,
    ts   TIMESTAMP,
    s    STRING
);

-- Columns of every type that the original can take. What it can't take, or reads differently, is in the last table.
CREATE TYPE mood AS ENUM ('happy', 'sad', 'a b', 'so "so"', 'größe 😀');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN note AS text;

CREATE TABLE numbers (
    id   bigserial PRIMARY KEY,
    b    boolean,
    i2   smallint,
    i4   integer,
    i8   bigint,
    o    oid,
    p    positive,
    f4   real,
    f8   double precision
);

CREATE TABLE texts (
    id   bigserial PRIMARY KEY,
    t    text,
    v    varchar,
    v20  varchar(20),
    c    char(5),
    q    "char",
    n    name,
    d    note,
    u    uuid,
    m    mood
);

CREATE TABLE documents (
    id   bigserial PRIMARY KEY,
    j    json,
    jb   jsonb
);

CREATE TABLE arrays (
    id   bigserial PRIMARY KEY,
    b    boolean[],
    i2   smallint[],
    i4   integer[],
    i8   bigint[],
    o    oid[],
    f4   real[],
    f8   double precision[],
    t    text[],
    v    varchar[],
    c    char(3)[],
    q    "char"[],
    n    name[],
    u    uuid[],
    j    json[],
    jb   jsonb[],
    m    mood[]
);

CREATE TABLE differences (
    id   bigserial PRIMARY KEY,
    f4   real,
    f8   double precision,
    j    json,
    dec  numeric,
    money_2 numeric(10,2),
    raw  bytea,
    day  date,
    tod  time,
    todz timetz,
    ts   timestamp,
    tsz  timestamptz,
    span interval,
    a_i4 integer[],
    a_f8 double precision[],
    a_j  json[],
    a_p  positive[],
    a_m  mood[],
    a_dec numeric[],
    a_raw bytea[],
    a_day date[],
    a_tod time[],
    a_todz timetz[],
    a_ts timestamp[],
    a_tsz timestamptz[],
    a_span interval[]
);

"""Prints what the Python original would publish of each row: python oracle.py URI SCHEMA.sql

It creates the schema in the database at a SQLAlchemy URI, inserts the rows of rows.py, and reads each back through a
reflected table. One line of JSON a row: the row, and the data and hash of its message or what reading or writing raised.
"""
import base64
import hashlib
import json
import struct
import sys
import warnings

import sqlalchemy

import rows

warnings.simplefilter("ignore", sqlalchemy.exc.SAWarning)


def main(uri, schema):
    engine = sqlalchemy.create_engine(uri)
    sqlite = engine.dialect.name == "sqlite"
    with open(schema, encoding="utf-8") as f:
        create(engine, f.read(), sqlite)
    ids = {}
    for name, row in rows.sqlite() if sqlite else rows.postgres():
        ids[name] = ids.get(name, 0) + 1
        insert(engine, name, row, sqlite)
        print(json.dumps({"table": name, "row": row, **published(engine, name, ids[name])}))


def create(engine, ddl, sqlite):
    connection = engine.raw_connection()
    if sqlite:
        connection.executescript(ddl)
    else:
        connection.cursor().execute(ddl)
        connection.commit()
    connection.close()


def insert(engine, table, row, sqlite):
    mark = "?" if sqlite else "%s"
    sql = "INSERT INTO {} ({}) VALUES ({})".format(table, ", ".join(row), ", ".join([mark] * len(row)))
    if not row:
        sql = "INSERT INTO {} DEFAULT VALUES".format(table)
    connection = engine.raw_connection()
    connection.cursor().execute(sql, [stored(v) for v in row.values()] if sqlite else list(row.values()))
    connection.commit()
    connection.close()


def stored(value):
    storage, _, value = value.partition(":")
    return {
        "integer": int,
        "real": lambda v: struct.unpack(">d", bytes.fromhex(v))[0],
        "text": str,
        "blob": base64.b64decode,
    }[storage](value)


def published(engine, name, key):
    """The data and hash that are published of a row, or what stops them."""
    table = reflected(engine, name)
    query = sqlalchemy.select([table]).where(table.columns["id"] > key - 1).limit(1)
    try:
        with engine.connect() as connection:
            row = dict(connection.execute(query).fetchall()[0])
        data = json.dumps(row)
        digest = hashlib.sha256(json.dumps(row, sort_keys=True).encode("utf-8")).hexdigest()
    except Exception as e:  # whatever it is, the original publishes nothing then
        return {"raises": type(e).__name__ + ": " + str(e).splitlines()[0][:100]}
    return {"data": data, "hash": digest}


def reflected(engine, name, cache={}):
    if name not in cache:
        cache[name] = sqlalchemy.Table(name, sqlalchemy.MetaData(), autoload=True, autoload_with=engine)
    return cache[name]


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Prints what the Python original would publish of each row: python oracle.py URI SCHEMA.sql

It creates the schema in the database at a SQLAlchemy URI, inserts the rows of rows.py, and reads each back through a
reflected table. One line of JSON a row: the row, and the data and hash of its message or what reading or writing raised.
"""
import base64
import hashlib
import json
import re
import struct
import sys
import warnings

import sqlalchemy

import rows

warnings.simplefilter("ignore", sqlalchemy.exc.SAWarning)


def main(uri, schema):
    engine = sqlalchemy.create_engine(uri)
    dialect = engine.dialect.name
    with open(schema, encoding="utf-8") as f:
        ddl = f.read()
    if dialect == "mysql":
        engine.connect().close()  # from then on it knows the product
        maria = engine.dialect._is_mariadb
        create_mysql(engine, ddl, "MariaDB" if maria else "MySQL")
        all_rows = rows.mysql(maria)
    else:
        create(engine, ddl, dialect == "sqlite")
        all_rows = rows.sqlite() if dialect == "sqlite" else rows.postgres()
    ids = {}
    for name, row in all_rows:
        ids[name] = ids.get(name, 0) + 1
        insert(engine, name, row)
        print(json.dumps({"table": name, "row": row, **published(engine, name, ids[name])}))


def create(engine, ddl, sqlite):
    connection = engine.raw_connection()
    if sqlite:
        connection.executescript(ddl)
    else:
        connection.cursor().execute(ddl)
        connection.commit()
    connection.close()


def create_mysql(engine, ddl, product):
    """Creates the tables of both products and those of this one."""
    for section in re.split("^-- (?=.* alone$)", ddl, flags=re.M):
        if section.startswith(product) or not re.match(".* alone\n", section):
            for statement in section.split(";\n"):
                statement = re.sub("^.* alone\n|^--.*\n", "", statement.lstrip(), flags=re.M).strip()
                if statement:
                    execute(engine, statement)


def execute(engine, sql, values=()):
    connection = engine.raw_connection()
    if engine.dialect.name == "mysql":
        connection.cursor().execute("SET sql_mode = ''")
    if values:
        connection.cursor().execute(sql, values)
    else:
        connection.cursor().execute(sql)
    connection.commit()
    connection.close()


def insert(engine, table, row):
    dialect = engine.dialect.name
    if dialect == "mysql":
        execute(engine, "INSERT INTO {} ({}) VALUES ({})".format(table, ", ".join(row), ", ".join(row.values())))
        return
    mark = "?" if dialect == "sqlite" else "%s"
    sql = "INSERT INTO {} ({}) VALUES ({})".format(table, ", ".join(row), ", ".join([mark] * len(row)))
    if not row:
        sql = "INSERT INTO {} DEFAULT VALUES".format(table)
    execute(engine, sql, [stored(v) for v in row.values()] if dialect == "sqlite" else list(row.values()))


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
    try:
        table = reflected(engine, name)
        query = sqlalchemy.select([table]).where(table.columns["id"] > key - 1).limit(1)
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

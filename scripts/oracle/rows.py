"""The rows that the vectors are made of: bounds, escapes and odd forms of each type, and random ones from a fixed seed.

A row is (table, {column: value}). A value for PostgreSQL is the text that it reads; one for SQLite is a storage class
and the value after a colon, a real as the sixteen hexadecimal digits of its bits. One for MySQL is an expression of SQL.
"""
import base64
import itertools
import json
import math
import random
import struct
import uuid

SEED = 20240103


def postgres():
    rnd = random.Random(SEED)
    yield from table("numbers", numbers(rnd))
    yield from table("texts", texts(rnd))
    yield from table("documents", {"j": json_texts(rnd), "jb": jsonb_texts(rnd)})
    yield from table("arrays", arrays(rnd))
    for column, values in DIFFERENCES.items():
        for value in values:
            yield "differences", {column: value}


def table(name, columns):
    """Lays the values of each column side by side; a column that has run out is null."""
    yield name, {}
    for values in itertools.zip_longest(*columns.values()):
        yield name, {c: v for c, v in zip(columns, values) if v is not None}


def numbers(rnd):
    return {
        "b": ["true", "false"],
        "i2": integers(rnd, 16),
        "i4": integers(rnd, 32),
        "i8": integers(rnd, 64),
        "o": ["0", "1", "26", "2147483647", "2147483648", "4294967295"],
        "p": ["1", "2147483647"],
        "f4": [repr(f) for f in float32s(rnd)],
        "f8": [repr(f) for f in float64s(rnd)],
    }


def integers(rnd, bits):
    top = 1 << (bits - 1)
    near = [0, 1, -1, 9, 10, -10, 99, 100, top - 1, top - 2, -top, 1 - top]
    if bits == 64:
        near += [s * ((1 << 53) + d) for s in (1, -1) for d in (-1, 0, 1)]
    return [str(n) for n in near + [rnd.randrange(-top, top) for _ in range(30)]]


def float64s(rnd):
    edges = [0.0, 1.0, 0.1, 0.2, 0.1 + 0.2, 1 / 3, 2 / 3, 1e15, 1e16, 1e17, 9999999999999998.0, 9007199254740991.0,
             9007199254740992.0, 9007199254740994.0, 1e-4, 9.999999999999999e-05, 1e-5, 1.5e-5, 1e22, 1e23, 1e100,
             1e300,
             123456789.125, 5e-324, 1e-323, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308,
             1.7976931348623155e308, 2.0 ** 63, 2.0 ** 64, 2.0 ** -1074, 4.35, 0.3, 2.675, 1e21, 1.0000000000000002,
             5e-5, 0.00012345678901234567, 1234567890123456.7, 12345678901234567.0, 2 ** 1023 * 1.0]
    powers = [10.0 ** e for e in range(-20, 25)] + [2.0 ** e for e in range(-60, 80, 7)]
    ties = [2.0 ** e * (1 + rnd.getrandbits(52) / 2 ** 52) for e in range(53, 90) for _ in range(2)]
    halves = [m / 2.0 ** e for e in range(20, 50, 2) for m in (1, 3, 5)]
    return signed(edges + powers) + ties + halves + finite(lambda: rnd.getrandbits(64), "<Q", "<d", 300)


def float32s(rnd):
    edges = [0.0, 1.0, 0.1, 0.2, 1 / 3, 1e-4, 9.999999e-05, 1e-5, 1e15, 1e16, 9.999999e15, 16777215.0, 16777216.0,
             16777218.0, 33554432.0, 33554448.0, 67108896.0, 2.0 ** 31, 2.0 ** 63, 1e-45, 1.1754944e-38, 1.1754942e-38,
             3.4028235e38, 3.4028233e38, 1.00000012, 8388608.5, 8388609.5, 2.0 ** 75, 2.0 ** 74, 4.2e9, 1e10]
    powers = [10.0 ** e for e in range(-20, 25)] + [2.0 ** e for e in range(-60, 90, 7)]
    single = [struct.unpack("<f", struct.pack("<f", f))[0] for f in signed(edges + powers)]
    # Singles of this size are where the shortest decimal can lie half way between two of them.
    ties = [struct.unpack("<f", struct.pack("<f", 2.0 ** e * (1 + rnd.getrandbits(23) / 2 ** 23)))[0]
            for e in range(24, 76) for _ in range(2)]
    # These are where a single can lie half way between two decimals.
    halves = [m / 2.0 ** e for e in range(9, 15) for m in range(1, 24, 2)]
    return single + ties + halves + finite(lambda: rnd.getrandbits(32), "<I", "<f", 230)


def signed(values):
    return [s for v in values for s in (v, -v)]


def finite(bits, as_bits, as_float, count):
    out = []
    while len(out) < count:
        f = struct.unpack(as_float, struct.pack(as_bits, bits()))[0]
        if math.isfinite(f):
            out.append(f)
    return out


CONTROLS = [chr(c) for c in itertools.chain(range(1, 32), [127])]
# The ends of blocks, separators that JavaScript minds, marks that combine, what is no character, and beyond the BMP.
SPECIAL = ["\x80", "\x85", "\x9f", "\xa0", "\xad", "\xff", "é", "e\u0301", "ß", "\u07ff", "\u0800", "\u2028", "\u2029",
           "\u200d", "\u202e", "\ud7ff", "\ue000", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\U00010000", "😀", "👩‍🔬",
           "\U0010fffe", "\U0010ffff", "日本語", "ﬁ", "Å", "\u212b"]


def strings(rnd):
    out = ["", " ", "plain", "null", "NULL", "true", "1", "a'b", 'a"b', "a\\b", "\\", '"', "\\\\", '\\"', "\\u0041",
           "\\n",
           "a/b", "</script>", "<>&", "{}", "%s %d %%", "$1", "{a,b}", "x" * 300, "é" * 40,
           "".join(CONTROLS), "".join(SPECIAL)]
    out += CONTROLS + SPECIAL
    # A character that needs an escape in every place of a word of eight bytes.
    for place in range(17):
        for c in ('"', "\\", "\x01", "\x7f", "é", "😀"):
            out.append("abcdefghijklmnop"[:place] + c + "zyxwvutsrqponmlk"[place:])
    return out + [random_string(rnd, 40) for _ in range(60)]


def random_string(rnd, longest):
    kinds = [lambda: chr(rnd.randrange(32, 127)), lambda: rnd.choice(CONTROLS), lambda: rnd.choice(SPECIAL),
             lambda: chr(rnd.randrange(0xa0, 0xd800)), lambda: chr(rnd.randrange(0x10000, 0x110000))]
    weights = [12, 1, 2, 2, 1]
    return "".join(rnd.choices(kinds, weights)[0]() for _ in range(rnd.randrange(longest)))


def texts(rnd):
    every = strings(rnd)
    return {
        "t": every,
        "v": every[::-1],
        "v20": [s for s in every if len(s) <= 20],
        "c": [s for s in every if len(s) <= 5],
        "q": [""] + [chr(c) for c in range(1, 128)],
        "n": [s for s in every if len(s.encode()) < 64],
        "d": every[::3],
        "u": [str(u) for u in uuids(rnd)],
        "m": MOODS,
    }


MOODS = ["happy", "sad", "a b", 'so "so"', "größe 😀"]


def uuids(rnd):
    fixed = [uuid.UUID(int=0), uuid.UUID(int=(1 << 128) - 1), uuid.UUID("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11")]
    return fixed + [uuid.UUID(int=rnd.getrandbits(128)) for _ in range(20)]


# Only json, which keeps its text, can hold these.
JSON_ALONE = [r'"\u0000"', r'"\ud83d"', r'"\ude00\ud83d"', r'["\ud83d", "\ude00"]', r'"\ud83d\ud83d\ude00"',
              r'"\ud83dx\ude00"',
              r'{"\uffff": 1, "\ud83d\ude00": 2, "\ud83d": 3, "\ue000": 4}', r'"\ud83d\u0041"',
              r'{"\u0000": {"\u0000": 1, "": 2}}',
              '{"a": 1, "a": 2}', '{"a": {"x": 1}, "b": 2, "a": {"y": 3}}', r'{"a": 1, "\u0061": 2, "b": 3, "a": 4}',
              "1e5", "1E5", "1e+5", "1e-5", "1E-07", "1.0e0", "-0.0", "-0", "0e0", "-0e-0", "1e-400", "-1e-400",
              "1e22", "1e23",
              "123456789012345678901234567890.5", "4.9e-324", "2.4e-324", "1.7976931348623158e308", "0.1e1", "100e-2",
              " \t\r\n1 \t\r\n", '{ "a" :\t[ 1 ,2 ]\n}', "[ ]", "{ }", '[[],{},[{}],{"a":[]}]']

BOTH = ["null", "true", "false", "0", "1", "-1", "1.0", "1.10", "0.10", "-0.5", "1.5e3", "9007199254740993",
        "-9223372036854775809",
        "18446744073709551616", "9" * 60, "-" + "7" * 200, "0.1", "0.30000000000000004", "0.1" + "0" * 40 + "1",
        "123456789012345678", "1.7976931348623157e308", "1e-7", "0.0001", "0.00001", "9999999999999998.0",
        "10000000000000000.0",
        '""', '"x"', '" "', r'"\"\\\/\b\f\n\r\t"', r'"\u0001\u001f\u007f\u0080\u00e9\u2028"', r'"\ud83d\ude00"',
        '"é😀\u2028\x7f"',
        "[]", "{}", "[1, 2, 3]", "[null, true, 1.50]", '{"b": 1, "a": 2}', '{"": 1, " ": 2}',
        '{"é": 1, "e": 2, "z": 3}',
        '{"a": 1, "B": 2, "A": 3, "b": 4, "aa": 5, "a b": 6, "a\\"b": 7}',
        r'{"\uffff": 1, "\ud83d\ude00": 2, "\ue000": 3}',
        '{"10": 1, "9": 2, "1": 3}', '{"z": {"y": {"x": [{"w": 1, "v": 2}]}}}', "[" * 300 + "]" * 300,
        '{"a":' * 200 + "1" + "}" * 200]


def json_texts(rnd):
    return BOTH + JSON_ALONE + [random_document(rnd, 3, lone=True) for _ in range(120)]


def jsonb_texts(rnd):
    stored = [t for t in JSON_ALONE if "\\u0000" not in t and "\\ud83d" not in t]
    return BOTH + stored + [random_document(rnd, 3, lone=False) for _ in range(120)]


def random_document(rnd, depth, lone):
    space = lambda: rnd.choice(["", "", "", " ", "\n\t"])
    kind = rnd.randrange(8 if depth else 6)
    if kind == 6:
        parts = [space() + random_document(rnd, depth - 1, lone) + space() for _ in range(rnd.randrange(5))]
        return "[" + ",".join(parts) + "]"
    if kind == 7:
        keys = [json.dumps(random_string(rnd, 4), ensure_ascii=rnd.random() < .5) for _ in range(rnd.randrange(6))]
        keys += rnd.choices(keys, k=rnd.randrange(2)) if keys else []
        parts = [space() + k + space() + ":" + space() + random_document(rnd, depth - 1, lone) for k in keys]
        return "{" + ",".join(parts) + "}"
    if kind < 3:
        return random_number(rnd)
    if kind == 5:
        return rnd.choice(["true", "false", "null"])
    text = json.dumps(random_string(rnd, 12), ensure_ascii=rnd.random() < .5)
    return text[:-1] + r'\udc12"' if lone and rnd.random() < .2 else text


def random_number(rnd):
    """A number in one of JSON's forms that is not beyond a double."""
    while True:
        text = rnd.choice(["", "-"]) + str(rnd.getrandbits(rnd.choice([1, 8, 33, 64, 150])))
        if rnd.random() < .5:
            text += "." + "".join(rnd.choices("0123456789", k=rnd.randrange(1, 20)))
        if rnd.random() < .4:
            text += rnd.choice("eE") + rnd.choice(["", "+", "-"]) + str(rnd.randrange(300))
        if math.isfinite(float(text)):
            return text


def arrays(rnd):
    """Arrays of each type, of one to six dimensions, with nulls, empty, and with a lower bound of their own."""
    plain = {
        "b": ["true", "false"], "i2": integers(rnd, 16), "i4": integers(rnd, 32), "i8": integers(rnd, 64),
        "o": ["0", "4294967295"], "f4": [repr(f) for f in float32s(rnd)], "f8": [repr(f) for f in float64s(rnd)],
        "t": strings(rnd), "v": strings(rnd), "c": [s for s in strings(rnd) if len(s) <= 3],
        "q": [chr(c) for c in range(32, 127)], "n": ["a", "a b", "é", 'x"y'], "u": [str(u) for u in uuids(rnd)],
        "j": BOTH[:-2] + [random_document(rnd, 2, lone=True) for _ in range(20)],
        "jb": BOTH[:-2] + [random_document(rnd, 2, lone=False) for _ in range(20)],
    }
    shapes = [[1], [2], [3], [2, 2], [1, 3], [2, 1, 2], [1, 1, 1, 1, 1, 2], [7], [4], [5]]
    columns = {}
    for name, values in plain.items():
        columns[name] = ["{}", "{NULL}", "[5:6]={NULL," + quoted(values[0]) + "}"]
        # SQLAlchemy takes a document that is an array for a dimension where it comes first.
        single = [v for v in values if name not in ("j", "jb") or not v.strip().startswith("[")]
        columns[name] += [array(rnd, single, shape) for shape in shapes]
        for i in range(0, min(len(values), 160), 40):
            columns[name].append("{" + ",".join(map(quoted, single[:1] + values[i:i + 40])) + "}")
    columns["t"] += ['{NULL,"NULL",null,"null"}', '{"","{}","a,b"," a "}']
    # SQLAlchemy splits the text of an array of an enum at commas, which goes well for plain labels alone.
    columns["m"] = ["{}", "{happy}", "{happy,sad,happy}"]
    return columns


def array(rnd, values, shape):
    if not shape:
        return "NULL" if rnd.random() < .2 else quoted(rnd.choice(values))
    return "{" + ",".join(array(rnd, values, shape[1:]) for _ in range(shape[0])) + "}"


def quoted(element):
    return '"' + element.replace("\\", "\\\\").replace('"', '\\"') + '"'


DIFFERENCES = {
    "f4": ["NaN", "Infinity", "-Infinity"],
    "f8": ["NaN", "Infinity", "-Infinity"],
    "j": ["1e400", '{"a": [-1e400]}', "1" + "0" * 5000, "[" * 2000 + "]" * 2000],
    "dec": ["12.50", "-0.00", "NaN"],
    "money_2": ["12.5"],
    "raw": ["\\x00ff10", "\\x"],
    "day": ["2024-02-29", "infinity", "0044-03-15 BC"],
    "tod": ["07:20:17.5"],
    "todz": ["07:20:17+02:30"],
    "ts": ["2024-01-03 07:20:17.123456", "-infinity"],
    "tsz": ["2024-01-03 07:20:17+01"],
    "span": ["1 year 2 months -3 days 04:05:06.5"],
    "a_i4": ["[0:1][2:3]={{1,2},{3,4}}"],
    "a_f8": ["{NaN,1}"],
    "a_j": ['{"[1e400]"}', '{"[1]","{\\"a\\": 2}"}', '{"[]",1.5}'],
    "a_p": ["{1,2}"],
    "a_m": ["{sad,NULL}", '{"a b"}', "{{sad},{happy}}"],
    "a_dec": ["{1.50,NULL}"],
    "a_raw": ['{"\\\\x00ff"}'],
    "a_day": ["{2024-02-29}"],
    "a_tod": ["{07:20}"],
    "a_todz": ["{07:20+01}"],
    "a_ts": ["{2024-01-03 07:20:17}"],
    "a_tsz": ["{2024-01-03 07:20:17Z,infinity}"],
    "a_span": ["{1 day,NULL}"],
}


def sqlite():
    rnd = random.Random(SEED)
    yield from table("cells", cells(rnd))
    for column, values in SQLITE_DIFFERENCES.items():
        for value in values:
            yield "differences", {column: value}


def real(f):
    return "real:" + struct.pack(">d", f).hex()


def cells(rnd):
    whole = ["integer:" + n for n in integers(rnd, 64)]
    reals = [real(f) for f in float64s(rnd)[:220]]
    words = ["text:" + s for s in strings(rnd)] + ["text:a\x00b", "text:\x00"]
    documents = ["text:" + t for t in json_texts(rnd)[:190]]
    return {
        "i": whole + reals[:60] + ["text:abc"],
        "big": whole[::-1],
        "small": ["integer:" + n for n in integers(rnd, 16)],
        "r": reals + ["text:abc", "integer:7"],
        "d": reals[::-1],
        "f": reals[::2] + ["integer:9007199254740993"],
        "b": ["integer:1", "integer:0"],
        "bo": ["integer:0", "integer:1"],
        "t": words + ["integer:5"],
        "v": words[::2],
        "c": words[::3],
        "j": documents + ["integer:5", real(1.5)],
        "x": whole[:5] + reals[:20] + words[-40:],
    }


SQLITE_DIFFERENCES = {
    "r": [real(math.inf), real(-math.inf)],
    "b": ["integer:2", "text:yes", real(0.5)],
    "t": ["blob:" + base64.b64encode(b"\x00\xff").decode()],
    "j": ["text:{", "text:NaN", "text:[Infinity]", "text:[1e400]", "text:" + "[" * 2000 + "]" * 2000, "text:"],
    "jb": ['text:{"b": 1, "a": 2}'],
    "raw": ["blob:" + base64.b64encode(bytes(range(7))).decode(), "blob:", "text:abc"],
    "n": ["integer:1", real(1.5), "text:abc"],
    "dec": ["text:12.50"],
    "day": ["text:2024-02-29", "text:29.2.2024"],
    "tod": ["text:07:20:17.000000"],
    "at": ["text:2024-01-03 07:20:17.000000", "integer:1704266417"],
    "ts": ["text:2024-01-03T07:20:17Z"],
    "s": ["text:abc", "text:5"],
}


def mysql(maria):
    rnd = random.Random(SEED)
    yield from table("numbers", mysql_numbers(rnd))
    yield from table("texts", mysql_texts(rnd))
    yield from differing("differences", MYSQL_DIFFERENCES)
    if maria:
        yield from table("addresses", addresses(rnd))
        yield from differing("differences_mariadb", MARIADB_DIFFERENCES)
    else:
        yield from table("documents", {"j": [text(t) for t in mysql_documents(rnd)]})
        yield from differing("differences_mysql", VECTORS)


def differing(name, columns):
    for column, values in columns.items():
        for value in values:
            yield name, {column: value}


def text(s):
    """A string as an expression: in hexadecimal where a quoted one would depend on settings."""
    if s.isascii() and s.isprintable() and not set(s) & set("'\\"):
        return "'" + s + "'"
    return "_utf8mb4 x'" + s.encode().hex() + "'"


def unsigned(rnd, bits):
    top = 1 << bits
    return [str(n) for n in [0, 1, 9, 10, top // 2 - 1, top // 2, top - 2, top - 1]
            + [rnd.randrange(top) for _ in range(30)]]


def mysql_numbers(rnd):
    floats = [repr(f) for f in float32s(rnd) if short(f)]
    return {
        "bo": ["true", "false", "2"],
        "i1": integers(rnd, 8), "i1u": unsigned(rnd, 8), "i2": integers(rnd, 16), "i2u": unsigned(rnd, 16),
        "i3": integers(rnd, 24), "i3u": unsigned(rnd, 24), "i4": integers(rnd, 32), "i4u": unsigned(rnd, 32),
        "i8": integers(rnd, 64), "i8u": unsigned(rnd, 64), "b1": ["0", "1"], "b10": unsigned(rnd, 10),
        "b64": unsigned(rnd, 64), "y": ["0", "1901", "1970", "2024", "2155"], "f4": floats,
        "f4u": [f for f in floats if not f.startswith("-")],
    }


def short(f):
    """Whether the six digits that the daemon's driver is shown of a single are the fewest that tell it."""
    if 0 < abs(f) < 2.0 ** -126:
        return False
    shown = float("%.6g" % f)
    around = [shown, math.nextafter(shown, math.inf), math.nextafter(shown, -math.inf)]
    return abs(shown) < 3.4e38 and all(struct.unpack("<f", struct.pack("<f", d))[0] == f for d in around)


def mysql_texts(rnd):
    every = strings(rnd) + ["a\0b", "\0"]
    short = [s for s in every if len(s) <= 20]
    latin1 = [s for s in every if all(ord(c) < 0x80 or 0xa0 <= ord(c) < 0x100 for c in s)]
    columns = {
        "c": short, "nc": [s for s in every if len(s) <= 5 and max(map(ord, s), default=0) < 0x10000],
        "v": every, "vb": every[::-1], "u16": short[::-1], "tt": [s for s in every if len(s.encode()) < 256],
        "t": every[::2], "l1": latin1, "mt": every[::3], "lt": every[::4], "m": MOODS[:4] + ["größe", "b,c", "d'e", "", "none"],
        "day": ["0000-00-00", "2024-00-00", "2024-02-00"], "at": ["0000-00-00", "2024-02-00 00:00:00"],
        "ts": ["0000-00-00"],
    }
    return {name: [text(s) for s in values] for name, values in columns.items()}


def mysql_documents(rnd):
    # MySQL takes a hundred levels, and no half of a character.
    every = jsonb_texts(rnd) + [r'"\u0000"', r'{"\u0000": {"\u0000": 1, "": 2}}']
    return [t for t in every if t.count("[") + t.count("{") < 100]


def addresses(rnd):
    return {
        "u": [text(str(u)) for u in uuids(rnd)],
        "a4": [text(a) for a in ["0.0.0.0", "127.0.0.1", "192.168.0.1", "255.255.255.255"]],
        "a6": [text(a) for a in ["::", "::1", "2001:db8::1", "2001:0DB8:0:0::1", "::ffff:192.168.0.1",
                                 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]],
    }


MYSQL_DIFFERENCES = {
    "f4": ["16777217", "123456.7", "3.4028235e38", "67108896", "1e-45"],
    "f8": ["0.1", "1e16", "5e-324", "1.7976931348623157e308", "-0e0"],
    "f8u": ["2.5"],
    "re": ["0.30000000000000004"],
    "dec_2": ["12.5", "-0.01", "0"],
    "dec_u": ["12.5"],
    "day": ["'2024-02-29'"],
    "tod": ["'-838:59:59'", "'-00:00:00.000001'", "'24:00:00.5'", "'07:20:17'", "'00:00:00'"],
    "at": ["'2024-01-03 07:20:17'"],
    "at_6": ["'2024-01-03 07:20:17.12345'", "'0000-00-00'", "'2024-02-00 00:00:00'"],
    "ts": ["'2024-01-03 07:20:17'"],
    "ts_6": ["'2024-01-03 07:20:17.5'", "'0000-00-00'"],
    "bi": ["x'6100'"],
    "vb": ["x'00ff'"],
    "vcb": ["'abc'"],
    "tb": ["''"],
    "bl": ["x'00ff10'"],
    "mb": ["'a'"],
    "lb": ["'b'"],
    "s": ["'y z,x'", "''"],
    "m": [text("größe 😀")],
    "ge": ["ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(1 2)', 3857)"],
    "po": ["ST_GeomFromText('POINT(3 4)')"],
    "li": ["ST_GeomFromText('LINESTRING(0 0,1 1)')"],
    "pg": ["ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')"],
    "mpo": ["ST_GeomFromText('MULTIPOINT(0 0,1 1)')"],
    "mli": ["ST_GeomFromText('MULTILINESTRING((0 0,1 1))')"],
    "mpg": ["ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)))')"],
    "gc": ["ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2))')"],
}

VECTORS = {"vec": ["STRING_TO_VECTOR('[1,-2.5,0.1]')"]}

MARIADB_DIFFERENCES = {
    "j": ["'{\"b\": 1.10, \"a\": [1e5, null]}'", "'5'", "'\"x\"'", "'{\"a\": 1, \"a\": 2}'"],
}

-- Columns of every type. What the Python daemon can't take, or reads differently, is in tables called differences.
-- What one of the products alone has, or reads in a way of its own, follows behind its name.
CREATE TABLE numbers (
    id   bigint AUTO_INCREMENT PRIMARY KEY,
    bo   bool,
    i1   tinyint,
    i1u  tinyint unsigned,
    i2   smallint,
    i2u  smallint unsigned,
    i3   mediumint,
    i3u  mediumint unsigned,
    i4   int,
    i4u  int unsigned zerofill,
    i8   bigint,
    i8u  bigint unsigned,
    b1   bit(1),
    b10  bit(10),
    b64  bit(64),
    y    year,
    f4   float,
    f4u  float unsigned
);

CREATE TABLE texts (
    id   bigint AUTO_INCREMENT PRIMARY KEY,
    c    char(20),
    nc   nchar(5),
    v    varchar(400),
    vb   varchar(400) COLLATE utf8mb4_bin,
    u16  varchar(40) CHARACTER SET utf16,
    tt   tinytext,
    t    text,
    l1   text CHARACTER SET latin1,
    mt   mediumtext,
    lt   longtext,
    m    enum('happy', 'sad', 'a b', 'b,c', 'd''e', 'so "so"', 'größe', ''),
    day  date,
    at   datetime,
    ts   timestamp NULL
);

CREATE TABLE differences (
    id   bigint AUTO_INCREMENT PRIMARY KEY,
    f4   float,
    f8   double,
    f8u  double unsigned,
    re   real,
    dec_2 decimal(10,2),
    dec_u decimal(10,2) unsigned zerofill,
    day  date,
    tod  time(6),
    at   datetime,
    at_6 datetime(6),
    ts   timestamp NULL,
    ts_6 timestamp(6) NULL,
    bi   binary(3),
    vb   varbinary(20),
    vcb  varchar(20) CHARACTER SET binary,
    tb   tinyblob,
    bl   blob,
    mb   mediumblob,
    lb   longblob,
    s    set('x', 'y z'),
    m    enum('happy', 'größe 😀'),
    ge   geometry,
    po   point,
    li   linestring,
    pg   polygon,
    mpo  multipoint,
    mli  multilinestring,
    mpg  multipolygon,
    gc   geometrycollection
);

-- MySQL alone
CREATE TABLE documents (
    id   bigint AUTO_INCREMENT PRIMARY KEY,
    j    json
);

CREATE TABLE differences_mysql (
    id   bigint AUTO_INCREMENT PRIMARY KEY,
    vec  vector(3)
);

-- MariaDB alone
CREATE TABLE addresses (
    id   bigint AUTO_INCREMENT PRIMARY KEY,
    u    uuid,
    a4   inet4,
    a6   inet6
);

CREATE TABLE differences_mariadb (
    id   bigint AUTO_INCREMENT PRIMARY KEY,
    j    json
);

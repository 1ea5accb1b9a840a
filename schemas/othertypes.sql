-- A column of every type that a replicator for PostgreSQL reads in the database's own text form, and of those that
-- schemas define themselves.
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS cube;
CREATE EXTENSION IF NOT EXISTS isn;
CREATE SCHEMA kinds;
CREATE DOMAIN kinds.row_id AS bigint;
CREATE TYPE kinds.weekday AS ENUM ('Monday', 'so "so"');
CREATE TYPE kinds.address AS (street text, since date, tags text[], raw bytea);
CREATE TYPE kinds.floatrange AS RANGE (subtype = float8);
CREATE DOMAIN kinds.place AS kinds.address CHECK ((VALUE).street <> '');
CREATE DOMAIN kinds.ids AS integer[] CHECK (array_length(VALUE, 1) < 9);
CREATE DOMAIN kinds.hosts AS inet[];
CREATE DOMAIN kinds.days AS kinds.weekday[];
CREATE DOMAIN kinds.email AS citext;
CREATE DOMAIN kinds.fee AS numeric(16,5);
CREATE DOMAIN kinds.discount AS kinds.fee CHECK (VALUE >= 0);

CREATE SEQUENCE othertypes_id_seq;
CREATE TABLE othertypes (
    id                kinds.row_id DEFAULT nextval('othertypes_id_seq') PRIMARY KEY,
    c_money           money,
    c_bit             bit(4),
    c_varbit          bit varying,
    c_inet            inet,
    c_cidr            cidr,
    c_macaddr         macaddr,
    c_macaddr8        macaddr8,
    c_xml             xml,
    c_jsonpath        jsonpath,
    c_tsvector        tsvector,
    c_tsquery         tsquery,
    c_gtsvector       gtsvector,
    c_point           point,
    c_lseg            lseg,
    c_path            path,
    c_box             box,
    c_polygon         polygon,
    c_line            line,
    c_circle          circle,
    c_int4range       int4range,
    c_int8range       int8range,
    c_numrange        numrange,
    c_tsrange         tsrange,
    c_tstzrange       tstzrange,
    c_daterange       daterange,
    c_int4multirange  int4multirange,
    c_int8multirange  int8multirange,
    c_nummultirange   nummultirange,
    c_tsmultirange    tsmultirange,
    c_tstzmultirange  tstzmultirange,
    c_datemultirange  datemultirange,
    c_xid             xid,
    c_xid8            xid8,
    c_cid             cid,
    c_tid             tid,
    c_pg_lsn          pg_lsn,
    c_pg_snapshot     pg_snapshot,
    c_txid_snapshot   txid_snapshot,
    c_refcursor       refcursor,
    c_regclass        regclass,
    c_regproc         regproc,
    c_regprocedure    regprocedure,
    c_regoper         regoper,
    c_regoperator     regoperator,
    c_regtype         regtype,
    c_regrole         regrole,
    c_regnamespace    regnamespace,
    c_regconfig       regconfig,
    c_regdictionary   regdictionary,
    c_regcollation    regcollation,
    c_oidvector       oidvector,
    c_int2vector      int2vector,
    c_aclitem         aclitem,
    c_pg_node_tree    pg_node_tree,
    c_pg_ndistinct    pg_ndistinct,
    c_pg_dependencies pg_dependencies,
    c_pg_mcv_list     pg_mcv_list,
    c_hstore          hstore,
    c_citext          citext,
    c_ltree           ltree,
    c_lquery          lquery,
    c_cube            cube,
    c_isbn            isbn,
    c_address         kinds.address,
    c_place           kinds.place,
    c_floatrange      kinds.floatrange,
    c_floatmultirange kinds.floatmultirange,
    c_weekday         kinds.weekday,
    c_ids             kinds.ids,
    c_hosts           kinds.hosts,
    c_days            kinds.days,
    c_email           kinds.email,
    c_discount        kinds.discount,
    a_money           money[],
    a_bit             bit(4)[],
    a_inet            inet[],
    a_box             box[],
    a_point           point[],
    a_int4range       int4range[],
    a_tstzmultirange  tstzmultirange[],
    a_tsvector        tsvector[],
    a_xml             xml[],
    a_hstore          hstore[],
    a_citext          citext[],
    a_address         kinds.address[],
    a_weekday         kinds.weekday[],
    a_discount        kinds.discount[],
    a_ids             kinds.ids[],
    a_hosts           kinds.hosts[],
    a_days            kinds.days[]
);
ALTER SEQUENCE othertypes_id_seq OWNED BY othertypes.id;

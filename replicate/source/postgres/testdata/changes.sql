-- case: CACHE
-- table: identity
-- says: has CACHE 20
-- change:
ALTER SEQUENCE events_id_seq CACHE 20;

-- case: INCREMENT
-- table: identity
-- says: has INCREMENT 2
-- change:
ALTER SEQUENCE events_id_seq INCREMENT 2;

-- case: CYCLE
-- table: identity
-- says: CYCLE
-- change:
ALTER SEQUENCE events_id_seq CYCLE;

-- case: RESTART
-- table: identity
-- change:
ALTER SEQUENCE events_id_seq RESTART 500;

-- case: RESTART by TRUNCATE
-- table: identity
-- change:
TRUNCATE events RESTART IDENTITY;

-- case: no identity
-- table: identity
-- says: has no default
-- change:
ALTER TABLE events ALTER id DROP IDENTITY;

-- case: another default
-- table: identity
-- says: not a plain nextval: 7
-- change:
ALTER TABLE events ALTER id DROP IDENTITY;
ALTER TABLE events ALTER id SET DEFAULT 7;

-- case: another sequence
CREATE TABLE events (id bigserial PRIMARY KEY, text text NOT NULL);
-- change:
CREATE SEQUENCE s;
ALTER TABLE events ALTER id SET DEFAULT nextval('s');

-- case: another type
-- table: identity
-- says: column id of table events is of type integer
-- change:
ALTER TABLE events ALTER id TYPE int;

-- case: a nullable key
-- says: may be null
CREATE TABLE events (id bigserial UNIQUE, text text NOT NULL);
-- change:
ALTER TABLE events ALTER id DROP NOT NULL;

-- case: a child by inheritance
-- table: identity
-- says: no default in child
-- change:
CREATE TABLE child () INHERITS (events);

-- case: a parent
-- says: parent draws its keys from another sequence
CREATE TABLE events (id bigserial PRIMARY KEY, text text NOT NULL);
-- change:
CREATE TABLE parent (id bigserial, text text NOT NULL) PARTITION BY LIST (text);
ALTER TABLE parent ATTACH PARTITION events FOR VALUES IN ('a');

-- case: a new partition
-- table: partitioned
-- change:
CREATE TABLE c PARTITION OF events FOR VALUES IN ('c');

-- case: an attached partition
-- table: partitioned
-- change:
CREATE TABLE c (id bigint NOT NULL, text text NOT NULL);
ALTER TABLE events ATTACH PARTITION c FOR VALUES IN ('c');

-- case: a foreign partition
-- table: partitioned
-- says: foreign table
-- change:
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE c PARTITION OF events FOR VALUES IN ('c') SERVER s;

-- case: a detached partition
-- table: partitioned
-- change:
ALTER TABLE events DETACH PARTITION b;

-- case: a partition detached concurrently
-- table: partitioned
-- change:
ALTER TABLE events DETACH PARTITION b CONCURRENTLY;

-- case: a dropped partition
-- table: partitioned
-- change:
DROP TABLE b;

-- case: a partition's default
-- table: serial partitions
-- says: b draws its keys from another sequence
-- change:
CREATE SEQUENCE s;
ALTER TABLE b ALTER id SET DEFAULT nextval('s');

-- case: a partition of a partition
-- table: partitioned
CREATE TABLE c PARTITION OF events FOR VALUES IN ('c', 'd') PARTITION BY LIST (text);
-- change:
CREATE TABLE d PARTITION OF c FOR VALUES IN ('d');

-- case: a subscription
-- table: identity
-- says: events is filled by a subscription
-- subscribe: events

-- case: a subscription of a partition
-- table: partitioned
-- says: b is filled by a subscription
-- subscribe: b

-- case: another table of the same name
-- table: identity
-- change:
ALTER TABLE events RENAME TO old;
CREATE TABLE events (LIKE old INCLUDING ALL);

-- case: another sequence of the same name
-- table: identity
-- change:
ALTER SEQUENCE events_id_seq RENAME TO old;
CREATE SEQUENCE events_id_seq;

-- case: a new column
-- table: identity
-- unseen
-- change:
ALTER TABLE events ADD more int;

-- case: an index
-- table: identity
-- unseen
-- change:
CREATE INDEX ON events (text);

-- case: a table
-- table: identity
-- unseen
-- change:
CREATE TABLE other (id bigserial);

-- case: statistics and a vacuum
-- table: identity
-- unseen
-- change:
VACUUM FREEZE ANALYZE events;

-- case: a vacuum of the catalog
-- table: identity
-- unseen
-- change:
VACUUM FULL pg_attribute;

-- case: a key drawn
-- table: identity
-- unseen
-- change:
SELECT nextval('events_id_seq');

-- case: a row
-- table: partitioned
-- unseen
-- change:
INSERT INTO events (text) VALUES ('b');

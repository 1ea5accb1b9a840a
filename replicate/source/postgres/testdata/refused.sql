-- case: no table
-- says: table public.events does not exist

-- case: a view
-- says: is not a table
CREATE VIEW events AS SELECT 1::bigint AS id, 'x'::text AS text;

-- case: a key of the application
-- says: key id has no default in events
-- says: set SourceConfig.Settle.Sequence to its name
-- says: set SourceConfig.Settle.UnsafeDelay to N
CREATE TABLE events (id bigint PRIMARY KEY, text text NOT NULL);

-- case: a default that is no plain nextval
-- says: not a plain nextval: (nextval('s'::regclass) * 2)
-- says: set SourceConfig.Settle.Sequence
CREATE SEQUENCE s;
CREATE TABLE events (id bigint DEFAULT nextval('s') * 2 PRIMARY KEY, text text NOT NULL);

-- case: a default by name at run time
-- says: not a plain nextval
-- says: set SourceConfig.Settle.Sequence
CREATE SEQUENCE s;
CREATE TABLE events (id bigint DEFAULT nextval('s'::text) PRIMARY KEY, text text NOT NULL);

-- case: a random default
-- says: not a plain nextval
-- says: set SourceConfig.Settle.Sequence
CREATE TABLE events (id bigint DEFAULT random() * 1e9 PRIMARY KEY, text text NOT NULL);

-- case: a default of a domain
-- says: regenerate
CREATE SEQUENCE s;
CREATE DOMAIN k AS bigint DEFAULT nextval('s');
CREATE TABLE events (id k PRIMARY KEY, text text NOT NULL);

-- case: CACHE
-- table: identity
-- says: sequence public.events_id_seq has CACHE 20
-- says: ALTER SEQUENCE public.events_id_seq CACHE 1, and let the application connect again
-- says: SourceConfig.Settle.UnsafeDelay
ALTER SEQUENCE events_id_seq CACHE 20;

-- case: INCREMENT
-- table: identity
-- says: has INCREMENT 50 and not 1, so keys may be drawn in blocks
-- says: leave the sequence as it is until no application draws blocks of 50 keys
-- says: allocationSize = 1
-- says: SourceConfig.Settle.UnsafeDelay
ALTER SEQUENCE events_id_seq INCREMENT 50;

-- case: descending
-- says: has INCREMENT -1: new keys are below those that were published
-- says: a sequence that ascends
CREATE SEQUENCE s INCREMENT -1;
CREATE TABLE events (id bigint DEFAULT nextval('s') PRIMARY KEY, text text NOT NULL);

-- case: an increment for an ORM that draws blocks, vouched for
-- settle: hib_seq
-- says: sequence public.hib_seq has INCREMENT 50
-- says: then ALTER SEQUENCE public.hib_seq INCREMENT 1, then start the new version
-- says: SourceConfig.Settle.UnsafeDelay
CREATE SEQUENCE hib_seq INCREMENT BY 50;
CREATE TABLE events (id bigint PRIMARY KEY, text text NOT NULL);

-- case: CYCLE
-- table: identity
-- says: CYCLE
-- says: NO CYCLE
ALTER SEQUENCE events_id_seq CYCLE;

-- case: a vouched sequence with CACHE
-- settle: public.s
-- says: has CACHE 5
CREATE SEQUENCE s CACHE 5;
CREATE TABLE events (id bigint PRIMARY KEY, text text NOT NULL);

-- case: a vouched sequence that is none
-- settle: events
-- says: SourceConfig.Settle.Sequence: events is not a sequence
CREATE TABLE events (id bigint PRIMARY KEY, text text NOT NULL);

-- case: a vouched sequence that is not there
-- settle: public.s
-- says: SourceConfig.Settle.Sequence: public.s is not a sequence
CREATE TABLE events (id bigint PRIMARY KEY, text text NOT NULL);

-- case: not unique
-- says: key id of table events has no unique index
-- says: CREATE UNIQUE INDEX
CREATE TABLE events (id bigserial, text text NOT NULL);
CREATE INDEX ON events (id);
CREATE UNIQUE INDEX ON events (id, text);

-- case: unique in part
-- says: has no unique index
CREATE TABLE events (id bigserial, text text NOT NULL);
CREATE UNIQUE INDEX ON events (id) WHERE id > 5;

-- case: unique at the end of the transaction
-- says: has no unique index
CREATE TABLE events (id bigserial, text text NOT NULL, UNIQUE (id) DEFERRABLE);

-- case: a key that may be null
-- says: column id of table events may be null
CREATE TABLE events (id bigint DEFAULT 0, text text NOT NULL);
ALTER TABLE events ADD UNIQUE (id);

-- case: partitions with sequences of their own
-- table: serial partitions
-- says: a draws its keys from another sequence than events
-- says: set SourceConfig.Settle.Sequence
CREATE SEQUENCE s;
ALTER TABLE a ALTER id SET DEFAULT nextval('s');

-- case: a partition with another default
-- says: not a plain nextval: 7
CREATE TABLE events (id bigint DEFAULT 7 NOT NULL, text text NOT NULL) PARTITION BY LIST (text);
CREATE TABLE a PARTITION OF events FOR VALUES IN ('a');
CREATE TABLE b PARTITION OF events FOR VALUES IN ('b');

-- case: partitions that have the only default
-- says: key id has no default in events
CREATE TABLE events (id bigint, text text NOT NULL) PARTITION BY LIST (text);
CREATE SEQUENCE s;
CREATE TABLE a PARTITION OF events FOR VALUES IN ('a');
ALTER TABLE events ALTER id SET NOT NULL;
ALTER TABLE a ALTER id SET DEFAULT nextval('s');

-- case: a partition on another server
-- table: partitioned
-- says: part c is a foreign table
-- says: set SourceConfig.Settle.Sequence
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE c PARTITION OF events FOR VALUES IN ('c') SERVER s;

-- case: a child by inheritance without the default
-- table: identity
-- says: key id has no default in child
CREATE TABLE child () INHERITS (events);

-- case: a child by inheritance with another sequence
-- says: child draws its keys from another sequence than events
CREATE TABLE events (id bigserial PRIMARY KEY, text text NOT NULL);
CREATE TABLE child () INHERITS (events);
CREATE SEQUENCE s;
ALTER TABLE child ALTER id SET DEFAULT nextval('s');

-- case: a partition whose parent draws from another sequence
-- says: parent draws its keys from another sequence than events
CREATE TABLE parent (id bigserial, text text NOT NULL) PARTITION BY LIST (text);
CREATE SEQUENCE s;
CREATE TABLE events PARTITION OF parent (PRIMARY KEY (id)) FOR VALUES IN ('a');
ALTER TABLE events ALTER id SET DEFAULT nextval('s');

-- case: a trigger that sets the key
-- table: identity
-- says: trigger touch on events (function touch) sets key id
-- says: set SourceConfig.Settle.Sequence to its name
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.id := 7; RETURN NEW; END$$;
CREATE TRIGGER touch BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();

-- case: a trigger that sets the key in an IF
-- table: identity
-- says: sets key id
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.text = '' THEN new . "id" = 7; END IF; RETURN NEW; END$$;
CREATE TRIGGER touch BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();

-- case: a trigger that selects into the key
-- table: identity
-- says: sets key id
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN SELECT 1, 'x' INTO NEW.text, NEW.id; RETURN NEW; END$$;
CREATE TRIGGER touch BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();

-- case: a trigger on a partition
-- table: partitioned
-- says: trigger touch on b
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id = 1; RETURN NEW; END';
CREATE TRIGGER touch BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION touch();

-- case: a column of another type
-- says: column text of table events is of type character varying, the code was generated for text
-- says: regenerate: repliqate-gen
CREATE TABLE events (id bigserial PRIMARY KEY, text varchar(9) NOT NULL);

-- case: a key of another type
-- says: column id of table events is of type integer, the code was generated for bigint
-- says: regenerate: repliqate-gen
CREATE TABLE events (id serial PRIMARY KEY, text text NOT NULL);

-- case: a column that may be null
-- says: column text of table events may be null
-- says: regenerate: repliqate-gen
CREATE TABLE events (id bigserial PRIMARY KEY, text text);

-- case: no column
-- says: no column text any more
-- says: regenerate: repliqate-gen
CREATE TABLE events (id bigserial PRIMARY KEY);

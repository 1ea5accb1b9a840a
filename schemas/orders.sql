-- The orders of a shop: one row an order, never changed.
CREATE TABLE orders (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint        NOT NULL,
    reference   text          NOT NULL,
    currency    char(3)       NOT NULL,
    total       numeric(12,2) NOT NULL,
    quantity    int           NOT NULL,
    note        text,
    address     text,
    placed_at   timestamptz   NOT NULL,
    token       uuid          NOT NULL
);

COMMENT ON TABLE orders IS 'the orders of a shop, one row an order';
COMMENT ON COLUMN orders.total IS 'Total with tax, in the currency''s unit.';

-- The payments of a shop: one row a payment, never changed.
CREATE TABLE payments (
    id          bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id bigint          NOT NULL,
    reference   varchar(200)    NOT NULL,
    currency    char(3)         NOT NULL,
    total       decimal(12,2)   NOT NULL COMMENT 'Total with tax, in the currency''s unit.',
    quantity    int             NOT NULL,
    note        text,
    address     text,
    placed_at   timestamp(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    token       char(36)        NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='the payments of a shop, one row a payment';

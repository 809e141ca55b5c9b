-- Amounts are in minor units (cents), and times in UTC.

-- What all processes of the shop share.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- One browser each, known by a cookie.
CREATE TABLE shoppers (
    id          TEXT PRIMARY KEY,
    version     BIGINT NOT NULL, -- counts the changes, so that of two at the same time one is noticed
    cart        TEXT NOT NULL,   -- JSON: how many of each product
    checkout_id TEXT NOT NULL,   -- what is being paid; empty when nothing is
    seen        TIMESTAMP NOT NULL
);
CREATE INDEX shoppers_checkout ON shoppers (checkout_id);
CREATE INDEX shoppers_seen ON shoppers (seen);

-- A cart on its way to an order, with its session at Klarna.
CREATE TABLE checkouts (
    id           TEXT PRIMARY KEY,
    number       TEXT NOT NULL UNIQUE, -- the order number
    shopper_id   TEXT NOT NULL,
    state        TEXT NOT NULL,        -- open, ordered or ended
    session_id   TEXT NOT NULL,
    client_token TEXT NOT NULL,
    categories   TEXT NOT NULL,        -- JSON: the payment methods that Klarna offers
    session      TEXT NOT NULL,        -- JSON: what Klarna's session holds
    stale        BOOLEAN NOT NULL,     -- Klarna's session may hold something else
    declined     TEXT NOT NULL,        -- JSON: the payment methods that Klarna declined
    attempt      BIGINT NOT NULL,      -- how often it was ordered: once more after each rejection
    tried        TEXT NOT NULL,        -- the hash of the approval that it was ordered with the last time
    problem      TEXT NOT NULL,        -- why Klarna rejected the last order
    created      TIMESTAMP NOT NULL
);
CREATE INDEX checkouts_shopper ON checkouts (shopper_id);

-- An order is here before it is sent to Klarna. It is deleted if Klarna rejects it.
CREATE TABLE orders (
    number          TEXT PRIMARY KEY,
    checkout_id     TEXT NOT NULL,
    shopper_id      TEXT NOT NULL,
    state           TEXT NOT NULL,    -- checking, placed or unclear
    amount          BIGINT NOT NULL,
    tax             BIGINT NOT NULL,
    currency        TEXT NOT NULL,
    lines           TEXT NOT NULL,    -- JSON: what was ordered
    placed_by       TEXT NOT NULL,    -- who brought the approval
    klarna_order_id TEXT NOT NULL,    -- empty if it is not known
    fraud_status    TEXT NOT NULL,
    redirect_url    TEXT NOT NULL,
    ordered         TIMESTAMP NOT NULL
);
CREATE INDEX orders_ordered ON orders (ordered);
CREATE INDEX orders_shopper ON orders (shopper_id, ordered);
CREATE INDEX orders_without_id ON orders (ordered) WHERE klarna_order_id = '';
CREATE UNIQUE INDEX orders_klarna ON orders (klarna_order_id) WHERE klarna_order_id <> '';

-- Captures, refunds, cancellations and releases, each with its idempotency key before it is sent.
CREATE TABLE changes (
    key             TEXT PRIMARY KEY,
    order_number    TEXT NOT NULL REFERENCES orders (number),
    number          BIGINT NOT NULL,    -- counts the changes of an order
    kind            TEXT NOT NULL,
    form            TEXT NOT NULL,      -- the kind, and of a refund its capture
    posted          TEXT NOT NULL,
    amount          BIGINT NOT NULL,
    captured_before BIGINT NOT NULL,
    refunded_before BIGINT NOT NULL,
    left_before     BIGINT NOT NULL,
    request         TEXT NOT NULL,      -- JSON: what is sent, and sent again
    state           TEXT NOT NULL,      -- sending, made, not made, unresolved or closed
    attempts        BIGINT NOT NULL,
    sent            TIMESTAMP NOT NULL, -- for the first time
    attempted       TIMESTAMP NOT NULL, -- for the last time
    rejected        BOOLEAN NOT NULL,   -- after an unknown outcome, which proves nothing
    problem         TEXT NOT NULL,
    detail          TEXT NOT NULL,      -- for Klarna's support
    UNIQUE (order_number, number)
);
-- Until the outcome of a change is known, nothing else of the order is changed.
CREATE UNIQUE INDEX changes_open ON changes (order_number) WHERE state IN ('sending', 'unresolved');

-- Klarna's pages that shoppers were sent to. A page is here before its shopper knows where it is.
CREATE TABLE hosted_pages (
    id          TEXT PRIMARY KEY, -- Klarna's
    checkout_id TEXT NOT NULL REFERENCES checkouts (id) ON DELETE CASCADE,
    url         TEXT NOT NULL,    -- where the page is: who has it can pay; empty once the page is closed
    open        BOOLEAN NOT NULL, -- somebody may still pay on it, or the order of who paid is not placed yet
    status      TEXT NOT NULL,    -- Klarna's, when it was last read
    created     TIMESTAMP NOT NULL,
    looked      TIMESTAMP NOT NULL -- when the background last read it
);
-- A checkout has one open page at most.
CREATE UNIQUE INDEX hosted_pages_open ON hosted_pages (checkout_id) WHERE open;
CREATE INDEX hosted_pages_looked ON hosted_pages (looked) WHERE open;

-- The status callbacks that came, since Klarna may make each of them four times.
CREATE TABLE hosted_page_events (
    id      TEXT PRIMARY KEY, -- Klarna's
    page_id TEXT NOT NULL REFERENCES hosted_pages (id) ON DELETE CASCADE
);

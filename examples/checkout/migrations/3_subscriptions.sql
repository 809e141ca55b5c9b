-- A checkout that signs up for a subscription, or pays for a period of one, with the customer present.
CREATE TABLE subscription_checkouts (
    checkout_id    TEXT PRIMARY KEY,
    subscription   TEXT NOT NULL,      -- its number: that of the order which it began with
    period         BIGINT NOT NULL,    -- what the checkout pays for; the sign-up pays for the first
    token_state    TEXT NOT NULL,      -- of the customer token: unneeded, wanted, asking, made or lost
    approval       TEXT NOT NULL,      -- a hash of the authorization token that it is made of
    asked          TIMESTAMP NOT NULL,
    calls          BIGINT NOT NULL,    -- how often a process began to ask with this approval
    customer_token TEXT NOT NULL       -- a secret; empty until it is known
);
CREATE INDEX subscription_checkouts_of ON subscription_checkouts (subscription, period);

CREATE TABLE subscriptions (
    number         TEXT PRIMARY KEY,
    shopper_id     TEXT NOT NULL,
    state          TEXT NOT NULL,      -- active, waiting, stopped or cancelled
    problem        TEXT NOT NULL,      -- why it is not active, or why the last charge was declined
    customer_token TEXT NOT NULL,      -- a secret: with it, the customer can be charged
    intent         TEXT NOT NULL,      -- of the sign-up
    plan           TEXT NOT NULL,      -- JSON: what the customer signed up for, which each charge repeats
    lines          TEXT NOT NULL,      -- JSON: what a period delivers
    currency       TEXT NOT NULL,
    period         BIGINT NOT NULL,    -- the next one to be paid
    due            TIMESTAMP NOT NULL, -- when it is charged
    began          TIMESTAMP NOT NULL, -- the first period; the others follow from it
    version        BIGINT NOT NULL     -- counts the charges, so that only one begins at a time
);
CREATE INDEX subscriptions_due ON subscriptions (due) WHERE state = 'active';

-- A charge of a period, with its idempotency key and its request before it is sent.
CREATE TABLE renewals (
    key             TEXT PRIMARY KEY,
    subscription    TEXT NOT NULL REFERENCES subscriptions (number),
    period          BIGINT NOT NULL,
    charge          BIGINT NOT NULL,    -- counts the charges of a period: each after a decline has a new key
    checkout_id     TEXT NOT NULL,      -- where the customer pays in a session; empty if the token is charged
    reference       TEXT NOT NULL,      -- the order number
    request         TEXT NOT NULL,      -- JSON: what is sent, and sent again
    amount          BIGINT NOT NULL,
    state           TEXT NOT NULL,      -- unresolved, sending, paid or declined
    attempts        BIGINT NOT NULL,
    ambiguous       BOOLEAN NOT NULL,   -- Klarna may have carried out an earlier attempt
    sent            TIMESTAMP NOT NULL, -- for the first time
    attempted       TIMESTAMP NOT NULL, -- for the last time
    klarna_order_id TEXT NOT NULL,
    problem         TEXT NOT NULL,      -- why it was declined, or is still open
    step_up_id      TEXT NOT NULL,      -- what the customer can confirm a declined charge with
    detail          TEXT NOT NULL,      -- for Klarna's support
    UNIQUE (subscription, period, charge)
);
-- A period is paid once: of its charges, at most one is open or paid.
CREATE UNIQUE INDEX renewals_once ON renewals (subscription, period) WHERE state IN ('unresolved', 'sending', 'paid');

-- Customer tokens that nobody charges any more, until Klarna has accepted their cancellation.
CREATE TABLE unused_tokens (
    customer_token TEXT PRIMARY KEY, -- a secret
    since          TIMESTAMP NOT NULL
);

-- Every process looks for them twice a second.
CREATE INDEX checkouts_waiting ON checkouts (id) WHERE state = 'open' AND waiting <> '';

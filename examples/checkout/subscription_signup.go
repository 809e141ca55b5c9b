package main

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

var (
	// errTokenLost reports that a customer token may exist whose id the shop does not have. Nothing was ordered: the order comes after
	// the token. The shopper has to approve once more, in a new session.
	errTokenLost = errors.New("a customer token may exist, and its id is lost")
	// errTokenRejected reports that Klarna did not make a customer token. Nothing was ordered.
	errTokenRejected = errors.New("the customer token was rejected by Klarna")
	// errTokenReplaced reports that another approval of the shopper has replaced the customer token of a checkout.
	errTokenReplaced = errors.New("the customer token was replaced")
)

// tokenState is how far the customer token of a checkout is.
type tokenState string

const (
	tokenUnneeded tokenState = "unneeded" // the subscription keeps the one that it has
	tokenWanted   tokenState = "wanted"   // the shopper has not approved yet
	tokenAsking   tokenState = "asking"   // a process asks for it, or has died meanwhile
	tokenMade     tokenState = "made"
	tokenLost     tokenState = "lost"
)

// signUp makes the customer token of a checkout, if it needs one, before the order is placed: the order uses up the approval that both
// are made from. Browser and callback may bring the same approval at once, to two processes: one of them asks, and the other one waits.
func (s *shop) signUp(ctx context.Context, c *checkout, authorizationToken string) error {
	if !strings.Contains(c.session.Intent, klarna.IntentTokenize) {
		return nil
	}
	for {
		begun, err := s.store.beginSignUp(ctx, c, authorizationToken)
		switch {
		case err != nil:
			return err
		case begun.ours:
			return s.askForToken(ctx, c, authorizationToken, begun.calls > 1)
		case begun.closed, begun.state == tokenUnneeded, begun.state == tokenMade:
			return nil
		case begun.state == tokenLost:
			return errTokenLost
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// askForToken asks Klarna for a customer token, and stores the outcome. A call that ended without a usable response may have made one:
// then the same call is made again. Klarna makes one token of an approval. The repeated call returns it, or fails because the approval is
// used up; what was lost stays lost then. perhaps is whether a process that died has asked before.
func (s *shop) askForToken(ctx context.Context, c *checkout, authorizationToken string, perhaps bool) error {
	request := klarna.CustomerTokenCreationRequest{
		Description: planOf(c.session.OrderLines).Name, IntendedUse: klarna.IntendedUseSubscription,
		PurchaseCountry: c.session.PurchaseCountry, PurchaseCurrency: c.session.PurchaseCurrency, Locale: c.session.Locale,
	}
	var created *klarna.CustomerTokenCreationResponse
	var err error
	for range 3 {
		if created, err = s.klarna.CreateCustomerToken(ctx, authorizationToken, request); !errors.Is(err, klarna.ErrOutcomeUnknown) {
			break
		}
		perhaps = true
	}
	storing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // also after the calls used up their time
	defer cancel()
	switch {
	case err == nil:
		s.logger.InfoContext(ctx, "customer token created", "order_number", c.number)
		return s.store.endSignUp(storing, c, tokenMade, created.TokenID)
	case !perhaps: // no token was made
		if isKlarnas(err) && !errors.Is(err, klarna.ErrRateLimited) && !errors.Is(err, klarna.ErrUnauthorized) {
			err = errors.Join(errTokenRejected, err)
		}
		return errors.Join(err, s.store.endSignUp(storing, c, tokenWanted, ""))
	}
	s.logger.WarnContext(ctx, "a customer token may exist, and its id is lost", "order_number", c.number, "error", err)
	s.letGo(storing, c, authorizationToken)
	return errors.Join(errTokenLost, s.store.loseSignUp(storing, c))
}

// planOf returns the plan of the first line that has one.
func planOf(lines []klarna.OrderLine) klarna.Subscription {
	if subscribed, _ := split(lines); len(subscribed) > 0 {
		return subscribed[0].Subscription
	}
	return klarna.Subscription{}
}

// begunSignUp is the customer token of a checkout as the database has it.
type begunSignUp struct {
	closed bool // the checkout is ordered by now, or over
	ours   bool // this process asks for it now
	state  tokenState
	calls  int // how often a process began to ask
}

// beginSignUp stores that this process asks for the customer token of a checkout, unless it was made of this approval before, or
// another process asks. A newer approval replaces an older one, whose order was not placed: nothing is replaced once the order of the
// checkout is written down.
func (st *store) beginSignUp(ctx context.Context, c *checkout, authorizationToken string) (begun begunSignUp, err error) {
	approval := approvalOf(authorizationToken)
	err = st.inTx(ctx, func(tx *sql.Tx) error {
		isOpen, err := wrote(ctx, tx, `UPDATE checkouts SET stale = stale WHERE id = $1 AND state = 'open'`, c.id)
		if begun = (begunSignUp{closed: !isOpen}); err != nil || !isOpen {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO subscription_checkouts (checkout_id, subscription, period, token_state, approval, asked, calls, customer_token)
			VALUES ($1, $2, 1, 'wanted', '', $3, 0, '') ON CONFLICT DO NOTHING`, c.id, c.number, now()); err != nil {
			return err
		}
		var replaced string
		if err := tx.QueryRowContext(ctx, `SELECT customer_token FROM subscription_checkouts WHERE checkout_id = $1`, c.id).Scan(&replaced); err != nil {
			return err
		}
		begun.ours, err = wrote(ctx, tx, `
			UPDATE subscription_checkouts
			SET token_state = 'asking', asked = $3, customer_token = '', approval = $2,
				calls = CASE WHEN token_state = 'asking' AND approval = $2 THEN calls + 1 ELSE 1 END
			WHERE checkout_id = $1 AND (token_state = 'wanted' OR token_state IN ('made', 'lost') AND approval <> $2
			OR token_state = 'asking' AND asked < $4)`, c.id, approval, now(), now().Add(-sendingFor))
		if err != nil {
			return err
		}
		if begun.ours && replaced != "" {
			if err := discard(ctx, tx, replaced); err != nil {
				return err
			}
		}
		return tx.QueryRowContext(ctx, `SELECT token_state, calls FROM subscription_checkouts WHERE checkout_id = $1`, c.id).Scan(&begun.state, &begun.calls)
	})
	return begun, err
}

// endSignUp stores how it ended to ask for a customer token.
func (st *store) endSignUp(ctx context.Context, c *checkout, state tokenState, token string) error {
	_, err := st.db.ExecContext(ctx, `
		UPDATE subscription_checkouts SET token_state = $2, customer_token = $3 WHERE checkout_id = $1 AND token_state = 'asking'`, c.id, state, token)
	return err
}

// loseSignUp stores that the customer token of a checkout is lost, and ends the checkout with it: another approval must not begin in between.
func (st *store) loseSignUp(ctx context.Context, c *checkout) error {
	return st.inTx(ctx, func(tx *sql.Tx) error {
		if err := endCheckout(ctx, tx, c); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE subscription_checkouts SET token_state = 'lost' WHERE checkout_id = $1 AND token_state = 'asking'`, c.id)
		return err
	})
}

// tokenIsOf fails with errTokenReplaced if a checkout needs a customer token, and does not have the one of this approval. The
// transaction has locked the checkout.
func tokenIsOf(ctx context.Context, tx *sql.Tx, c *checkout, approval string) error {
	var others int
	err := tx.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM subscription_checkouts
		WHERE checkout_id = $1 AND token_state <> 'unneeded' AND (token_state <> 'made' OR approval <> $2)`, c.id, approval).Scan(&others)
	if err == nil && others > 0 {
		err = errTokenReplaced
	}
	return err
}

// whyEnded returns why a checkout can lead to no order any more.
func (s *shop) whyEnded(ctx context.Context, c *checkout) error {
	var state tokenState
	err := s.store.db.QueryRowContext(ctx, `SELECT token_state FROM subscription_checkouts WHERE checkout_id = $1`, c.id).Scan(&state)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && state != tokenLost:
		return errEnded
	case err != nil:
		return err
	}
	return errTokenLost
}

// discardUnordered gives up the tokens of sign-ups whose order was not placed. After this time, their approvals have expired.
func (s *shop) discardUnordered(ctx context.Context) error {
	type made struct{ checkoutID, token string }
	all, err := queryAll(ctx, s.store.db, func(row scanner) (m made, err error) {
		err = row.Scan(&m.checkoutID, &m.token)
		return m, err
	}, `
		SELECT sc.checkout_id, sc.customer_token FROM subscription_checkouts sc
		WHERE sc.token_state = 'made' AND sc.asked < $1 AND NOT EXISTS (
			SELECT 1 FROM checkouts c JOIN orders o ON o.number = c.number WHERE c.id = sc.checkout_id)`, now().Add(-2*time.Hour))
	for _, m := range all {
		err = errors.Join(err, s.store.inTx(ctx, func(tx *sql.Tx) error {
			done, err := wrote(ctx, tx, `
				UPDATE subscription_checkouts SET token_state = 'wanted', customer_token = ''
				WHERE checkout_id = $1 AND token_state = 'made' AND customer_token = $2`, m.checkoutID, m.token)
			if err != nil || !done {
				return err
			}
			return discard(ctx, tx, m.token)
		}))
	}
	return err
}

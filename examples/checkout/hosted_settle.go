package main

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

// settlePage asks Klarna how far the shopper came on a page, and does what follows from it. The redirect, the callback and the
// background call it, in any order or at once, and also what must not happen to a cart that is paid. None of them is believed: what
// Klarna's session of the page holds is what counts.
//
// An error leaves the page open, and the background looks at it again.
func (s *shop) settlePage(ctx context.Context, p *hostedPage, by origin) error {
	if !p.open {
		return nil
	}
	// The shopper may close the tab, and Klarna the callback's connection.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), placeTimeout)
	defer cancel()
	session, err := s.pages.ReadSession(ctx, p.id)
	switch {
	case errors.Is(err, klarna.ErrNotFound) && isKlarnas(err): // it has expired
		p.open = false
		return s.store.savePage(ctx, p)
	case err != nil:
		return err
	}
	p.status = session.Status
	if session.Status == hostedpage.SessionStatusCompleted {
		if err := s.placeOfPage(ctx, p, session.AuthorizationToken, by); err != nil {
			return errors.Join(err, s.store.savePage(ctx, p))
		}
	} else if !hostedpage.IsFinal(session.Status) {
		c, err := s.store.checkout(ctx, p.checkoutID)
		if err != nil {
			return err
		}
		if c.state == open {
			return s.store.savePage(ctx, p) // FAILED and ERROR are not the end: the shopper may still pay
		}
		// It was ordered by the widget, or can lead to no order any more.
		if err := s.pages.DisableSession(ctx, p.id); err != nil {
			return err
		}
		p.status = hostedpage.SessionStatusDisabled
	}
	p.open = false
	return s.store.savePage(ctx, p)
}

// errStillNeeded reports that the order of another approval is under way. If that is rejected, the one of the page is used.
var errStillNeeded = errors.New("the order of another approval is under way")

// placeOfPage places the order of a page's authorization token, in the same way as the widget's. It returns an error if that has
// to be done again.
func (s *shop) placeOfPage(ctx context.Context, p *hostedPage, token string, by origin) error {
	err := errNoApproval // a completed page without a token, which is not documented
	if token != "" {
		err = s.place(ctx, p.checkoutID, token, by)
	}
	if err != nil {
		s.logger.WarnContext(ctx, "an approval on Klarna's page led to no order", "by", by, "error", err)
		p.problem = problemOf(err)
	}
	if err != nil && !isOver(err) {
		return err
	}
	// The shopper may have approved twice, and the other approval was ordered.
	c, err := s.store.checkout(ctx, p.checkoutID)
	if err != nil {
		return err
	}
	o, err := s.store.order(ctx, c.number)
	another := err == nil && c.tried != approvalOf(token)
	if another && o.state == checking {
		return errStillNeeded
	}
	unused := another || errors.Is(err, sql.ErrNoRows) && c.state == ended
	if unused && token != "" {
		s.letGo(ctx, c, token)
	}
	return nil
}

// isOver reports whether an error of place holds for the token whenever it is brought.
func isOver(err error) bool {
	kind := problemOf(err)
	return ordersNothing(kind) || kind == "declined" || kind == "rejected"
}

// closePage makes sure that nobody can pay on Klarna's page any more. If the shopper has paid there already, it is ordered. The
// caller reads the checkout again.
func (s *shop) closePage(ctx context.Context, checkoutID string) error {
	p, err := s.store.openPage(ctx, checkoutID)
	if err != nil || p == nil {
		return err
	}
	if err = s.pages.DisableSession(ctx, p.id); err == nil {
		p.open, p.status = false, hostedpage.SessionStatusDisabled
		return s.store.savePage(ctx, p)
	}
	// It fails with 400 if the shopper was faster. It may also have been disabled although the response was lost.
	if settled := s.settlePage(ctx, p, byPage); settled != nil || p.open {
		return errors.Join(err, settled)
	}
	return nil
}

// placeOfWidget places the order of the widget's authorization token. Klarna's page, which the shopper may have opened before, is
// closed. Its approval leads to no second order in any case: a checkout is ordered once.
func (s *shop) placeOfWidget(ctx context.Context, c *checkout, token string, by origin) error {
	err := s.place(ctx, c.id, token, by)
	if errors.Is(err, errForeignToken) {
		// The newest approval of the session may be one on the page. What it ordered is no failure.
		if _, lookErr := s.lookAtPage(ctx, c); lookErr == nil && c.state == ordered {
			return nil
		}
	}
	if err == nil {
		s.background.Go(func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), placeTimeout)
			defer cancel()
			if err := s.closePage(ctx, c.id); err != nil { // the background goes on
				s.logger.WarnContext(ctx, "Klarna's page could not be closed", "order_number", c.number, "error", err)
			}
		})
	}
	return err
}

// lookEvery is how often an open page is looked at. A token is valid for 60 minutes, and must be found before.
const lookEvery = time.Minute

// watchPages looks at the open pages until ctx ends.
func (s *shop) watchPages(ctx context.Context, often time.Duration) {
	every(ctx, often/4, func(ctx context.Context) { s.lookAtPages(ctx, often) })
}

// lookAtPages looks at the pages that nobody has looked at for so long, and less often at old ones: the shopper may have paid although
// the way back to the shop and the callback were lost, or the widget was used and the page could not be disabled. It ends with the
// page, after two days at most.
func (s *shop) lookAtPages(ctx context.Context, often time.Duration) {
	pages, err := s.store.pagesToLookAt(ctx, often)
	for _, p := range pages {
		if settled := s.settlePage(ctx, p, byPagePoll); settled != nil {
			s.logger.WarnContext(ctx, "a page could not be looked at", "error", settled)
		}
	}
	if err != nil && ctx.Err() == nil {
		s.logger.ErrorContext(ctx, "the open pages could not be read", "error", err)
	}
}

package main

import (
	"context"
	"errors"
	"time"

	"github.com/klarna-go/klarna-payments/klarna/placement"
)

// followEvery is how often each process looks for outcomes.
const followEvery = 500 * time.Millisecond

// runBackground goes on with what requests left open, until ctx ends. Every process of the shop does so.
func (s *shop) runBackground(ctx context.Context) {
	s.background.Go(func() { _ = s.book.Run(ctx) }) // orders whose process died, or whose response was lost
	s.background.Go(func() { every(ctx, followEvery, s.follow) })
	s.background.Go(func() { s.watchPages(ctx, lookEvery) })
	s.background.Go(func() { every(ctx, time.Hour, s.tidy) })
}

func every(ctx context.Context, pause time.Duration, do func(context.Context)) {
	for {
		do(ctx)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// follow records what became of the orders whose outcome was unknown, whichever process found it out. Until then the shopper reads
// that we are checking, and never that the purchase failed.
func (s *shop) follow(ctx context.Context) {
	orders, err := s.store.ordersWithoutID(ctx)
	for _, o := range orders {
		err = errors.Join(err, s.followOrder(ctx, o))
	}
	ids, waitingErr := s.store.waiting(ctx)
	for _, id := range ids {
		waitingErr = errors.Join(waitingErr, s.useWaiting(ctx, id))
	}
	if err = errors.Join(err, waitingErr); err != nil && ctx.Err() == nil {
		s.logger.ErrorContext(ctx, "orders could not be followed", "error", err)
	}
}

// followOrder records what became of an order whose id is not known. What a person has to look at is recorded once.
func (s *shop) followOrder(ctx context.Context, o *order) error {
	result, err := s.book.Lookup(ctx, o.number)
	switch {
	case errors.Is(err, placement.ErrUnknownReference): // it was ordered elsewhere
		return nil
	case err != nil, o.state != checking && result.State == placement.Unresolved:
		return err
	}
	return s.record(ctx, o.number, result)
}

// useWaiting orders with an approval that waited while the order of an earlier one was open, and that was rejected.
func (s *shop) useWaiting(ctx context.Context, id string) error {
	c, err := s.store.checkout(ctx, id)
	if err != nil || c.waiting == "" {
		return err
	}
	// It may be the approval of Klarna's page, which the session need not name. Then it is ordered with as that of the page.
	if p, err := s.lookAtPage(ctx, c); p != nil && p.approved() || c.waiting == "" {
		return err
	}
	if err := s.place(ctx, id, c.waiting, byWaiting); err != nil && !isOver(err) {
		return err
	}
	return nil // if it is over, the shopper is asked to approve once more
}

// keepPlacements is how long it is kept how an order was placed, after that is known.
const keepPlacements = 90 * 24 * time.Hour

// tidy deletes what nobody needs any more.
func (s *shop) tidy(ctx context.Context) {
	_, err := s.book.Purge(ctx, keepPlacements)
	if err = errors.Join(err, s.store.forget(ctx, now().Add(-rememberFor))); err != nil && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "old records could not be deleted", "error", err)
	}
}

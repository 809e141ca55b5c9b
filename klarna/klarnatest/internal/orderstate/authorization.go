package orderstate

import "time"

const (
	// period is how long an order can be captured. Klarna agrees on more with some shops, up to 180 days.
	period = 28

	// extendable is how long after the purchase the period can be extended.
	extendable = 180 * 24 * time.Hour

	// atOwnRisk is how long an order can still be captured after its review rejected it.
	atOwnRisk = 4 * time.Hour
)

// expiry is midnight UTC at the start of the last day, which so is not a full one.
func expiry(from time.Time) time.Time {
	year, month, day := from.UTC().Date()
	return time.Date(year, month, day+period, 0, 0, 0, 0, time.UTC)
}

// pass lets time pass: an order whose time is over changes without anyone having asked.
func (o *Order) pass(now time.Time) {
	if !o.open() {
		return
	}
	over := o.fraudRejected.Add(atOwnRisk)
	switch {
	case !o.fraudRejected.IsZero() && !now.Before(over) && over.Before(o.Expires.Time):
		// Klarna cancels an order that its review rejected. inferred: one that was captured in part ends as if the rest
		// had been released.
		o.end(Cancelled, Captured)
	case !now.Before(o.Expires.Time):
		// inferred: what is still authorized is 0 afterwards. What an order that was captured in part becomes is unknown.
		// CLOSED lets a test see a status that says nothing about the amounts.
		o.end(Expired, Closed)
	}
}

// end releases what is left.
func (o *Order) end(nothingCaptured, somethingCaptured Status) {
	o.Status, o.Remaining = somethingCaptured, 0
	if len(o.Captures) == 0 {
		o.Status = nothingCaptured
	}
}

// open reports whether something may still be captured, as far as the state goes.
func (o *Order) open() bool { return o.Status == Authorized || o.Status == PartCaptured }

// Cancel cancels an order of which nothing was captured.
func (o *Order) Cancel(now time.Time) *Rejection {
	o.pass(now)
	switch {
	case len(o.Captures) > 0:
		return hasCaptures
	case o.Status != Authorized:
		return o.notIn(CancelNotAllowed, "Cancel not possible")
	}
	o.end(Cancelled, Captured)
	return nil
}

// Release gives up what was not captured of an order that was captured in part.
//
// inferred: the order is fully captured then. Klarna's pages name no status.
func (o *Order) Release(now time.Time) *Rejection {
	o.pass(now)
	if o.Status != PartCaptured {
		return o.notIn(NotAllowed, "Remaining authorization cannot be released.")
	}
	o.end(Cancelled, Captured)
	return nil
}

// Extend sets the time of expiry to the day of the call and the period, not to the old time and the period: twice on one
// day is the same as once.
//
// inferred: a fully captured order is rejected; only the call itself has to come within 180 days of the purchase.
func (o *Order) Extend(now time.Time) *Rejection {
	const what = "Authorization time cannot be extended."
	o.pass(now)
	switch {
	case !o.open():
		return o.notIn(NotAllowed, what)
	case now.Sub(o.Created.Time) > extendable:
		return reject(NotAllowed, "Order is too old. "+what) // inferred
	}
	o.Expires = Time{expiry(now)}
	return nil
}

// AuthorizationUpdate is the body of an update of the authorization.
type AuthorizationUpdate struct {
	Amount int64  `json:"order_amount"`
	Lines  []Line `json:"order_lines"`
}

// Update replaces the amount and the lines. Lines that are left out are deleted.
//
// inferred: a higher amount passes the risk check, since INVOICE allows it in every market. An order whose whole amount is
// captured then is CAPTURED. Klarna does not say whether it compares the sum of the lines with the amount, and so it is not.
func (o *Order) Update(now time.Time, update AuthorizationUpdate) *Rejection {
	o.pass(now)
	switch {
	case !o.open():
		return updateNotAllowed
	case update.Amount < o.CapturedAmount:
		return tooLow(update.Amount, o.CapturedAmount)
	}
	o.Amount, o.Lines = update.Amount, orEmpty(update.Lines)
	o.Remaining = o.Amount - o.CapturedAmount
	if len(o.Captures) > 0 && o.Remaining == 0 {
		o.Status = Captured
	}
	return nil
}

// Decide ends the review of an order whose fraud status is PENDING. Only the first decision counts.
//
// An order that was cancelled or has expired meanwhile is not revived. A rejected one can be captured for 4 hours, at the
// shop's own risk; then Klarna cancels it.
func (o *Order) Decide(now time.Time, fraudStatus string) {
	o.pass(now)
	if o.FraudStatus != FraudPending {
		return
	}
	o.FraudStatus = fraudStatus
	if fraudStatus == FraudRejected {
		o.fraudRejected = now
		return
	}
	o.captureByItself(now)
}

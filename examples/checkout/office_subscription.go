package main

import (
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

// officeSubscription is a subscription, with its charges and with what can be done about it.
type officeSubscription struct {
	Number, Path, Form    string
	Name, Every           string
	Status                status
	Notice                *notice
	Due, Began            string
	Amount                int64
	Link                  string // for the customer, if they have to act
	Resume, Cancel, Close bool
	CloseKey              string // of the charge to close
	Charges               []shownCharge
	Sandbox               []sandboxChange
}

type shownCharge struct {
	Reference, Key, At string
	Period, Charge     int64
	Amount             int64
	Status             status
	OrderPath          string // in the back office
	Why, Detail        string
	StepUp, InSession  bool
}

// sandboxChange is what a viewer may have the sandbox do to the customer's payment method.
type sandboxChange struct{ Value, Label string }

var sandboxChanges = []sandboxChange{
	{"PAYMENT_METHOD_FAILED", "The next charges are declined: no funds"},
	{"UNAVAILABLE_PAYMENT_METHOD", "The next charges are declined: the card has expired"},
	{"SUSPENDED", "Klarna suspends the token"},
	{"ACTIVE", "All is well: charges are accepted"},
}

func (o *office) showSubscription(w http.ResponseWriter, r *http.Request) {
	sub, ok := o.findSubscription(w, r)
	if !ok {
		return
	}
	all, err := o.shop.store.renewals(r.Context(), sub.number, 0)
	if err != nil {
		o.failed(w, r, sub.number, err)
		return
	}
	var current []*renewal
	for _, charged := range all {
		if charged.period == sub.period {
			current = append(current, charged)
		}
	}
	open := openOf(current)
	approved, err := o.shop.store.approved(r.Context())
	if err != nil {
		o.failed(w, r, sub.number, err)
		return
	}
	page := officeSubscription{
		Number: sub.number, Path: officeSubscriptionPath(sub.number), Form: o.derive("subscriptions"), Name: productNameOf(sub), Every: intervalOf(sub.plan),
		Status: statusOfSubscription(sub, open, approved[sub.number], time.Now()), Due: shortDate(sub.due), Began: shortDate(sub.began), Amount: sub.charge("").OrderAmount,
		Cancel: sub.state != cancelled, Close: open != nil && open.canClose(sub, time.Now()),
		Resume: open == nil && !approved[sub.number] && len(current) > 0 && sub.state != cancelled && (sub.state != active || sub.due.After(time.Now())),
	}
	if page.Close {
		page.CloseKey = open.key
	}
	switch why, declined := declines[sub.problem]; {
	case open != nil && open.state == renewalSending:
		page.Notice = &notice{Tone: "wait", Title: "A charge is under way", Text: "Load this page again in a moment."}
	case open != nil:
		words := openRenewals[open.problem]
		page.Notice = &notice{Tone: "wait", Title: words.Title, Text: words.Text}
		switch {
		case sub.state == cancelled && open.checkoutID == "":
			page.Notice.Text = "The subscription was cancelled meanwhile, so no run sends the charge again. Look for the order number in Klarna’s merchant portal, and close this."
		case !open.canRetry(time.Now()):
			page.Notice.Text = "Klarna did not confirm it, and has forgotten the key since: the same request would now be another charge. Look for the order number in Klarna’s merchant portal, and close this."
		}
	case approved[sub.number]:
		page.Notice = &notice{Tone: "wait", Title: "The customer has approved a payment", Text: "It is being ordered. Load this page again in a moment."}
	case declined && sub.state != cancelled:
		page.Notice = &notice{Tone: "bad", Title: why.Title, Text: why.Text}
		if why.payable() {
			page.Link = o.shop.baseURL + o.shop.subscriptionPath(sub.number)
		}
	}
	if sub.state != active {
		page.Due = ""
	}
	if o.shop.payments.server != nil && sub.state != cancelled {
		page.Sandbox = sandboxChanges
	}
	for i := len(all) - 1; i >= 0; i-- {
		page.Charges = append(page.Charges, showCharge(all[i]))
	}
	o.render(w, r, http.StatusOK, "office_subscription", "Subscription "+sub.number, page)
}

func showCharge(r *renewal) shownCharge {
	shown := shownCharge{
		Reference: r.reference, Key: r.key, At: date(r.sent), Period: r.period, Charge: r.charge, Amount: r.amount, Detail: r.detail,
		StepUp: r.stepUpID != "", InSession: r.checkoutID != "",
	}
	switch r.state {
	case renewalPaid:
		shown.Status, shown.OrderPath = status{"Paid", "good"}, officePath(r.reference)
	case renewalDeclined:
		shown.Status, shown.Why = status{"Declined", "bad"}, declines[r.problem].Title
	case renewalSending:
		shown.Status = status{"Under way", "wait"}
	default:
		shown.Status, shown.Why = status{"Open", "wait"}, openRenewals[r.problem].Title
	}
	return shown
}

// findSubscription finds the subscription of a path.
func (o *office) findSubscription(w http.ResponseWriter, r *http.Request) (*subscription, bool) {
	err := o.shop.settleSubscriptions(r.Context())
	var sub *subscription
	if err == nil {
		sub, err = o.shop.store.subscription(r.Context(), r.PathValue("number"))
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		o.renderProblem(w, r, http.StatusNotFound, problem{"There is no such subscription", "This shop has no record of it.", []action{toTheSubscriptions}})
	case err != nil:
		o.failed(w, r, r.PathValue("number"), err)
	default:
		return sub, true
	}
	return nil, false
}

// wrongInput is why what somebody entered is not used, in words.
type wrongInput string

func (wrong wrongInput) Error() string { return string(wrong) }

// onSubscription serves a form of a subscription's page.
func (o *office) onSubscription(do func(r *http.Request, sub *subscription) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !o.ofOffice(w, r) {
			return
		}
		sub, ok := o.findSubscription(w, r)
		if !ok {
			return
		}
		err := do(r, sub)
		var wrong wrongInput
		if errors.As(err, &wrong) {
			o.renderProblem(w, r, http.StatusUnprocessableEntity, problem{"Nothing was stored", wrong.Error(),
				[]action{{"Back to the subscription", officeSubscriptionPath(sub.number)}}})
			return
		}
		if err != nil {
			o.failed(w, r, sub.number, err)
			return
		}
		seeOther(w, r, officeSubscriptionPath(sub.number))
	}
}

// resume has the next run charge a declined period once more.
func (o *office) resume(r *http.Request, sub *subscription) error {
	_, err := o.shop.store.resumeSubscription(r.Context(), sub.number)
	return err
}

func (o *office) cancel(r *http.Request, sub *subscription) error {
	err := o.shop.store.cancelSubscription(r.Context(), sub.number)
	if err == nil {
		o.shop.cancelTokensSoon(r.Context())
	}
	return err
}

// closeRenewal ends a charge whose outcome stayed unknown, after a person has looked for its order.
func (o *office) closeRenewal(r *http.Request, sub *subscription) error {
	all, err := o.shop.store.renewals(r.Context(), sub.number, sub.period)
	open := openOf(all)
	if err != nil || open == nil || open.key != r.PostFormValue("key") || !open.canClose(sub, time.Now()) {
		return err
	}
	exists, id := r.PostFormValue("exists") == "yes", strings.TrimSpace(r.PostFormValue("order_id"))
	if exists && id != "" {
		if wrong := o.wrongID(r, open.reference, id); wrong != "" {
			return wrongInput(wrong)
		}
	}
	o.shop.logger.WarnContext(r.Context(), "a charge of unknown outcome was closed", "order_number", open.reference, "exists", exists)
	return o.shop.store.closeRenewal(r.Context(), sub, open, exists, id)
}

// changeSandbox has the sandbox decline the next charges, for demonstrations.
func (o *office) changeSandbox(r *http.Request, sub *subscription) error {
	server, change := o.shop.payments.server, r.PostFormValue("change")
	status, code := customertoken.TokenStatusActive, ""
	switch change {
	case "PAYMENT_METHOD_FAILED", "UNAVAILABLE_PAYMENT_METHOD":
		code = change
	case customertoken.TokenStatusSuspended:
		status = customertoken.TokenStatusSuspended
	}
	if err := errors.Join(server.SetTokenStatus(sub.customerToken, status), server.DeclineCharges(sub.customerToken, code)); err != nil {
		o.shop.logger.WarnContext(r.Context(), "the sandbox does not know the token: it keeps tokens in memory", "order_number", sub.number)
	}
	return nil
}

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

const officeSubscriptions = "/office/subscriptions"

// handleSubscriptions serves the part of the back office that charges subscriptions.
func (o *office) handleSubscriptions(mux *http.ServeMux) {
	const one = officeSubscriptions + "/{number}"
	mux.Handle("GET "+officeSubscriptions, o.staff(o.showSubscriptions))
	mux.Handle("POST "+officeSubscriptions+"/run", o.staff(o.runRenewals))
	mux.Handle("GET "+one, o.staff(o.showSubscription))
	mux.Handle("POST "+one+"/resume", o.staff(o.onSubscription(o.resume)))
	mux.Handle("POST "+one+"/cancel", o.staff(o.onSubscription(o.cancel)))
	mux.Handle("POST "+one+"/close", o.staff(o.onSubscription(o.closeRenewal)))
	if o.shop.payments.sandbox { // so that one can watch what takes months otherwise
		mux.Handle("POST "+officeSubscriptions+"/month", o.staff(o.letAMonthPass))
	}
	if o.shop.payments.server != nil {
		mux.Handle("POST "+one+"/sandbox", o.staff(o.onSubscription(o.changeSandbox)))
	}
}

// subscriptionList is the list of subscriptions.
type subscriptionList struct {
	Notice  *notice
	Form    string // proves that a form is from this shop
	Sandbox bool
	Rows    []subscriptionRow
}

type subscriptionRow struct {
	Number, Path, Name, Every string
	Status                    status
	Amount                    int64
	Due                       string
}

// showSubscriptions lists the subscriptions, the newest first.
func (o *office) showSubscriptions(w http.ResponseWriter, r *http.Request) {
	err := o.shop.settleSubscriptions(r.Context())
	all, readErr := o.shop.store.subscriptions(r.Context(), time.Time{})
	if err = errors.Join(err, readErr); err != nil {
		o.failed(w, r, "", err)
		return
	}
	list := subscriptionList{Form: o.derive("subscriptions"), Sandbox: o.shop.payments.sandbox, Notice: noticeOfRun(r.URL.Query())}
	for _, sub := range all {
		row, err := o.subscriptionRow(r.Context(), sub)
		if err != nil {
			o.failed(w, r, sub.number, err)
			return
		}
		list.Rows = append(list.Rows, row)
	}
	o.render(w, r, http.StatusOK, "office_subscriptions", "Subscriptions", list)
}

func (o *office) subscriptionRow(ctx context.Context, sub *subscription) (subscriptionRow, error) {
	current, err := o.shop.store.renewals(ctx, sub.number, sub.period)
	row := subscriptionRow{
		Number: sub.number, Path: officeSubscriptionPath(sub.number), Name: productNameOf(sub), Every: intervalOf(sub.plan),
		Status: statusOfSubscription(sub, openOf(current), time.Now()), Amount: sub.charge("").OrderAmount, Due: shortDate(sub.due),
	}
	if sub.state != active {
		row.Due = "–"
	}
	return row, err
}

func officeSubscriptionPath(number string) string {
	return officeSubscriptions + "/" + url.PathEscape(number)
}

// statusOfSubscription is where a subscription stands, in words.
func statusOfSubscription(sub *subscription, charging *renewal, at time.Time) status {
	switch {
	case charging != nil && charging.state == renewalSending:
		return status{"Being charged", "wait"}
	case charging != nil:
		return status{"Charge unknown", "wait"}
	case sub.state == cancelled:
		return status{"Cancelled", "over"}
	case sub.state == stopped:
		return status{"Stopped", "bad"}
	case sub.state == waiting:
		return status{"Needs customer", "bad"}
	case !sub.due.After(at):
		return status{"Due", "todo"}
	case sub.problem != "":
		return status{"Declined", "bad"}
	}
	return status{"Active", "good"}
}

// ofOffice reports whether a form is one of this shop's: the browser sends the password along with any form.
func (o *office) ofOffice(w http.ResponseWriter, r *http.Request) bool {
	if r.PostFormValue("form") == o.derive("subscriptions") {
		return true
	}
	o.renderProblem(w, r, http.StatusForbidden, problem{"This page was too old", "Nothing was sent to Klarna.", []action{toTheSubscriptions}})
	return false
}

var toTheSubscriptions = action{"To the subscriptions", officeSubscriptions}

// runTimeout bounds a run. What it does not get to is left for the next one.
const runTimeout = placeTimeout

// runRenewals charges what is due. In a shop of your own a timer does it, in any number of processes.
func (o *office) runRenewals(w http.ResponseWriter, r *http.Request) {
	if !o.ofOffice(w, r) {
		return
	}
	// Whoever closes the page must not cancel charges that are under way.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), runTimeout)
	defer cancel()
	done, err := o.shop.renewDue(ctx)
	if err != nil { // what it is about is in the database, and the next run goes on with it
		o.shop.logger.WarnContext(ctx, "a run of renewals left something open", "error", err)
	}
	seeOther(w, r, fmt.Sprintf("%s?paid=%d&declined=%d&open=%d", officeSubscriptions, done.paid, done.declined, done.open))
}

// noticeOfRun is what a run came to, from the query of the page after it.
func noticeOfRun(query url.Values) *notice {
	if !query.Has("paid") {
		return nil
	}
	number := func(name string) int { n, _ := strconv.Atoi(query.Get(name)); return n }
	paid, declined, open := number("paid"), number("declined"), number("open")
	n := &notice{Tone: "good", Title: fmt.Sprintf("%d charged, %d declined, %d open", paid, declined, open)}
	switch {
	case open > 0:
		n.Tone, n.Text = "wait", "The outcome of what is open is unknown. The next run sends it again with the same key, so that nobody is charged twice."
	case declined > 0:
		n.Tone, n.Text = "bad", "What to do about a decline stands with the subscription."
	case paid > 0:
		n.Text = "Each charge is an order. Capture it when the goods ship."
	default:
		n.Text = "Nothing was due. Pressing the button again charges nobody twice."
	}
	return n
}

// letAMonthPass brings all due dates a month closer.
func (o *office) letAMonthPass(w http.ResponseWriter, r *http.Request) {
	if !o.ofOffice(w, r) {
		return
	}
	if err := o.shop.store.bringForward(r.Context()); err != nil {
		o.failed(w, r, "", err)
		return
	}
	seeOther(w, r, officeSubscriptions)
}

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
	sub, all, ok := o.findSubscription(w, r)
	if !ok {
		return
	}
	var current []*renewal
	for _, charged := range all {
		if charged.period == sub.period {
			current = append(current, charged)
		}
	}
	open := openOf(current)
	page := officeSubscription{
		Number: sub.number, Path: officeSubscriptionPath(sub.number), Form: o.derive("subscriptions"), Name: productNameOf(sub), Every: intervalOf(sub.plan),
		Status: statusOfSubscription(sub, open, time.Now()), Due: shortDate(sub.due), Began: shortDate(sub.began), Amount: sub.charge("").OrderAmount,
		Cancel: sub.state != cancelled, Close: open != nil && open.canClose(sub, time.Now()),
		Resume: open == nil && len(current) > 0 && sub.state != cancelled && (sub.state != active || sub.due.After(time.Now())),
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
		if !open.canRetry(time.Now()) {
			page.Notice.Text = "Klarna did not confirm it, and has forgotten the key since: the same request would now be another charge. Look for the order number in Klarna’s merchant portal, and close this."
		}
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

// findSubscription finds the subscription of a path, with all its charges.
func (o *office) findSubscription(w http.ResponseWriter, r *http.Request) (*subscription, []*renewal, bool) {
	err := o.shop.settleSubscriptions(r.Context())
	var sub *subscription
	var all []*renewal
	if err == nil {
		sub, err = o.shop.store.subscription(r.Context(), r.PathValue("number"))
	}
	if err == nil {
		all, err = o.shop.store.renewals(r.Context(), sub.number, 0)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		o.renderProblem(w, r, http.StatusNotFound, problem{"There is no such subscription", "This shop has no record of it.", []action{toTheSubscriptions}})
	case err != nil:
		o.failed(w, r, r.PathValue("number"), err)
	default:
		return sub, all, true
	}
	return nil, nil, false
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
		sub, _, ok := o.findSubscription(w, r)
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
		if wrong := o.wrongID(r, &order{number: open.reference}, id); wrong != "" {
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

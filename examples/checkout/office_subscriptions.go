package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
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
	charging, chargingErr := o.shop.store.charging(r.Context())
	approved, approvedErr := o.shop.store.approved(r.Context())
	if err = errors.Join(err, readErr, chargingErr, approvedErr); err != nil {
		o.failed(w, r, "", err)
		return
	}
	list := subscriptionList{Form: o.derive("subscriptions"), Sandbox: o.shop.payments.sandbox, Notice: noticeOfRun(r.URL.Query())}
	for _, sub := range all {
		row := subscriptionRow{
			Number: sub.number, Path: officeSubscriptionPath(sub.number), Name: productNameOf(sub), Every: intervalOf(sub.plan),
			Status: statusOfSubscription(sub, charging[sub.number], approved[sub.number], time.Now()), Amount: sub.charge("").OrderAmount, Due: shortDate(sub.due),
		}
		if sub.state != active {
			row.Due = "–"
		}
		list.Rows = append(list.Rows, row)
	}
	o.render(w, r, http.StatusOK, "office_subscriptions", "Subscriptions", list)
}

func officeSubscriptionPath(number string) string {
	return officeSubscriptions + "/" + url.PathEscape(number)
}

// statusOfSubscription is where a subscription stands, in words.
func statusOfSubscription(sub *subscription, charging *renewal, approved bool, at time.Time) status {
	switch {
	case charging != nil && charging.state == renewalSending:
		return status{"Being charged", "wait"}
	case charging != nil:
		return status{"Charge unknown", "wait"}
	case approved:
		return status{"Being paid", "wait"}
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

package main

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

// unresolvedPage is the page of an order that a person has to look up in Klarna's merchant portal: whether it exists, and its id.
type unresolvedPage struct {
	Number, Path   string
	Form           string // the key of its forms
	Exists         bool   // it is known to exist, and only its id is missing
	Ordered        string
	Amount         int64
	SessionID      string
	LastSent       string
	CorrelationIDs []string
	Wrong          string // why what was entered is not used
}

// showUnresolved shows what is known of an order whose id is not, with what Klarna's support asks for.
func (o *office) showUnresolved(w http.ResponseWriter, r *http.Request, record *order, status int, wrong string) {
	result, err := o.shop.book.Lookup(r.Context(), record.number)
	if err != nil && !errors.Is(err, placement.ErrUnknownReference) { // it was ordered elsewhere
		o.failed(w, r, record.number, err)
		return
	}
	o.render(w, r, status, "office_unresolved", "Order "+record.number, unresolvedPage{
		Number: record.number, Path: officePath(record.number), Form: o.derive("resolve", record.number), Exists: record.state == placed, Ordered: date(record.ordered), Amount: record.amount,
		SessionID: result.SessionID, LastSent: date(result.LastSent), CorrelationIDs: result.CorrelationIDs, Wrong: wrong,
	})
}

// resolve stores what a person found out in Klarna's merchant portal: the id of the order, or that no order exists.
func (o *office) resolve(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	record, err := o.shop.store.order(ctx, r.PathValue("number"))
	if err != nil || record.orderID != "" || record.state == checking {
		seeOther(w, r, officePath(r.PathValue("number"))) // which shows how it stands
		return
	}
	if r.PostFormValue("form") != o.derive("resolve", record.number) { // the browser sends the password along with any form
		o.showUnresolved(w, r, record, http.StatusForbidden, "This page was too old. Nothing was stored.")
		return
	}
	id := strings.TrimSpace(r.PostFormValue("order_id"))
	if r.PostForm.Has("none") {
		id = ""
		if record.state == placed {
			o.showUnresolved(w, r, record, http.StatusConflict, "Klarna has confirmed that this order exists.")
			return
		}
	} else if wrong := o.wrongID(r, record.number, id); wrong != "" {
		o.showUnresolved(w, r, record, http.StatusUnprocessableEntity, wrong)
		return
	}
	err = o.shop.book.Resolve(ctx, record.number, id)
	switch {
	case err == nil:
		if err := o.shop.followOrder(ctx, record); err != nil { // the background goes on
			o.shop.logger.WarnContext(ctx, "an order that a person resolved could not be recorded", "order_number", record.number, "error", err)
		}
	case errors.Is(err, placement.ErrUnknownReference) && id == "": // it was resolved a moment ago
		seeOther(w, r, officePath(record.number))
		return
	case errors.Is(err, placement.ErrUnknownReference): // it was ordered elsewhere
		err = o.shop.store.orderPlaced(ctx, record.number, &klarna.Order{OrderID: id})
	}
	if err != nil {
		o.failed(w, r, record.number, err)
		return
	}
	o.shop.logger.WarnContext(ctx, "a person resolved an order", "order_number", record.number, "order_id", id, "at", time.Now().UTC())
	if id == "" {
		seeOther(w, r, "/office")
		return
	}
	seeOther(w, r, officePath(record.number))
}

// wrongID returns in words why an id cannot be that of the order with a number, or an empty string.
func (o *office) wrongID(r *http.Request, number, id string) string {
	found, err := o.orders.ReadOrder(r.Context(), id)
	switch {
	case errors.Is(err, klarna.ErrInvalidID), errors.Is(err, klarna.ErrInvalidRequest), errors.Is(err, klarna.ErrNotFound):
		return "Klarna has no order with this id."
	case err != nil:
		o.shop.logger.WarnContext(r.Context(), "an order could not be read", "order_number", number, "error", err)
		return "Klarna cannot be reached, so the id could not be checked. Nothing was stored."
	case found.MerchantReference1 != number:
		return "The order with this id has another order number."
	}
	return ""
}

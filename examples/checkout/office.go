package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// office is the shop's back office: it captures, refunds, cancels and releases what shoppers ordered. The shop's own records
// decide which orders there are; what became of their money is read from Klarna.
type office struct {
	shop     *shop
	orders   *ordermanagement.Client
	password string

	mu      sync.Mutex
	changes map[string]*changes // by order number
}

func newOffice(s *shop) *office {
	return &office{shop: s, orders: ordermanagement.New(s.klarna), password: rand.Text(), changes: map[string]*changes{}}
}

func (o *office) handle(mux *http.ServeMux) {
	mux.Handle("GET /office", o.staff(o.showOrders))
	mux.Handle("GET /office/orders/{number}", o.staff(o.showOrder))
	mux.Handle("POST /office/orders/{number}/{kind}", o.staff(o.changeOrder))
	mux.Handle("POST /office/orders/{number}/close", o.staff(o.closeChange))
}

// staff lets nobody in without the password. The browser sends it with requests that other sites make it send, too; those
// are rejected before (http.CrossOriginProtection), and a form without a key of this shop changes nothing.
func (o *office) staff(serve http.HandlerFunc) http.Handler {
	want := sha256.Sum256([]byte(o.password))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		given := sha256.Sum256([]byte(password)) // of one length, so that the comparison takes the same time
		if subtle.ConstantTimeCompare(given[:], want[:]) == 0 {
			w.Header().Set("WWW-Authenticate", `Basic realm="Back office", charset="UTF-8"`)
			o.renderProblem(w, r, http.StatusUnauthorized, problem{"The back office needs a password",
				"It was printed when the shop was started. The user name does not matter.", []action{toTheShop}})
			return
		}
		serve(w, r)
	})
}

// changesOf returns the changes of an order.
func (o *office) changesOf(number string) *changes {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changes[number] == nil {
		o.changes[number] = newChanges()
	}
	return o.changes[number]
}

// ordersPerPage bounds how many orders are read from Klarna for one page, and readsAtOnce how many at the same time.
const (
	ordersPerPage = 20
	readsAtOnce   = 4
)

// showOrders lists the shop's orders, the newest first.
func (o *office) showOrders(w http.ResponseWriter, r *http.Request) {
	records := o.shop.store.ordered()
	page, _ := strconv.Atoi(r.FormValue("page"))
	first := min(max(page-1, 0)*ordersPerPage, len(records))
	last := min(first+ordersPerPage, len(records))
	list := orderList{Rows: make([]orderRow, last-first)}
	if first > 0 {
		list.Newer = "/office?page=" + strconv.Itoa(first/ordersPerPage)
	}
	if last < len(records) {
		list.Older = "/office?page=" + strconv.Itoa(last/ordersPerPage+1)
	}
	var reads sync.WaitGroup
	slots := make(chan struct{}, readsAtOnce)
	for i, c := range records[first:last] {
		reads.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			list.Rows[i] = o.row(r.Context(), c.snapshot())
		})
	}
	reads.Wait()
	o.render(w, r, http.StatusOK, "office", "Orders", list)
}

// row reads one order of the list.
func (o *office) row(ctx context.Context, now snapshot) orderRow {
	row := orderRow{Number: now.Number, Path: officePath(now.Number), Ordered: date(now.Ordered), Amount: now.Amount}
	switch {
	case now.State != placed:
		row.Status = status{"Outcome unknown", "wait"}
		return row
	case now.Order == nil:
		row.Status = status{"Id unknown", "bad"}
		return row
	}
	order, err := o.orders.ReadOrder(ctx, now.Order.OrderID)
	if err != nil {
		o.shop.logger.WarnContext(ctx, "an order could not be read", "order_number", now.Number, "error", err)
		row.Status = status{"Not read", "bad"}
		return row
	}
	row.Status, row.Read = statusOf(order, time.Now()), true
	row.Amount, row.Captured, row.Refunded = order.OrderAmount, order.CapturedAmount, order.RefundedAmount
	if o.changesOf(now.Number).open() {
		row.Status = status{"Change unknown", "wait"}
	}
	return row
}

// showOrder shows one order, and what can be done about it.
func (o *office) showOrder(w http.ResponseWriter, r *http.Request) {
	now, ok := o.find(w, r)
	if !ok {
		return
	}
	b := o.changesOf(now.Number)
	order, err := o.orders.ReadOrder(r.Context(), now.Order.OrderID)
	if err != nil {
		o.failed(w, r, now.Number, err)
		return
	}
	number, _ := strconv.Atoi(r.FormValue("change"))
	page := newOrderPage(now.Number, order, b, time.Now())
	if ch := b.shown(number); ch != nil {
		page.Notice = noticeOf(ch, order, time.Now())
	}
	o.render(w, r, http.StatusOK, "office_order", "Order "+now.Number, page)
}

// find finds the order of a path in the shop's records. Without one whose id at Klarna is known, it shows why.
func (o *office) find(w http.ResponseWriter, r *http.Request) (snapshot, bool) {
	number := r.PathValue("number")
	for _, c := range o.shop.store.ordered() {
		if c.number != number {
			continue
		}
		now := c.snapshot()
		switch {
		case now.State != placed:
			o.renderProblem(w, r, http.StatusOK, problem{"Klarna has not confirmed this order yet",
				"It was sent, and its outcome is unknown. The shop is finding out whether it exists. Do not ship it.", []action{toTheOffice}})
		case now.Order == nil:
			o.renderProblem(w, r, http.StatusOK, problem{"The order exists, but its id is unknown",
				"Klarna’s response was lost. Klarna’s merchant portal finds the order by its number " + now.Number + ".", []action{toTheOffice}})
		default:
			return now, true
		}
		return snapshot{}, false
	}
	o.renderProblem(w, r, http.StatusNotFound, problem{"There is no such order", "This shop has no record of it.", []action{toTheOffice}})
	return snapshot{}, false
}

// failed shows that an order could not be read, and so nothing could be done about it.
func (o *office) failed(w http.ResponseWriter, r *http.Request, number string, err error) {
	o.shop.logger.WarnContext(r.Context(), "an order could not be read", "order_number", number, "error", err)
	p := problem{"The order could not be read", "Klarna cannot be reached. Nothing was changed by this. It is most likely over in a moment.",
		[]action{{"Read it again", officePath(number)}, toTheOffice}}
	if errors.Is(err, klarna.ErrNotFound) || errors.Is(err, klarna.ErrUnauthorized) || errors.Is(err, klarna.ErrForbidden) {
		p.Text = "Klarna does not know it, or these credentials may not read it. They must be those that the order was placed with."
	}
	o.renderProblem(w, r, http.StatusServiceUnavailable, p)
}

var toTheOffice = action{"To the orders", "/office"}

func officePath(number string) string { return "/office/orders/" + url.PathEscape(number) }

func (o *office) render(w http.ResponseWriter, r *http.Request, status int, name, title string, page any) {
	o.shop.write(w, r, status, pages[name], "layout", frame{Title: title, Notice: o.shop.payments.notice, Office: true, Page: page})
}

func (o *office) renderProblem(w http.ResponseWriter, r *http.Request, status int, p problem) {
	o.render(w, r, status, "problem", p.Title, p)
}

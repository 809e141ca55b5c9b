package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
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

	formKey []byte
}

// newOffice makes the back office of a shop. Every process of the shop derives the same password from the key.
func newOffice(s *shop, key []byte) *office {
	o := &office{shop: s, orders: ordermanagement.New(s.klarna), formKey: key}
	o.password = o.derive("password")
	return o
}

// derive returns a text of 26 letters and digits that only the shop can make.
func (o *office) derive(parts ...string) string {
	mac := hmac.New(sha256.New, o.formKey)
	for _, part := range parts {
		_, _ = fmt.Fprintf(mac, "%q", part)
	}
	return base32.StdEncoding.EncodeToString(mac.Sum(nil))[:26]
}

func (o *office) handle(mux *http.ServeMux) {
	o.handleSubscriptions(mux)
	mux.Handle("GET /office", o.staff(o.showOrders))
	mux.Handle("GET /office/orders/{number}", o.staff(o.showOrder))
	mux.Handle("POST /office/orders/{number}/{kind}", o.staff(o.changeOrder))
	mux.Handle("POST /office/orders/{number}/close", o.staff(o.closeChange))
	mux.Handle("POST /office/orders/{number}/resolve", o.staff(o.resolve))
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

// ordersPerPage bounds how many orders are read from Klarna for one page, and readsAtOnce how many at the same time.
const (
	ordersPerPage = 20
	readsAtOnce   = 4
)

// showOrders lists the shop's orders, the newest first.
func (o *office) showOrders(w http.ResponseWriter, r *http.Request) {
	page, _ := strconv.Atoi(r.FormValue("page"))
	page = min(max(page, 1), 1e6)
	records, err := o.shop.store.orders(r.Context(), (page-1)*ordersPerPage, ordersPerPage+1) // one more, to know whether there are older ones
	if err != nil {
		o.failed(w, r, r.PathValue("number"), err)
		return
	}
	list := orderList{}
	if page > 1 {
		list.Newer = "/office?page=" + strconv.Itoa(page-1)
	}
	if len(records) > ordersPerPage {
		records = records[:ordersPerPage]
		list.Older = "/office?page=" + strconv.Itoa(page+1)
	}
	list.Rows = make([]orderRow, len(records))
	var reads sync.WaitGroup
	slots := make(chan struct{}, readsAtOnce)
	for i, record := range records {
		reads.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			list.Rows[i] = o.row(r.Context(), record)
		})
	}
	reads.Wait()
	o.render(w, r, http.StatusOK, "office", "Orders", list)
}

// row reads one order of the list.
func (o *office) row(ctx context.Context, record *order) orderRow {
	row := orderRow{Number: record.number, Path: officePath(record.number), Ordered: date(record.ordered), Amount: record.amount}
	switch {
	case record.state != placed:
		row.Status = status{"Outcome unknown", "wait"}
		return row
	case record.orderID == "":
		row.Status = status{"Id unknown", "bad"}
		return row
	}
	order, err := o.orders.ReadOrder(ctx, record.orderID)
	if err != nil {
		o.shop.logger.WarnContext(ctx, "an order could not be read", "order_number", record.number, "error", err)
		row.Status = status{"Not read", "bad"}
		return row
	}
	row.Status, row.Read = statusOf(order, time.Now()), true
	row.Amount, row.Captured, row.Refunded = order.OrderAmount, order.CapturedAmount, order.RefundedAmount
	if made, err := o.shop.store.changes(ctx, record.number); err != nil || made.open() != nil {
		row.Status = status{"Change unknown", "wait"}
	}
	return row
}

// showOrder shows one order, and what can be done about it.
func (o *office) showOrder(w http.ResponseWriter, r *http.Request) {
	record, ok := o.find(w, r)
	if !ok {
		return
	}
	order, err := o.orders.ReadOrder(r.Context(), record.orderID)
	if err != nil {
		o.failed(w, r, record.number, err)
		return
	}
	made, err := o.shop.store.changes(r.Context(), record.number)
	if err != nil {
		o.failed(w, r, r.PathValue("number"), err)
		return
	}
	page := o.newOrderPage(record.number, order, made, time.Now())
	number, _ := strconv.Atoi(r.FormValue("change"))
	if ch := made.shown(number); ch != nil {
		page.Notice = noticeOf(ch, order, time.Now())
	}
	o.render(w, r, http.StatusOK, "office_order", "Order "+record.number, page)
}

// find finds the order of a path in the shop's records. Without one whose id at Klarna is known, it shows why.
func (o *office) find(w http.ResponseWriter, r *http.Request) (*order, bool) {
	record, err := o.shop.store.order(r.Context(), r.PathValue("number"))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		o.renderProblem(w, r, http.StatusNotFound, problem{"There is no such order", "This shop has no record of it.", []action{toTheOffice}})
	case err != nil:
		o.failed(w, r, r.PathValue("number"), err)
	case record.state == checking:
		o.renderProblem(w, r, http.StatusOK, problem{"Klarna has not confirmed this order yet",
			"It was sent, and its outcome is unknown. The shop is finding out whether it exists. Do not ship it.", []action{toTheOffice}})
	case record.orderID == "":
		o.showUnresolved(w, r, record, http.StatusOK, "")
	default:
		return record, true
	}
	return nil, false
}

// failed shows that Klarna, or the shop's own database, could not be read, and so nothing could be done.
func (o *office) failed(w http.ResponseWriter, r *http.Request, number string, err error) {
	var klarnas *klarna.Error
	if !errors.As(err, &klarnas) {
		o.shop.logger.ErrorContext(r.Context(), "the database failed", "order_number", number, "error", err)
		o.renderProblem(w, r, http.StatusServiceUnavailable, problem{"The shop’s database cannot be reached",
			"What was sent to Klarna before is not lost. Look at the order in a moment.", []action{toTheOffice}})
		return
	}
	o.shop.logger.WarnContext(r.Context(), "an order could not be read", "order_number", number, "error", err)
	p := problem{"The order could not be read", "Klarna cannot be reached. Nothing was changed by this. It is most likely over in a moment.",
		[]action{{"Read it again", officePath(number)}, toTheOffice}}
	if errors.Is(err, klarna.ErrNotFound) || errors.Is(err, klarna.ErrUnauthorized) || errors.Is(err, klarna.ErrForbidden) {
		p.Text = "Klarna does not know it, or these credentials may not read it. They must be those that the order was placed with."
		if o.shop.payments.sandbox {
			p.Text = "The local sandbox does not know it. It keeps orders in memory, and forgets them when it stops."
		}
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

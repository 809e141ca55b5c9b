package klarnatest

import (
	"bytes"
	"context"
	_ "embed" // for the page
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

// pagePath is where the shopper's browser reaches the hosted pages. The key in the address is all that it needs.
const pagePath = "/hpp/payments/"

//go:embed hosted_page.html
var hostedPageHTML string

var hostedPageTemplate = template.Must(template.New("hosted page").Parse(hostedPageHTML))

// shownPage is what a hosted page shows.
type shownPage struct {
	Language, Title, Amount string
	Lines                   []string
	Actions                 bool   // it can be acted on
	Back                    bool   // the shop has a URL for it
	Message                 string // in place of the actions, or above them
}

// pageNotFound is what the shopper sees of a page that is unknown, has expired, or is disabled.
var pageNotFound = shownPage{Language: "en", Title: "Not found", Message: "This page was not found. It may have expired, or the shop has disabled it."}

func (s *Server) pageURL(p *hostedPage) string { return s.URL + pagePath + p.key }

func (s *Server) hostedPageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+pagePath+"{key}", s.showPage)
	mux.HandleFunc("POST "+pagePath+"{key}", s.actOnPage)
	mux.HandleFunc("GET "+pagePath+"{key}/qr", s.showQRCode)
}

// showPage opens a page in the browser.
func (s *Server) showPage(w http.ResponseWriter, r *http.Request) {
	p := s.pageOf(r)
	if p == nil {
		s.draw(w, http.StatusNotFound, pageNotFound)
		return
	}
	shown := s.shown(p)
	if _, rejected := s.visit(p, HostedPageOpen); rejected != nil {
		s.draw(w, http.StatusOK, shown.ended(rejected))
		return
	}
	shown.Actions = true
	s.draw(w, http.StatusOK, shown)
}

// actOnPage does what the person at the screen chose, and sends the browser to the shop. With the field "stay", as if
// the connection broke, or where the shop has no URL, it shows what happened.
func (s *Server) actOnPage(w http.ResponseWriter, r *http.Request) {
	p := s.pageOf(r)
	if p == nil {
		s.draw(w, http.StatusNotFound, pageNotFound)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	action := HostedPageAction(r.PostFormValue("action"))
	location, rejected := s.visit(p, action)
	shown := s.shown(p)
	switch {
	case rejected != nil && rejected.fields != nil:
		shown.Actions, shown.Message = true, "There is no such action."
		s.draw(w, http.StatusBadRequest, shown)
	case rejected != nil:
		s.draw(w, http.StatusConflict, shown.ended(rejected))
	case location == "" || r.PostFormValue("stay") != "":
		shown.Message, shown.Actions = stayed[action], action != HostedPageApprove
		s.draw(w, http.StatusOK, shown)
	default:
		s.logPage(http.StatusSeeOther)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Location", location) // as it is: http.Redirect would take a placeholder that is left for a path
		w.WriteHeader(http.StatusSeeOther)
	}
}

const maxFormBytes = 4 << 10

// stayed is what the page shows after an action from which the browser does not go to the shop.
var stayed = map[HostedPageAction]string{
	HostedPageOpen:    "The page is open.",
	HostedPageApprove: "The payment is approved. You can close this window.",
	HostedPageDecline: "The payment was declined. You can choose again.",
	HostedPageError:   "Something failed. You can choose again.",
	HostedPageBack:    "You went back. The page can be opened again.",
	HostedPageCancel:  "You cancelled.",
}

// pageOf finds the page that a browser asks for, or nil.
func (s *Server) pageOf(r *http.Request) *hostedPage {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pageKeys[r.PathValue("key")]
	if p == nil {
		return nil
	}
	if _, rejected := s.findPage(p.id); rejected != nil || p.status == hostedpage.SessionStatusDisabled {
		return nil
	}
	return p
}

// shown returns what a page shows of the cart.
func (s *Server) shown(p *hostedPage) shownPage {
	s.mu.Lock()
	session := p.session.members
	s.mu.Unlock()
	var cart klarna.SessionCreate
	convert(session, &cart)
	shown := shownPage{
		Language: session.locale(), Title: p.request.Options.PageTitle, Amount: decimal(cart.OrderAmount) + " " + cart.PurchaseCurrency,
		Back: p.request.MerchantURLs.Back != "",
	}
	if shown.Title == "" {
		shown.Title = "Pay"
	}
	if p.request.Options.ShowSubtotalDetail != hostedpage.ShowSubtotalDetailHide {
		for _, line := range cart.OrderLines {
			shown.Lines = append(shown.Lines, fmt.Sprintf("%d × %s, %s %s", line.Quantity, line.Name, decimal(line.TotalAmount), cart.PurchaseCurrency))
		}
	}
	return shown
}

// ended is a page that cannot be acted on any more.
func (p shownPage) ended(rejected *failure) shownPage {
	p.Actions, p.Message = false, "This page has ended."
	if rejected == pageCompleted || rejected == sessionCompleted {
		p.Message = "This purchase is paid already. You can close this window."
	}
	return p
}

// decimal writes an amount in minor units with two decimals, as all currencies of Klarna's have.
func decimal(amount int64) string {
	sign, digits := "", strconv.FormatInt(amount, 10)
	if amount < 0 {
		sign, digits = "-", digits[1:]
	}
	if len(digits) < 3 {
		digits = strings.Repeat("0", 3-len(digits)) + digits
	}
	return sign + digits[:len(digits)-2] + "." + digits[len(digits)-2:]
}

func (s *Server) draw(w http.ResponseWriter, status int, shown shownPage) {
	var page bytes.Buffer
	if err := hostedPageTemplate.Execute(&page, shown); err != nil {
		panic("klarnatest: " + err.Error()) // cannot be: the page is made of texts
	}
	s.logPage(status)
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer") // the address is all that it takes to pay
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // it fails only when the browser has gone
}

func (s *Server) logPage(status int) {
	s.logger.LogAttrs(context.Background(), slog.LevelInfo, "hosted page", slog.Int("status", status))
}

// showQRCode responds with a picture that says what it is in place of: nobody scans a local sandbox.
func (s *Server) showQRCode(w http.ResponseWriter, r *http.Request) {
	if s.pageOf(r) == nil {
		s.draw(w, http.StatusNotFound, pageNotFound)
		return
	}
	s.logPage(http.StatusOK)
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="240" height="240" role="img" aria-label="Local sandbox: no QR code">` +
		`<rect width="240" height="240" fill="#ffd84d"/><text x="120" y="112" text-anchor="middle" font-family="sans-serif" font-size="18">Local sandbox:</text>` +
		`<text x="120" y="140" text-anchor="middle" font-family="sans-serif" font-size="18">no QR code</text></svg>`))
}

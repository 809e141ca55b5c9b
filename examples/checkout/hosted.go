package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

// Beside the widget, a checkout can be paid on a page that Klarna hosts. Both are for the same session, and both lead to the
// same order (that a session can be used in both ways is inferred): the page has place_order_mode NONE, so that an approval on
// it is an authorization token, which place places as it does the widget's. Only the shop places orders. That is why it can be
// sure that there is one, whichever way the shopper chose or if they chose both, and why it can say "nothing was ordered"
// without asking.
//
// With PLACE_ORDER Klarna would place the order as soon as the shopper approves. The shop could forget to look for longer than the
// 60 minutes that a token is valid, and would still have an order. But orders would be placed in two places: the shop would have to
// record orders that it did not write down before (their cart, their address, their fraud status, by Order Management's ReadOrder),
// the widget's token would have to be kept back until the page is known to be disabled, and of a shopper who approved in both one
// order would have to be cancelled.

// origin of an authorization token: of the widget see order.go.
const (
	byPage         origin = "page"          // the shopper came back from Klarna's page, or looked at the checkout
	byPageCallback origin = "page callback" // Klarna called
	byPagePoll     origin = "page poll"     // nobody came and nobody called: the shop asked
)

func (by origin) onPage() bool { return by == byPage || by == byPageCallback || by == byPagePoll }

// payOnPage sends the shopper to Klarna's page.
func (s *shop) payOnPage(w http.ResponseWriter, r *http.Request, sh *shopper) {
	if s.baseURL == "" {
		s.notFound(w, r, sh) // it is not offered
		return
	}
	c, ok := s.ownCheckout(w, r, sh)
	if !ok {
		return
	}
	if !c.payable() { // it matters more than the address
		s.goOn(w, r, sh, c.id)
		return
	}
	address, ok := postedAddress(r)
	if !ok {
		seeOther(w, r, problemPath("address"))
		return
	}
	target, err := s.pageFor(r.Context(), c, address)
	switch {
	case err != nil && s.mayBeOrdered(r.Context(), c.id):
		s.goOn(w, r, sh, c.id)
	case err != nil:
		s.failed(w, r, sh, "the checkout cannot be paid on Klarna's page", err, "order_number", c.number)
	case target == "":
		s.goOn(w, r, sh, c.id)
	default:
		seeOther(w, r, target)
	}
}

// approved reports whether what the shopper approved on a page is not ordered yet.
func (p *hostedPage) approved() bool { return p.open && p.status == hostedpage.SessionStatusCompleted }

// successPath is where a shopper who approved on a page waits for the order.
func (p *hostedPage) successPath() string {
	return "/checkout/" + url.PathEscape(p.checkoutID) + "/page/success?page=" + url.QueryEscape(p.id)
}

// mayBeOrdered reports whether there is an order of a checkout, or an approval that may still become one: nobody must be told then that
// nothing was ordered. It is also true if that cannot be read.
func (s *shop) mayBeOrdered(ctx context.Context, checkoutID string) bool {
	c, err := s.store.checkout(ctx, checkoutID)
	if err != nil || c.state == ordered || c.waiting != "" {
		return true
	}
	p, err := s.store.openPage(ctx, checkoutID)
	return err != nil || p != nil && p.approved()
}

// postedAddress reads the address form. Nothing of it may be missing: the parcel goes there.
func postedAddress(r *http.Request) (a klarna.Address, complete bool) {
	a.Country, complete = "DE", true
	for name, field := range map[string]*string{
		"given_name": &a.GivenName, "family_name": &a.FamilyName, "street_address": &a.StreetAddress, "postal_code": &a.PostalCode,
		"city": &a.City, "email": &a.Email, "phone": &a.Phone,
	} {
		*field = strings.TrimSpace(r.PostFormValue("billing_address." + name))
		complete = complete && *field != "" && len(*field) <= 400
	}
	return a, complete
}

// pageFor returns where the checkout can be paid on Klarna's page, or "" if its state is what to show. A second click leads to the
// page that exists: another one would be harmless, but confusing.
func (s *shop) pageFor(ctx context.Context, c *checkout, address klarna.Address) (target string, err error) {
	for range attempts {
		if c.state == open {
			err = s.refresh(ctx, c) // a page cannot be paid on if its session has expired
		}
		if err != nil || !c.payable() {
			return "", err
		}
		p, err := s.lookAtPage(ctx, c)
		if err != nil || c.state != open || p != nil && p.status == hostedpage.SessionStatusCompleted {
			return "", err
		}
		// The widget gets the address from the browser, Klarna's page from the session. The shopper has chosen to pay with Klarna by now.
		if err := s.klarna.UpdateSession(ctx, c.sessionID, klarna.SessionUpdate{BillingAddress: address, ShippingAddress: address}); err != nil {
			if errors.Is(err, klarna.ErrInvalidRequest) {
				err = errors.Join(errAddress, err)
			}
			return "", err
		}
		if p != nil && p.open {
			return p.url, nil
		}
		p, err = s.createPage(ctx, c)
		if errors.Is(err, klarna.ErrNotFound) && isKlarnas(err) { // in the last hour of a session, pages have expired
			return "", errors.Join(s.store.end(ctx, c), s.reload(ctx, c))
		}
		if err != nil {
			return "", err
		}
		// It is stored before the shopper is sent there: the shop must know of every page that can be paid on.
		added, err := s.store.addPage(ctx, c, p)
		if added {
			return p.url, nil
		}
		// A double click has made one as well, or the cart has changed. Nobody knows where this one is.
		if err := errors.Join(err, s.pages.DisableSession(ctx, p.id)); err != nil {
			s.logger.WarnContext(ctx, "a page was made in vain", "order_number", c.number, "error", err)
		}
		if err := errors.Join(err, s.reload(ctx, c)); err != nil {
			return "", err
		}
	}
	return "", errChanged
}

// createPage makes a page for a checkout's session, with URLs of this shop. They begin with its base URL, so without that it
// cannot be made.
func (s *shop) createPage(ctx context.Context, c *checkout) (*hostedPage, error) {
	status, err := s.signer.Sign(s.baseURL+pageCallbackPath, c.id, 48*time.Hour) // as long as a session lives
	if err != nil {
		return nil, err
	}
	// Klarna puts the id of the page in place of {{session_id}}, if it finds these very characters: url.Values would escape them.
	// It could add the authorization token as well. But that would stay in the history of browsers and in the logs of proxies, and
	// the shop reads the page anyway: an URL proves nothing.
	returned := func(how string) string {
		return s.baseURL + "/checkout/" + url.PathEscape(c.id) + "/page/" + how + "?page={{session_id}}"
	}
	created, err := s.pages.CreateSession(ctx, hostedpage.SessionRequest{
		PaymentSessionURL: s.klarna.SessionURL(c.sessionID), // through a gateway it would be klarna.Environment.SessionURL
		MerchantURLs: hostedpage.MerchantURLs{
			Success: returned("success"), Cancel: returned("cancel"), Back: returned("back"), Failure: returned("failure"), Error: returned("error"),
			StatusUpdate: status,
		},
		Options: hostedpage.Options{
			PlaceOrderMode: hostedpage.PlaceOrderModeNone, PurchaseType: hostedpage.PurchaseTypeBuy, PageTitle: "Example Shop",
		},
	})
	switch {
	case err != nil:
		return nil, err
	case created.RedirectURL == "":
		return nil, errNoAddress
	}
	return &hostedPage{id: created.SessionID, checkoutID: c.id, url: created.RedirectURL, open: true, status: hostedpage.SessionStatusWaiting}, nil
}

var (
	errAddress   = errors.New("the shopper's address is incomplete or invalid")
	errNoAddress = errors.New("the page at Klarna has no address")
)

// lookAtPage asks Klarna how far the shopper came on the open page of a checkout, if it has one, and returns that page. The
// shopper may have paid there. The checkout is read again afterwards.
func (s *shop) lookAtPage(ctx context.Context, c *checkout) (*hostedPage, error) {
	p, err := s.store.openPage(ctx, c.id)
	if err != nil || p == nil {
		return nil, err
	}
	return p, errors.Join(s.settlePage(ctx, p, byPage), s.reload(ctx, c))
}

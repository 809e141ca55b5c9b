package main

import (
	"crypto/rand"
	_ "embed" // for the page
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log"
	"net/http"
	"sync"

	"github.com/klarna-go/klarna-payments/payway"
)

// paper is the newspaper's backend.
type paper struct {
	*http.ServeMux
	client *payway.Client
	script string // Klarna's, or the one that takes its place
	// tokenOf returns the access token of the reader who sends a request, by the platform's sign-in.
	tokenOf func(*http.Request) payway.Token
	out     io.Writer

	mu       sync.Mutex
	sessions map[string]string // Payway's session id, by the cookie of the reader
}

func newPaper(client *payway.Client, script string, tokenOf func(*http.Request) payway.Token, out io.Writer) *paper {
	p := &paper{ServeMux: http.NewServeMux(), client: client, script: script, tokenOf: tokenOf, out: out, sessions: map[string]string{}}
	p.HandleFunc("GET /{$}", p.paywall)
	p.HandleFunc("POST /subscribe", p.subscribe)
	p.HandleFunc("POST /approved", p.approved)
	return p
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// paywall shows the offer. It creates no session: most readers who see it do not subscribe.
func (p *paper) paywall(w http.ResponseWriter, _ *http.Request) {
	if err := page.Execute(w, p.script); err != nil {
		log.Print(err)
	}
}

// subscribe creates the session, once the reader has chosen to subscribe. The page gets the client token and the ways to
// pay. The session id stays here.
func (p *paper) subscribe(w http.ResponseWriter, r *http.Request) {
	// quote: subscribe
	session, err := p.client.CreateSession(r.Context(), p.tokenOf(r), payway.SessionRequest{
		Code:            "nordlys_web",
		PeriodType:      payway.PeriodTypeRecurring,
		ConfirmationURL: "http://" + r.Host + "/",
	})
	switch {
	case errors.Is(err, payway.ErrUnauthorized):
		http.Error(w, "Please sign in again.", http.StatusUnauthorized)
		return
	case err != nil:
		log.Print(err)
		http.Error(w, "Klarna is not available right now.", http.StatusBadGateway)
		return
	}
	// end of quote
	cookie := &http.Cookie{Name: "reader", Value: rand.Text(), HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // G124: plain http, on loopback
	p.mu.Lock()
	p.sessions[cookie.Value] = session.SessionID
	p.mu.Unlock()
	http.SetCookie(w, cookie)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // fails only when the reader has gone
		"client_token": session.ClientToken, "categories": session.PaymentMethodCategories,
	})
}

// approved takes the authorization token, which Klarna's script has given to the page.
func (p *paper) approved(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("reader")
	if err != nil {
		http.Error(w, "There is no purchase.", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	sessionID := p.sessions[cookie.Value]
	p.mu.Unlock()
	authorizationToken := r.PostFormValue("authorization_token")
	if sessionID == "" || authorizationToken == "" {
		http.Error(w, "There is no purchase.", http.StatusBadRequest)
		return
	}
	// Both now go to Payway's place_order, which this library does not cover.
	_, _ = fmt.Fprintf(p.out, "Approved: Payway's place_order takes session %s and an authorization token of %d characters.\n", sessionID, len(authorizationToken))
	_, _ = fmt.Fprintln(w, "Approved. Payway's place_order comes next, and is not part of this example.") // fails only when the reader has gone
}

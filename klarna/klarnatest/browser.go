package klarnatest

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// browserPath is where the script in the browser, or a shopper with curl, reaches the server. These calls are ours and not
// Klarna's. They are authenticated by the client token and not by the shop's credentials, so any page may make them.
const browserPath = "/kp/sandbox/"

// browserCall is the body of each of these calls.
type browserCall struct {
	ClientToken   string   `json:"client_token"`
	Data          members  `json:"data"`           // takes its place in the session
	AutoFinalize  *bool    `json:"auto_finalize"`  // of authorize: false asks for a later finalize
	Outcome       Outcome  `json:"outcome"`        // of all but session: what the shopper does; empty is approve
	InvalidFields []string `json:"invalid_fields"` // of the outcome invalid_fields

	request *Request
}

// browserResult is what the script hands to the page's callback.
type browserResult struct {
	Approved           bool          `json:"approved"`
	ShowForm           bool          `json:"show_form"`
	AuthorizationToken string        `json:"authorization_token,omitempty"`
	FinalizeRequired   bool          `json:"finalize_required,omitempty"`
	Error              *browserError `json:"error,omitempty"`
}

type browserError struct {
	InvalidFields []string `json:"invalid_fields"`
}

func (s *Server) browserRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+ScriptPath, s.script)
	for name, do := range map[string]func(*session, browserCall) (any, *failure){
		"session":     s.browserSession,
		"authorize":   s.browserAuthorize,
		"reauthorize": s.browserReauthorize,
		"finalize":    s.browserFinalize,
	} {
		mux.HandleFunc("POST "+browserPath+name, s.serveBrowser(name, do))
	}
	mux.HandleFunc("OPTIONS "+browserPath, func(w http.ResponseWriter, _ *http.Request) {
		allowAnyPage(w.Header())
		w.WriteHeader(http.StatusNoContent)
	})
}

// allowAnyPage lets a page of another origin call, as Klarna's server does for Klarna's script.
func allowAnyPage(header http.Header) {
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Allow-Methods", "POST")
	header.Set("Access-Control-Allow-Headers", "Content-Type")
	header.Set("Access-Control-Max-Age", "600")
}

func (s *Server) serveBrowser(name string, do func(*session, browserCall) (any, *failure)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request := s.newRequest("")
		result, rejected := s.browser(w, r, &request, do)
		rendered := s.render(request, result, rejected)
		allowAnyPage(rendered.header)
		rendered.header.Set("Cache-Control", "no-store")
		request.finishWarnings()
		request.writeWarnings(rendered.header)
		request.StatusCode, request.Duration = rendered.status, time.Since(request.began)
		s.logger.LogAttrs(context.Background(), slog.LevelInfo, "browser "+name, request.attrs()[1:]...)
		rendered.send(w)
	}
}

func (s *Server) browser(w http.ResponseWriter, r *http.Request, request *Request, do func(*session, browserCall) (any, *failure)) (any, *failure) {
	body, rejected := s.readBody(w, r)
	if rejected != nil {
		return nil, rejected
	}
	var call browserCall
	if err := json.Unmarshal(body, &call); err != nil {
		return nil, malformed
	}
	if path, ok := oversized("", decode(body)); ok {
		return nil, badValue(strings.TrimPrefix(path, "data."))
	}
	switch call.Outcome {
	case "", OutcomeApprove, OutcomeDecline, OutcomeInvalidFields, OutcomeClose:
	default:
		return nil, badValue("outcome")
	}
	s.mu.Lock()
	x, rejected := s.sessionOf(call.ClientToken)
	s.mu.Unlock()
	if rejected != nil {
		return nil, rejected
	}
	call.request = request
	return do(x, call)
}

// sessionOf finds the session that a client token was made for.
func (s *Server) sessionOf(clientToken string) (*session, *failure) {
	x := s.sessions[sessionIDOf(clientToken)]
	if x == nil || subtle.ConstantTimeCompare([]byte(x.clientToken), []byte(clientToken)) == 0 {
		return nil, unauthorized
	}
	return s.findOpenSession(x.id)
}

// sessionIDOf reads the id in a client token; or empty.
func sessionIDOf(clientToken string) string {
	_, rest, _ := strings.Cut(clientToken, ".")
	payload, _, _ := strings.Cut(rest, ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return ""
	}
	var claims struct {
		SessionID string `json:"session_id"`
	}
	if json.Unmarshal(raw, &claims) != nil {
		return ""
	}
	return claims.SessionID
}

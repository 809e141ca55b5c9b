// Package paywaytest is a fake server of Payway's create_session, for tests and for trying things without credentials. A
// [Server] listens on loopback, opens its Klarna sessions at a klarnatest.Server, and responds as Payway's pages describe it:
//
//	server := paywaytest.NewServer()
//	defer server.Close()
//	session, err := server.Client().CreateSession(ctx, server.Token, payway.SessionRequest{ … })
//	authorizationToken, err := server.Authorize(session.SessionID) // what the reader does in the browser
//
// The client tokens work with that server's script, klarnatest.ScriptPath, so that a purchase can be tried in a browser as
// well. Every code is that of a package, which costs 99.00 SEK.
//
// It rejects a request that breaks api/payway.yaml or the rules of [payway.Client.CreateSession], and a token that is unknown,
// or lacks the scope or an identity. The bodies of 401 and 403, and the order of the checks, are inferred.
package paywaytest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/payway"
)

// Server is a fake Payway. [NewServer] makes it. It is safe for concurrent use.
type Server struct {
	URL    string             // the base URL, such as http://127.0.0.1:54321
	Token  payway.Token       // a random one, with an identity and the scope
	Klarna *klarnatest.Server // where it opens sessions

	server   *httptest.Server
	client   *klarna.Client // of Klarna
	logger   *slog.Logger
	listener net.Listener
	close    func() // closes Klarna, if it is the server's own

	mu       sync.Mutex
	tokens   map[payway.Token]grant
	faults   []Fault
	requests []Request
}

// grant is what a token stands for.
type grant struct {
	identity string
	scopes   []string
}

// Option changes how a [Server] works.
type Option func(*Server)

// WithKlarna has the server open its sessions at this Klarna, which the caller closes, instead of at one of its own.
func WithKlarna(server *klarnatest.Server) Option { return func(s *Server) { s.Klarna = server } }

// WithListener has the server listen there instead of on a free port of loopback. [Server.Close] closes it.
func WithListener(listener net.Listener) Option { return func(s *Server) { s.listener = listener } }

// WithLogger has the server log each request. No token, id or body is logged.
func WithLogger(logger *slog.Logger) Option { return func(s *Server) { s.logger = logger } }

// NewServer starts a server. It panics if it cannot listen. Close it when done.
func NewServer(opts ...Option) *Server {
	s := &Server{logger: slog.New(slog.DiscardHandler), tokens: map[payway.Token]grant{}, close: func() {}}
	for _, opt := range opts {
		opt(s)
	}
	if s.Klarna == nil {
		s.Klarna = klarnatest.NewServer()
		s.close = s.Klarna.Close
	}
	s.client, _ = klarna.New("http://localhost", klarna.APIKey(s.Klarna.APIKey), klarna.WithHTTPClient(&http.Client{Transport: inProcess{s.Klarna}}))
	s.Token = s.NewToken("reader", payway.Scope)
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.server.Config.ReadTimeout, s.server.Config.IdleTimeout = 10*time.Second, 2*time.Minute // a sandbox may run for weeks
	if s.listener != nil {
		_ = s.server.Listener.Close() // the free port is not needed
		s.server.Listener = s.listener
	}
	s.server.Start()
	s.URL = s.server.URL
	return s
}

// Close stops the server, and the Klarna that it started.
func (s *Server) Close() {
	s.server.CloseClientConnections() // a caller that neither sends a request nor leaves would keep it open
	s.server.Close()
	s.close()
}

// Client returns a client of this server. It panics if an option is wrong.
func (s *Server) Client(opts ...klarna.Option) *payway.Client {
	client, err := payway.New(payway.Environment(s.URL), append([]klarna.Option{klarna.WithHTTPClient(s.server.Client())}, opts...)...)
	if err != nil {
		panic("paywaytest: Client: " + err.Error())
	}
	return client
}

// NewToken returns a new token. The operation needs an identity that is not empty, and [payway.Scope].
func (s *Server) NewToken(identity string, scopes ...string) payway.Token {
	token := payway.Token("payway-test-" + rand.Text())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = grant{identity, slices.Clone(scopes)}
	return token
}

// Revoke makes a token unknown, like one that has expired.
func (s *Server) Revoke(token payway.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, token)
}

// Authorize does what the reader does in the browser, for the session with this id of Payway's. It returns Klarna's
// authorization token, which Payway's place_order takes.
func (s *Server) Authorize(sessionID string) (authorizationToken string, err error) {
	for _, r := range s.Requests() {
		if r.SessionID == sessionID && sessionID != "" {
			return s.Klarna.Authorize(r.klarnaID)
		}
	}
	return "", errors.New("paywaytest: Authorize: there is no such session")
}

// Request is one request that arrived, and what became of it. It contains no token.
type Request struct {
	Time       time.Time
	Identity   string          // that the token stands for
	Body       json.RawMessage // as it arrived, JSON or not
	StatusCode int             // of the response; 0 if there was none
	SessionID  string          // of the session that was opened

	klarnaID string
}

// Requests returns the requests so far, of more than 10,000 the newest. The result is the caller's to change.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Server) record(r *Request) {
	s.mu.Lock()
	s.requests = append(s.requests, *r)
	s.requests = s.requests[max(0, len(s.requests)-10_000):]
	s.mu.Unlock()
	s.logger.LogAttrs(context.Background(), slog.LevelInfo, string(payway.OperationCreateSession), slog.Int("status", r.StatusCode),
		slog.Duration("duration", time.Since(r.Time)))
}

// Fault goes wrong with one request. serve handles the request as usual; a fault may call it, or not.
type Fault func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc)

// Fail has the next requests meet these faults, one each, after those of earlier calls.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Status responds with an error in the form that Payway documents. One field is a string in it, several are a list.
func Status(status int, code, message string, fields ...string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		send(w, status, errorBody(code, message, fields...))
	}
}

// Reset opens the session and closes the connection without a response.
func Reset() Fault {
	return func(_ http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		serve(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
}

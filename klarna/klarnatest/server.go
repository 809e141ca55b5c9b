package klarnatest

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/klarna-go/klarna-payments/klarna"
)

// Server is a Klarna of its own: what one server knows, no other does. [NewServer] makes it. Any number of goroutines
// may use it at once.
type Server struct {
	// URL is the base URL, such as http://127.0.0.1:54321, without a slash at the end. Client uses it, and client tokens
	// and redirect URLs hold it: a program that serves the handler elsewhere changes it before the first call.
	URL string

	// The credentials that the server takes, made at random: the API key by itself, or the username with the password.
	// As at Klarna the key is also the password.
	Username, Password, APIKey string

	server *httptest.Server
	mux    *http.ServeMux
	clock  clock
	log    requestLog

	mu             sync.Mutex // guards what follows, and all that it leads to
	sessions       map[string]*session
	authorizations map[string]*authorization // by token
	redirects      map[string]string         // by order id: the confirmation page
}

// NewServer starts a server on a free port of loopback. It panics when it cannot listen. Close it when done.
func NewServer(opts ...Option) *Server {
	s := &Server{
		sessions:       map[string]*session{},
		authorizations: map[string]*authorization{},
		redirects:      map[string]string{},
	}
	s.Username, s.APIKey = newCredentials()
	s.Password = s.APIKey
	s.mux = s.routes()

	var c config
	for _, opt := range opts {
		opt(&c)
	}
	s.server = httptest.NewUnstartedServer(s)
	if c.listener != nil {
		_ = s.server.Listener.Close() // the free port is not needed
		s.server.Listener = c.listener
	}
	s.server.Start()
	s.URL = s.server.URL
	if transport, ok := s.server.Client().Transport.(*http.Transport); ok {
		transport.MaxIdleConnsPerHost = 256 // or parallel callers would open a connection for nearly every call
	}
	return s
}

// Close stops the server, once it has answered the calls that are under way, and closes the connections of the clients
// that Client made. What it remembers can still be asked for.
func (s *Server) Close() { s.server.Close() }

// Client returns a client of this server, made with its URL, its API key and the options given. It panics if one of the
// options is wrong.
func (s *Server) Client(opts ...klarna.Option) *klarna.Client {
	// The server's own HTTP client: Close closes its connections, so that none is left over for a later server which gets
	// the same port.
	opts = append([]klarna.Option{klarna.WithHTTPClient(s.server.Client())}, opts...)
	client, err := klarna.New(klarna.Environment(s.URL), klarna.APIKey(s.APIKey), opts...)
	if err != nil {
		panic("klarnatest: Client: " + err.Error())
	}
	return client
}

// ServeHTTP answers one request, so that a program can put the server behind a handler of its own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isClean(r.URL.EscapedPath()) {
		// The mux would redirect to what it takes the path for.
		s.notFound(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Format prints where the server listens, for every verb: its fields hold credentials, tokens and addresses.
func (s *Server) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.text()) }

// LogValue is where the server listens.
func (s *Server) LogValue() slog.Value { return slog.StringValue(s.text()) }

func (s *Server) text() string {
	if s == nil {
		return "klarnatest.Server(nil)"
	}
	return "klarnatest.Server(" + s.URL + ")"
}

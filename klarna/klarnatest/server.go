package klarnatest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// Server is a fake Klarna server. Servers share no state. [NewServer] makes it. Any number of goroutines
// may use it at once.
type Server struct {
	// URL is the base URL, such as http://127.0.0.1:54321, without a slash at the end. Client uses it, and client tokens
	// and redirect URLs hold it: a program that serves the handler elsewhere changes it before the first call.
	URL string

	// The credentials that the server accepts, made at random unless WithCredentials sets them: the API key by itself, or
	// the username with the password. As at Klarna the key is also the password.
	Username, Password, APIKey string

	server        *httptest.Server
	mux           *http.ServeMux
	clock         clock
	log           requestLog
	logger        *slog.Logger
	faults        faultQueue
	limits        limits
	callbacks     *callbacks
	strict        bool
	setup         func(*Server) // nil, or the settings to begin with
	remoteControl bool
	large         turns
	categories    []string // identifiers
	repeatTokens  bool
	keyConflicts  bool
	readTimeout   time.Duration // 0 is no limit
	grace         time.Duration
	closing       context.Context // ends when Close begins
	close         context.CancelFunc

	// mu guards what follows, and all that it leads to. Nothing that takes long is done while it is held: bodies are
	// parsed, validated and compared before, and responses are encoded after.
	mu sync.Mutex
	store
	fraudStatus klarna.FraudStatus // of orders to come
}

// NewServer starts a server on a free port of loopback. It panics when it cannot listen. Close it when done.
func NewServer(opts ...Option) *Server {
	c := config{logger: slog.New(slog.DiscardHandler), maxSessions: defaultMaxSessions, maxBytes: defaultMaxBytes,
		categories: []string{klarna.PaymentMethodCategoryIdentifierKlarna}}
	for _, opt := range opts {
		opt(&c)
	}
	s := &Server{
		Username: c.username, Password: c.apiKey, APIKey: c.apiKey,
		logger:        c.logger,
		strict:        c.strict,
		setup:         c.setup,
		remoteControl: c.remoteControl,
		large:         turns{running: make(chan struct{}, 1)},
		categories:    c.categories,
		repeatTokens:  c.repeatTokens,
		keyConflicts:  c.keyConflicts,
		readTimeout:   c.readTimeout,
		grace:         defaultGrace,
		store:         newStore(c.maxSessions, c.maxBytes),
		fraudStatus:   klarna.FraudStatusAccepted,
	}
	s.setCredentials()
	s.closing, s.close = context.WithCancel(context.Background())
	s.callbacks = newCallbacks(s.closing, s.logger)
	s.mux = s.routes()

	s.server = httptest.NewUnstartedServer(s)
	s.server.Config.ReadHeaderTimeout = c.readTimeout
	if c.readTimeout > 0 {
		s.server.Config.IdleTimeout = idleTimeout
	}
	if c.listener != nil {
		_ = s.server.Listener.Close() // the free port is not needed
		s.server.Listener = c.listener
	}
	s.URL = "http://" + s.server.Listener.Addr().String()
	if c.url != "" {
		s.URL = strings.TrimRight(c.url, "/")
	}
	if s.setup != nil {
		s.setup(s)
	}
	s.server.Start()
	if transport, ok := s.server.Client().Transport.(*http.Transport); ok {
		transport.MaxIdleConnsPerHost = 256 // or parallel callers would open a connection for nearly every call
	}
	return s
}

// Close stops the server, once the calls that are under way have ended, ends the faults and callbacks that are still
// waiting, and closes the connections of the clients that Client made. What it has stored can still be read.
func (s *Server) Close() {
	s.close()
	// A caller that neither sends the rest of its request nor goes away would keep it open for ever.
	cut := time.AfterFunc(s.grace, s.server.CloseClientConnections)
	defer cut.Stop()
	s.server.Close()
	s.callbacks.wait()
}

const (
	defaultGrace = time.Second     // how long Close waits for the calls that are under way
	idleTimeout  = 2 * time.Minute // how long a connection without a request is kept, where there are time limits
)

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

// ServeHTTP serves one request, so that a program can put the server behind a handler of its own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	clean, ok := s.withCleanPath(r)
	if !ok {
		s.notFound(w, r)
		return
	}
	s.mux.ServeHTTP(w, clean)
}

// Format prints where the server listens, for every verb: its fields hold credentials, tokens and addresses.
func (s *Server) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.text()) }

// LogValue returns where the server listens.
func (s *Server) LogValue() slog.Value { return slog.StringValue(s.text()) }

func (s *Server) text() string {
	if s == nil {
		return "klarnatest.Server(nil)"
	}
	return "klarnatest.Server(" + s.URL + ")"
}

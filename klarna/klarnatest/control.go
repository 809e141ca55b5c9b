package klarnatest

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/internal/engine"
)

// ControlPath is where the control API begins: what the methods of [Server] do, for tests in any language. It is described by the
// OpenAPI document at ControlPath + "openapi.yaml".
const ControlPath = "/_sandbox/"

//go:embed control.yaml
var controlDocument []byte

var controlContract = sync.OnceValues(func() (*contract.Contract, error) { return contract.Parse(controlDocument) })

// controlRoute is one call of the control API. Its route is in the document, and its body has been validated by it.
type controlRoute struct {
	route string // method and path, below ControlPath
	// methods are the methods of Server that the call stands for. A test keeps the two the same.
	methods []string
	do      func(s *Server, call *controlCall) (result any, err error) // a result of nil is a 204
}

// controlCall is one call of the control API.
type controlCall struct {
	*http.Request
	body []byte
}

// into decodes the body, which fits by the document. Without a body, to stays as it is.
func (c *controlCall) into(to any) error {
	if len(c.body) == 0 {
		return nil
	}
	return json.Unmarshal(c.body, to)
}

// errUnknown is what is not there: 404.
var errUnknown = errors.New("there is no such thing, or it has expired")

// stateError is an error of a method of Server, which depends on its state: 409. All others are 400.
type stateError struct{ error }

func (e stateError) Unwrap() error { return e.error }

func (s *Server) controlRoutes(mux *http.ServeMux) {
	for _, route := range controlTable {
		method, path, _ := strings.Cut(route.route, " ")
		mux.HandleFunc(method+" "+ControlPath+path, s.control(route))
	}
	mux.HandleFunc("GET "+ControlPath+"openapi.yaml", func(w http.ResponseWriter, r *http.Request) {
		if reason := s.rejectsControl(r); reason != "" {
			renderControl(http.StatusForbidden, controlError(reason)).send(w)
			return
		}
		response{http.StatusOK, http.Header{"Content-Type": {"application/yaml"}}, controlDocument}.send(w)
	})
	mux.HandleFunc(ControlPath, func(w http.ResponseWriter, _ *http.Request) {
		renderControl(http.StatusNotFound, controlError("there is no such call; "+ControlPath+"openapi.yaml describes all of them")).send(w)
	})
}

func (s *Server) control(route controlRoute) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rendered := s.controlled(w, r, route)
		s.logger.LogAttrs(context.Background(), slog.LevelInfo, "control "+route.route,
			slog.Int("status", rendered.status), slog.Duration("duration", time.Since(began)))
		rendered.send(w)
	}
}

func (s *Server) controlled(w http.ResponseWriter, r *http.Request, route controlRoute) response {
	if reason := s.rejectsControl(r); reason != "" {
		return renderControl(http.StatusForbidden, controlError(reason))
	}
	call := &controlCall{Request: r}
	var rejected *failure
	if call.body, rejected = s.readBody(w, r); rejected != nil {
		return renderControl(http.StatusBadRequest, controlError("the body cannot be read: "+rejected.Error()))
	}
	result, err := s.doControl(call, route)
	var state stateError
	var unknown *failure
	switch {
	case errors.Is(err, errUnknown), errors.As(err, &unknown) && unknown.status == http.StatusNotFound:
		return renderControl(http.StatusNotFound, controlError(err.Error()))
	case errors.As(err, &state):
		return renderControl(http.StatusConflict, controlError(err.Error()))
	case err != nil:
		return renderControl(http.StatusBadRequest, controlError(err.Error()))
	case result == nil:
		return renderControl(http.StatusNoContent, nil)
	}
	return renderControl(http.StatusOK, result)
}

// doControl validates a call by the document, and carries it out.
func (s *Server) doControl(call *controlCall, route controlRoute) (any, error) {
	document, err := controlContract()
	if err != nil {
		return nil, err
	}
	// The document knows one Content-Type; curl -d sets another by itself, and a page of another site could set that one.
	described := call.Clone(call.Context())
	described.Header = http.Header{}
	if len(call.body) > 0 {
		described.Header.Set("Content-Type", "application/json")
	}
	if err := document.Request(described, call.body); err != nil {
		return nil, err
	}
	return route.do(s, call)
}

func controlError(reason string) any { return map[string]string{"error": reason} }

func renderControl(status int, result any) response {
	header := http.Header{"Cache-Control": {"no-store"}}
	if result != nil {
		header.Set("Content-Type", "application/json")
	}
	return response{status, header, encodeResult(result)}
}

// rejectsControl returns why a caller may not control the server, or "". Without [WithRemoteControl] it has to be on this machine,
// and neither behind a proxy, which would seem to be on it, nor a page of another site in a browser on it.
func (s *Server) rejectsControl(r *http.Request) string {
	if origin := r.Header.Get("Origin"); origin != "" && !s.isOwn(origin) {
		return "pages of other sites may not control the sandbox"
	}
	if s.remoteControl {
		return ""
	}
	caller, err := netip.ParseAddrPort(r.RemoteAddr)
	switch {
	case err != nil || !caller.Addr().Unmap().IsLoopback(), r.Header.Get("Forwarded") != "", r.Header.Get("X-Forwarded-For") != "":
		return "other machines may not control the sandbox, unless it is started with WithRemoteControl, or -allow-remote-control"
	case !s.isOwn("http://" + r.Host): // a name that leads here may be anyone's
		return "the sandbox is not called by this name, unless it is started with WithRemoteControl, or -allow-remote-control"
	}
	return ""
}

// isOwn reports whether a URL is on loopback, or on the host of the server's own URL.
func (s *Server) isOwn(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	own, err := url.Parse(s.URL)
	return engine.IsLoopback(u.Hostname()) || err == nil && strings.EqualFold(own.Hostname(), u.Hostname())
}

// duration is a time to wait, as Go writes it.
type duration time.Duration

// maxDuration is how far the clock moves, or anything waits. It is far more than a test needs, and does not overflow.
const maxDuration = 100 * 365 * 24 * time.Hour

// UnmarshalText parses a duration.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(bytes.TrimSpace(text)))
	if err != nil || parsed < 0 || parsed > maxDuration {
		return fmt.Errorf("%q is not a duration such as 61m or 1.5s, from 0 to 100 years", text)
	}
	*d = duration(parsed)
	return nil
}

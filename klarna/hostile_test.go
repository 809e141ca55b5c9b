package klarna_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestHostileResponseIsAnErrorAndNoHarm(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 1<<20)
	for name, test := range map[string]struct {
		body    string
		wantErr string // "" when the session can be read
	}{
		"deep list":             {deep, "response is not JSON"},
		"deep object":           {strings.Repeat(`{"a":`, 200_000), "response is not JSON"},
		"deep within":           {`{"status":"complete","x":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + `}`, ""},
		"duplicate keys":        {`{"status":"incomplete","status":"complete"}`, ""},
		"trailing garbage":      {`{"status":"complete"}{"status":"incomplete"}`, "response is not JSON"},
		"other case":            {`{"STATUS":"complete"}`, ""},
		"not UTF-8":             {"{\"status\":\"complete\",\"design\":\"\xff\xfe\"}", ""},
		"byte order mark":       {"\ufeff" + `{"status":"complete"}`, ""},
		"NUL bytes":             {strings.Repeat("\x00", 100), "response is not JSON"},
		"odd text":              {`{"status":"complete","design":7,"options":[],"customer":"x"}`, "design has the wrong type"},
		"amount beyond int64":   {`{"status":"complete","order_amount":9223372036854775808}`, "order_amount has the wrong type"},
		"amount beyond float64": {`{"status":"complete","order_tax_amount":1e400}`, "order_tax_amount has the wrong type"},
		"amount with decimals":  {`{"status":"complete","order_amount":25.00}`, "order_amount has the wrong type"},
		"amount as text":        {`{"status":"complete","order_amount":"2500"}`, "order_amount has the wrong type"},
		"amount of a line":      {`{"status":"complete","order_lines":[{"unit_price":0.5}]}`, "order_lines.unit_price has the wrong type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{Lines: []line{{Status: 200, Body: test.body}}}
			session, err := clientOf(t, s).ReadSession(t.Context(), sessionID)
			if test.wantErr == "" {
				require.NoError(t, err)
				require.Equal(t, klarna.SessionStatusComplete, session.Status)
				return
			}
			require.ErrorIs(t, err, klarna.ErrUnexpectedResponse)
			require.ErrorContains(t, err, test.wantErr)
		})
	}
}

func TestCompressedBombIsNotUnpackedBeyondTheLimit(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	packer := gzip.NewWriter(&bomb)
	page := make([]byte, 1<<20)
	pages := 64
	if raceDetector {
		pages = 16 // the detector slows it down; make cover runs all of it without it
	}
	for range pages {
		_, err := packer.Write(page)
		require.NoError(t, err)
	}
	require.NoError(t, packer.Close())
	for status, kind := range map[int]error{200: klarna.ErrResponseTooLarge, 500: klarna.ErrServer} {
		server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(status)
			_, _ = w.Write(bomb.Bytes())
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := server.hostileClient(t).ReadSession(t.Context(), sessionID)
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, kind)
		require.ErrorIs(t, err, klarna.ErrResponseTooLarge)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(200<<20))
	}
}

func TestResponseInCompressionNobodyAskedForIsAnError(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		_, _ = w.Write([]byte{0x0b, 0x02, 0x80, 0x7b, 0x7d, 0x03})
	})
	_, err := server.hostileClient(t).ReadSession(t.Context(), sessionID)
	require.ErrorIs(t, err, klarna.ErrUnexpectedResponse)
}

// A body that trickles keeps a call no longer than an attempt may take.
func TestSlowDripIsCutOff(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := io.WriteString(w, " "); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	_, err := server.hostileClient(t, klarna.WithTimeout(600*time.Millisecond)).ReadSession(t.Context(), sessionID)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, klarna.ErrUnexpectedResponse)
}

func TestResponseAfterCancelHarmsNobody(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		<-release
		respondJSON(200, `{"status":"complete"}`)(w, r)
	})
	client := server.hostileClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := client.ReadSession(ctx, sessionID)
		done <- err
	}()
	require.Eventually(t, func() bool { return len(server.exchanges()) == 1 }, 5*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	close(release)
	session, err := client.ReadSession(t.Context(), sessionID)
	require.NoError(t, err)
	require.Equal(t, klarna.SessionStatusComplete, session.Status)
}

// One client, a hundred goroutines, every operation: for the race detector.
func TestClientIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	byOperation := map[string]http.HandlerFunc{}
	for _, op := range operations() {
		byOperation[op.name.Route()] = respondJSON(op.status, op.response)
		if op.status == 204 {
			byOperation[op.name.Route()] = respond(204, "", "")
		}
	}
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		route := r.Method + " " + strings.NewReplacer(sessionID, "{session_id}", authorizationToken, "{authorizationToken}").Replace(r.URL.Path)
		byOperation[route](w, r)
	})
	client := server.client(t)
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			for _, op := range operations() {
				var response klarna.Response
				if err := op.call(t, client, klarna.WithResponse(&response), klarna.WithHeader("X-Test", "1")); err != nil {
					t.Error(err)
				}
				if response.StatusCode != op.status {
					t.Errorf("%s: status %d", op.name, response.StatusCode)
				}
			}
		})
	}
	group.Wait()
	require.Len(t, server.exchanges(), 600)
}

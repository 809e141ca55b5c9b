package klarna_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// newRawServer writes these bytes as the response to each request and closes the connection: net/http/httptest would not
// let a server send broken ones. It returns its base URL.
func newRawServer(t *testing.T, response string) string {
	t.Helper()
	// The header announces the close, or the client keeps the connection for a moment, and net/http logs it when there are
	// more bytes than the response should have.
	if status, rest, ok := strings.Cut(response, "\r\n"); ok {
		response = status + "\r\nConnection: close\r\n" + rest
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.Copy(io.Discard, req.Body)
				_, _ = io.WriteString(conn, response)
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return "http://" + listener.Addr().String()
}

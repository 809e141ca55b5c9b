package klarna_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// A rejection whose body does not arrive whole proves nothing: it may be one that means "the order exists".
func TestBrokenRejectionIsAmbiguous(t *testing.T) {
	t.Parallel()
	rejections := map[int]string{
		403: `{"error_code":"INVALID_OPERATION","error_messages":["Authorization already consumed"]}`,
		404: `{"error_code":"SESSION_COMPLETED","error_messages":["Session completed"]}`,
		409: `{"error_code":"BAD_VALUE","error_messages":["Order already completed with different request body"]}`,
	}
	breaks := map[string]func(e *wiretest.Exchange, status int, body string){
		"truncated": func(e *wiretest.Exchange, status int, body string) {
			e.Write(http1Response(status, len(body), body[:len(body)/2]))
			e.CloseConnection()
		},
		"closed after the header": func(e *wiretest.Exchange, status int, body string) {
			e.Write(http1Response(status, len(body), ""))
			e.CloseConnection()
		},
		"stalled": func(e *wiretest.Exchange, status int, body string) {
			e.Write(http1Response(status, len(body), body[:10]))
			e.Wait()
		},
		"longer than what is read": func(e *wiretest.Exchange, status int, body string) {
			body = `{"filler":"` + strings.Repeat("x", 70<<10) + `",` + body[1:]
			e.Write(http1Response(status, len(body), body))
		},
		"chunked and truncated": func(e *wiretest.Exchange, status int, body string) {
			e.Write(fmt.Sprintf("HTTP/1.1 %d X\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", status, 10, body[:10]))
			e.CloseConnection()
		},
	}
	for broken, respond := range breaks {
		for status, body := range rejections {
			for _, op := range wireOperations() {
				if !op.commits {
					continue
				}
				t.Run(fmt.Sprintf("%s/%d/%s", broken, status, op.name), func(t *testing.T) {
					t.Parallel()
					peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) { respond(e, status, body) })
					err := op.call(t, wireClient(t, peer.URL, klarna.WithTimeout(800*time.Millisecond), wireRetries(2)))
					require.True(t, isUnknownOrPlaced(err), "%v", err)
					if op.name == klarna.OperationCreateCustomerToken {
						require.Equal(t, 1, peer.Copies(""))
					}
				})
			}
		}
	}
}

func TestBrokenRejectionOverHTTP2IsAmbiguous(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*wiretest.Stream){
		"reset":     func(s *wiretest.Stream) { s.Reset(http2.ErrCodeInternal) },
		"too short": func(s *wiretest.Stream) { s.Part("", true) },
		"closed":    (*wiretest.Stream).CloseConnection,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) {
				s.Read()
				s.Start(403, nil, 100)
				s.Part(`{"error_code":"INVALID`, false)
				end(s)
			})
			_, err := wireClient(t, peer.URL, wireRetries(2)).CreateOrder(t.Context(), wireToken, wireOrder())
			require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
		})
	}
}

// A 101 has a body without an end, which does not obey the context.
func TestSwitchOfProtocolsDoesNotHoldCall(t *testing.T) {
	t.Parallel()
	for _, op := range wireOperations() {
		t.Run(string(op.name), func(t *testing.T) {
			t.Parallel()
			peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
				e.Write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
				e.Wait()
			})
			client := wireClient(t, peer.URL, klarna.WithTimeout(10*time.Second), klarna.WithRetry(klarna.NoRetry()))
			err := requireWithin(t, 3*time.Second, func() error { return op.call(t, client) })
			require.ErrorIs(t, err, klarna.ErrUnexpectedResponse)
			require.Equal(t, op.commits, isUnknownOrPlaced(err))
		})
	}
}

// deafBody blocks until it is closed, whatever becomes of the context.
type deafBody struct {
	once   sync.Once
	closed chan struct{}
}

func (b *deafBody) Read([]byte) (int, error) {
	<-b.closed
	return 0, io.ErrClosedPipe
}

func (b *deafBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestBodyThatIgnoresContextDoesNotHoldCall(t *testing.T) {
	t.Parallel()
	deaf := roundTripper(func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: &deafBody{closed: make(chan struct{})}, Request: r}, nil
	})
	t.Run("time limit", func(t *testing.T) {
		t.Parallel()
		client := wireClientThrough(t, "https://klarna.example", deaf, klarna.WithTimeout(200*time.Millisecond), klarna.WithRetry(klarna.NoRetry()))
		err := requireWithin(t, 3*time.Second, func() error {
			_, err := client.CreateOrder(t.Context(), wireToken, wireOrder())
			return err
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	})
	t.Run("caller's deadline", func(t *testing.T) {
		t.Parallel()
		client := wireClientThrough(t, "https://klarna.example", deaf, klarna.WithTimeout(time.Minute), klarna.WithRetry(klarna.NoRetry()))
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		err := requireWithin(t, 3*time.Second, func() error {
			_, err := client.CreateOrder(ctx, wireToken, wireOrder())
			return err
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	})
}

// An order id that arrived is not thrown away because of how its message ended.
func TestWholeBodyInBrokenFramingIsUsed(t *testing.T) {
	t.Parallel()
	for name, respond := range map[string]func(e *wiretest.Exchange, body string){
		"longer length announced, closed": func(e *wiretest.Exchange, body string) {
			e.Write(http1Response(200, len(body)+50, body))
			e.CloseConnection()
		},
		"longer length announced, stalled": func(e *wiretest.Exchange, body string) {
			e.Write(http1Response(200, len(body)+50, body))
			e.Wait()
		},
		"chunked without its end": func(e *wiretest.Exchange, body string) {
			e.Write(fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(body), body))
			e.CloseConnection()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
				respond(e, `{"order_id":"o-1","token_id":"t-1","fraud_status":"ACCEPTED"}`)
			})
			client := wireClient(t, peer.URL, klarna.WithTimeout(800*time.Millisecond), klarna.WithRetry(klarna.NoRetry()))
			order, err := client.CreateOrder(t.Context(), wireToken, wireOrder())
			require.NoError(t, err)
			require.Equal(t, "o-1", order.OrderID)
			token, err := client.CreateCustomerToken(t.Context(), wireToken, wireTokenRequest())
			require.NoError(t, err)
			require.Equal(t, "t-1", token.TokenID)
		})
	}
	t.Run("HTTP/2 reset after the body", func(t *testing.T) {
		t.Parallel()
		peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) {
			s.Read()
			s.Start(200, nil, -1)
			s.Part(`{"order_id":"o-1"}`, false)
			s.Reset(http2.ErrCodeInternal)
		})
		order, err := wireClient(t, peer.URL, klarna.WithRetry(klarna.NoRetry())).CreateOrder(t.Context(), wireToken, wireOrder())
		require.NoError(t, err)
		require.Equal(t, "o-1", order.OrderID)
	})
}

// Half of an order is no order: its beginning must not be taken for the whole.
func TestHalfOfBodyIsNotUsed(t *testing.T) {
	t.Parallel()
	peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
		e.Write(http1Response(200, 100, `{"order_id":"o-1","fraud_st`))
		e.CloseConnection()
	})
	_, err := wireClient(t, peer.URL, klarna.WithRetry(klarna.NoRetry())).CreateOrder(t.Context(), wireToken, wireOrder())
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
}

// A 200 with an error in it is not a success of the operations that return nothing.
func TestErrorBodyWithStatus200IsError(t *testing.T) {
	t.Parallel()
	body := `{"error_code":"INTERNAL_SERVER_ERROR","error_messages":["Try later"],"correlation_id":"c-1"}`
	peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) { e.Write(http1Response(200, len(body), body)) })
	client := wireClient(t, peer.URL, klarna.WithRetry(klarna.NoRetry()))
	require.ErrorIs(t, client.UpdateSession(t.Context(), wireSession, klarna.SessionUpdate{MerchantReference1: "r"}), klarna.ErrUnexpectedResponse)
	require.ErrorIs(t, client.CancelAuthorization(t.Context(), wireToken), klarna.ErrUnexpectedResponse)
}

// http1Response is a response that announces length bytes.
func http1Response(status, length int, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, http.StatusText(status), length, body)
}

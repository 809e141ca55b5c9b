package ordermanagement_test

import (
	"embed"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

const (
	orderID   = "6c1f0f1e-3a52-4b7d-9c41-0d2f8a55b9e7"
	captureID = "b0a4f6d2-77c3-4f2b-8a0e-5f1f9e3d6c18"
	refundID  = "e2d7c9a0-1b64-4c3f-9f55-7a80c2b4d613"
)

// script responds to one attempt after the other as it is told, and with the last line to all further ones.
type script struct {
	lines []line
	mu    sync.Mutex
	seen  []*http.Request
	sent  []string // the bodies
}

// line is what one attempt comes to.
type line struct {
	status int
	header http.Header
	body   string
	err    error // instead of a response
	broken error // the body breaks off with it
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[min(len(s.sent), len(s.lines)-1)]
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.seen, s.sent = append(s.seen, r), append(s.sent, string(body))
	if l.err != nil {
		return nil, l.err
	}
	header := http.Header{"Klarna-Correlation-Id": {"c-1"}}
	for key, values := range l.header {
		header[key] = values
	}
	reader := io.Reader(strings.NewReader(l.body))
	if l.broken != nil {
		reader = io.MultiReader(reader, brokenReader{l.broken})
	}
	return &http.Response{StatusCode: l.status, Header: header, Body: io.NopCloser(reader), ContentLength: -1, Request: r}, nil
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// keys are the idempotency keys of all attempts.
func (s *script) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.seen {
		all = append(all, r.Header.Get("Klarna-Idempotency-Key"))
	}
	return all
}

// client checks every request against the contract, and no response.
func (s *script) client(t *testing.T, opts ...klarna.Option) *ordermanagement.Client {
	t.Helper()
	return through(t, &contract.RoundTripper{Base: s, Contract: loaded(t), T: t, Hostile: true}, opts...)
}

// strictClient checks every request and every response against the contract.
func (s *script) strictClient(t *testing.T, opts ...klarna.Option) *ordermanagement.Client {
	t.Helper()
	return through(t, &contract.RoundTripper{Base: s, Contract: loaded(t), T: t, Strict: true}, opts...)
}

func through(t *testing.T, transport http.RoundTripper, opts ...klarna.Option) *ordermanagement.Client {
	t.Helper()
	opts = append([]klarna.Option{
		klarna.WithHTTPClient(&http.Client{Transport: transport}),
		klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond}),
	}, opts...)
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey("klarna_test_api_c2VjcmV0LW9mLXRoZS1zaG9w"), opts...)
	require.NoError(t, err)
	return ordermanagement.New(client)
}

func loaded(t *testing.T) *contract.Contract {
	t.Helper()
	loaded, err := contract.LoadNamed("order-management")
	require.NoError(t, err)
	return loaded
}

// example returns a body of testdata/examples.
func example(t testing.TB, name string) string {
	t.Helper()
	data, err := exampleFiles.ReadFile("testdata/examples/" + name)
	require.NoError(t, err)
	return string(data)
}

func decoded[T any](t testing.TB, name string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(example(t, name)), &value))
	return value
}

// operation is one of the operations, with valid arguments and a valid response.
type operation struct {
	name    klarna.Operation
	success line
	call    func(*testing.T, *ordermanagement.Client, ...klarna.CallOption) error
}

// operations are all operations.
func operations(t testing.TB) []operation {
	t.Helper()
	plain := line{status: 204}
	change := func(name klarna.Operation, call func(*testing.T, *ordermanagement.Client, ...klarna.CallOption) error) operation {
		return operation{name, plain, call}
	}
	list := example(t, "om_get_captures_response.json")
	return []operation{
		{ordermanagement.OperationReadOrder, line{status: 200, header: jsonType, body: example(t, "om_get_order_response.json")},
			func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				order, err := c.ReadOrder(t.Context(), orderID, opts...)
				require.Equal(t, err != nil, order == nil)
				return err
			}},
		{ordermanagement.OperationListCaptures, line{status: 200, header: jsonType, body: list},
			func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				captures, err := c.ListCaptures(t.Context(), orderID, opts...)
				require.Equal(t, err != nil, captures == nil)
				return err
			}},
		{ordermanagement.OperationReadCapture, line{status: 200, header: jsonType, body: strings.Trim(strings.TrimSpace(list), "[]")},
			func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				capture, err := c.ReadCapture(t.Context(), orderID, captureID, opts...)
				require.Equal(t, err != nil, capture == nil)
				return err
			}},
		{ordermanagement.OperationReadRefund, line{status: 200, header: jsonType, body: example(t, "om_get_refund_response.json")},
			func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				refund, err := c.ReadRefund(t.Context(), orderID, refundID, opts...)
				require.Equal(t, err != nil, refund == nil)
				return err
			}},
		{ordermanagement.OperationDueDateOptions, line{status: 200, header: jsonType, body: example(t, "om_extend_due_date_options_response.json")},
			func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				options, err := c.DueDateOptions(t.Context(), orderID, captureID, opts...)
				require.Equal(t, err != nil, options == nil)
				return err
			}},
		{ordermanagement.OperationCaptureOrder, captured(),
			func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				id, err := c.CaptureOrder(t.Context(), orderID, decoded[ordermanagement.CaptureRequest](t, "om_capture_request.json"), opts...)
				require.Equal(t, err != nil, id == "")
				return err
			}},
		{ordermanagement.OperationRefundOrder, refunded(),
			func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				id, err := c.RefundOrder(t.Context(), orderID, decoded[ordermanagement.RefundRequest](t, "om_refund_request.json"), opts...)
				require.Equal(t, err != nil, id == "")
				return err
			}},
		change(ordermanagement.OperationCancelOrder, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.CancelOrder(t.Context(), orderID, opts...)
		}),
		change(ordermanagement.OperationReleaseRemainingAuthorization, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.ReleaseRemainingAuthorization(t.Context(), orderID, opts...)
		}),
		change(ordermanagement.OperationUpdateAuthorization, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.UpdateAuthorization(t.Context(), orderID, decoded[ordermanagement.AuthorizationUpdate](t, "om_update_authorization_request.json"), opts...)
		}),
		change(ordermanagement.OperationExtendAuthorizationTime, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.ExtendAuthorizationTime(t.Context(), orderID, opts...)
		}),
		change(ordermanagement.OperationUpdateMerchantReferences, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.UpdateMerchantReferences(t.Context(), orderID, decoded[ordermanagement.MerchantReferences](t, "om_update_merchant_references_request.json"), opts...)
		}),
		change(ordermanagement.OperationUpdateCustomerDetails, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.UpdateCustomerDetails(t.Context(), orderID, decoded[ordermanagement.CustomerDetails](t, "om_update_customer_details_request.json"), opts...)
		}),
		change(ordermanagement.OperationAddShippingInfo, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.AddShippingInfo(t.Context(), orderID, captureID, parcels(t), opts...)
		}),
		change(ordermanagement.OperationAddOrderShippingInfo, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.AddOrderShippingInfo(t.Context(), orderID, parcels(t), opts...)
		}),
		change(ordermanagement.OperationTriggerSendOut, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.TriggerSendOut(t.Context(), orderID, captureID, opts...)
		}),
		change(ordermanagement.OperationExtendDueDate, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.ExtendDueDate(t.Context(), orderID, captureID, 10, opts...)
		}),
		change(ordermanagement.OperationAcknowledgeOrder, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.AcknowledgeOrder(t.Context(), orderID, opts...)
		}),
	}
}

// changing are the operations that change something.
func changing(t testing.TB) []operation {
	t.Helper()
	var all []operation
	for _, op := range operations(t) {
		if op.success.status != 200 {
			all = append(all, op)
		}
	}
	return all
}

var jsonType = http.Header{"Content-Type": {"application/json"}}

// captured and refunded are what Klarna was seen to respond with: no body, no Content-Type, and an absolute Location.
func captured() line {
	return line{status: 201, header: http.Header{
		"Capture-Id": {captureID}, "Location": {"https://api.playground.klarna.com/ordermanagement/v1/orders/" + orderID + "/captures/" + captureID},
	}}
}

func refunded() line {
	return line{status: 201, header: http.Header{
		"Refund-Id": {refundID}, "Location": {"https://api.playground.klarna.com/ordermanagement/v1/orders/" + orderID + "/refunds/" + refundID},
	}}
}

func parcels(t testing.TB) []ordermanagement.ShippingInfo {
	t.Helper()
	body := decoded[struct {
		ShippingInfo []ordermanagement.ShippingInfo `json:"shipping_info"`
	}](t, "om_shipping_info_request.json")
	return body.ShippingInfo
}

// rejected is a rejection in Klarna's words.
func rejected(status int, code string) line {
	return line{status: status, header: jsonType, body: `{"error_code":"` + code + `","error_messages":["Not possible."],"correlation_id":"c-2"}`}
}

var (
	errDial  = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

//go:embed testdata/examples
var exampleFiles embed.FS

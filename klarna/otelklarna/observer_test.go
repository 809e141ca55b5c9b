package otelklarna_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/otelklarna"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	api "go.opentelemetry.io/otel/trace"
)

const (
	token    = "s3cret-authorization-token"
	apiKey   = "klarna_test_api_s3cret"
	template = "/payments/v1/authorizations/{authorizationToken}/order"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// recorded is a client whose spans and metrics can be looked at.
type recorded struct {
	client *klarna.Client
	spans  *tracetest.InMemoryExporter
	reader *metric.ManualReader
}

// record makes a client whose attempts get these responses in turn, and the last one for all further attempts.
func record(t *testing.T, responses ...roundTrip) recorded {
	t.Helper()
	r := recorded{spans: tracetest.NewInMemoryExporter(), reader: metric.NewManualReader()}
	observer, err := otelklarna.NewObserver(nil,
		otelklarna.WithTracerProvider(trace.NewTracerProvider(trace.WithSyncer(r.spans))),
		otelklarna.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(r.reader))))
	require.NoError(t, err)
	attempt := 0
	transport := roundTrip(func(req *http.Request) (*http.Response, error) {
		next := responses[min(attempt, len(responses)-1)]
		attempt++
		return next(req)
	})
	r.client, err = klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), klarna.WithObserver(observer),
		klarna.WithHTTPClient(&http.Client{Transport: transport}),
		klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Microsecond}))
	require.NoError(t, err)
	return r
}

func respond(status int, body string) roundTrip {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Klarna-Correlation-Id": {"c-1"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func fail(err error) roundTrip {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func (r recorded) createOrder(ctx context.Context) error {
	_, err := r.client.CreateOrder(ctx, token, klarna.CreateOrderRequest{PurchaseCountry: "DE", PurchaseCurrency: "EUR"})
	return err
}

// attributes are a set of attributes as a map, to compare.
func attributes(all []attribute.KeyValue) map[string]any {
	m := map[string]any{}
	for _, kv := range all {
		m[string(kv.Key)] = kv.Value.AsInterface()
	}
	return m
}

func TestCallAndAttemptsAreSpans(t *testing.T) {
	t.Parallel()
	r := record(t, respond(503, ""), respond(200, `{"order_id":"o-1"}`))
	require.NoError(t, r.createOrder(t.Context()))
	spans := r.spans.GetSpans()
	require.Len(t, spans, 3)
	first, second, call := spans[0], spans[1], spans[2]

	require.Equal(t, "klarna.CreateOrder", call.Name)
	require.Equal(t, "POST "+template, first.Name)
	for _, span := range spans {
		require.Equal(t, api.SpanKindClient, span.SpanKind)
	}
	require.Equal(t, call.SpanContext.SpanID(), first.Parent.SpanID())
	require.Equal(t, call.SpanContext.SpanID(), second.Parent.SpanID())

	common := func(more map[string]any) map[string]any {
		for key, value := range map[string]any{
			"http.request.method": "POST", "url.template": template, "server.address": "api.playground.klarna.com", "server.port": int64(443), "klarna.correlation_id": "c-1",
		} {
			more[key] = value
		}
		return more
	}
	require.Equal(t, common(map[string]any{"http.response.status_code": int64(503), "error.type": "503"}), attributes(first.Attributes))
	require.Equal(t, common(map[string]any{"http.response.status_code": int64(200), "http.request.resend_count": int64(1)}), attributes(second.Attributes))
	require.Equal(t, common(map[string]any{"http.response.status_code": int64(200), "klarna.operation": "CreateOrder", "klarna.attempts": int64(2)}), attributes(call.Attributes))
	require.Equal(t, codes.Error, first.Status.Code)
	require.Equal(t, codes.Unset, second.Status.Code)
	require.Equal(t, codes.Unset, call.Status.Code)
}

func TestErrorTypeIsTheStatusOrOneOfAFewWords(t *testing.T) {
	t.Parallel()
	for want, first := range map[string]roundTrip{
		"400":                 respond(400, `{"error_code":"BAD_VALUE"}`),
		"502":                 respond(502, "<html>"),
		"unexpected_response": respond(200, "<html>"),
		"response_too_large":  respond(200, strings.Repeat(" ", 8<<20+1)),
		"timeout":             fail(context.DeadlineExceeded),
		"canceled":            fail(context.Canceled),
		"_OTHER":              fail(errors.New("connection reset")),
	} {
		r := record(t, first)
		require.Error(t, r.createOrder(t.Context()))
		for _, span := range r.spans.GetSpans() {
			require.Equal(t, want, attributes(span.Attributes)["error.type"])
			require.Equal(t, codes.Error, span.Status.Code)
		}
	}
}

func TestEachAttemptCountsInTheDurationHistogram(t *testing.T) {
	t.Parallel()
	r := record(t, respond(503, ""), respond(503, ""), respond(200, `{"order_id":"o-1"}`))
	require.NoError(t, r.createOrder(t.Context()))
	var metrics metricdata.ResourceMetrics
	require.NoError(t, r.reader.Collect(t.Context(), &metrics))
	require.Len(t, metrics.ScopeMetrics, 1)
	require.Len(t, metrics.ScopeMetrics[0].Metrics, 1)
	duration := metrics.ScopeMetrics[0].Metrics[0]
	require.Equal(t, "http.client.request.duration", duration.Name)
	require.Equal(t, "s", duration.Unit)
	counts := map[string]uint64{}
	for _, point := range duration.Data.(metricdata.Histogram[float64]).DataPoints {
		seen := attributes(point.Attributes.ToSlice())
		require.Equal(t, "POST", seen["http.request.method"])
		require.Equal(t, template, seen["url.template"])
		require.Equal(t, "api.playground.klarna.com", seen["server.address"])
		require.Equal(t, 10.0, point.Bounds[len(point.Bounds)-1])
		counts[fmt.Sprint(seen["http.response.status_code"], " ", seen["error.type"])] = point.Count
	}
	require.Equal(t, map[string]uint64{"503 503": 2, "200 <nil>": 1}, counts)
}

// Klarna asks for no tracing headers, and a token in a span would be in every trace store.
func TestNothingSecretIsRecordedAndNothingPropagated(t *testing.T) {
	otel.SetTextMapPropagator(propagation.TraceContext{})
	t.Cleanup(func() { otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator()) })
	for _, next := range []roundTrip{
		respond(200, `{"order_id":"o-1"}`),
		respond(403, `{"error_code":"`+token+`","error_messages":["`+token+` `+apiKey+`"]}`),
		func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("cannot reach %s with %s", r.URL, r.Header.Get("Authorization"))
		},
	} {
		var sent http.Header
		r := record(t, func(req *http.Request) (*http.Response, error) {
			sent = req.Header.Clone()
			return next(req)
		})
		_ = r.createOrder(t.Context())
		for name := range sent {
			require.Contains(t, []string{"Accept", "Authorization", "Content-Type", "User-Agent"}, name)
		}
		var metrics metricdata.ResourceMetrics
		require.NoError(t, r.reader.Collect(t.Context(), &metrics))
		require.NotContains(t, fmt.Sprintf("%+v %+v", r.spans.GetSpans(), metrics), "s3cret")
	}
}

func TestGlobalProvidersAreTheDefault(t *testing.T) {
	t.Parallel()
	observer, err := otelklarna.NewObserver(otelklarna.WithTracerProvider(nil), otelklarna.WithMeterProvider(nil))
	require.NoError(t, err)
	require.NotNil(t, observer)
}

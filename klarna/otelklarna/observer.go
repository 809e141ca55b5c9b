package otelklarna

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

const scope = "github.com/klarna-go/klarna-payments/klarna/otelklarna"

// buckets are those that the semantic conventions ask for, in seconds.
//
// Source: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
var buckets = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// Option changes where an observer sends to.
type Option func(*config)

type config struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTracerProvider sets a tracer provider instead of the global one. Nil is the global one.
func WithTracerProvider(provider trace.TracerProvider) Option {
	return func(c *config) { c.tracers = provider }
}

// WithMeterProvider sets a meter provider instead of the global one. Nil is the global one.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return func(c *config) { c.meters = provider }
}

// NewObserver returns an observer for [klarna.WithObserver]. It fails only when the meter provider does not make the
// histogram.
func NewObserver(opts ...Option) (klarna.Observer, error) {
	var c config
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	if c.tracers == nil {
		c.tracers = otel.GetTracerProvider()
	}
	if c.meters == nil {
		c.meters = otel.GetMeterProvider()
	}
	duration, err := c.meters.Meter(scope).Float64Histogram("http.client.request.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of HTTP client requests."),
		metric.WithExplicitBucketBoundaries(buckets...))
	if err != nil {
		return nil, fmt.Errorf("otelklarna: %w", err)
	}
	return &observer{c.tracers.Tracer(scope), duration}, nil
}

type observer struct {
	tracer   trace.Tracer
	duration metric.Float64Histogram
}

// StartCall begins the span of a call.
func (o *observer) StartCall(ctx context.Context, seen klarna.Observation) (context.Context, func(klarna.Outcome)) {
	ctx, span := o.tracer.Start(ctx, "klarna."+string(seen.Operation), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(request(seen)...), trace.WithAttributes(attribute.String("klarna.operation", string(seen.Operation))))
	return ctx, func(outcome klarna.Outcome) {
		span.SetAttributes(attribute.Int("klarna.attempts", outcome.Attempts))
		end(span, outcome)
	}
}

// StartAttempt begins the span of an attempt, and measures it.
func (o *observer) StartAttempt(ctx context.Context, seen klarna.Observation) (context.Context, func(klarna.Outcome)) {
	attributes := request(seen)
	ctx, span := o.tracer.Start(ctx, seen.Method+" "+seen.Route, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
	if seen.Attempt > 1 {
		span.SetAttributes(attribute.Int("http.request.resend_count", seen.Attempt-1))
	}
	start := time.Now()
	return ctx, func(outcome klarna.Outcome) {
		o.duration.Record(ctx, time.Since(start).Seconds(), metric.WithAttributes(append(attributes, responseAttributes(outcome)...)...))
		end(span, outcome)
	}
}

func end(span trace.Span, outcome klarna.Outcome) {
	span.SetAttributes(responseAttributes(outcome)...)
	if outcome.CorrelationID != "" {
		span.SetAttributes(attribute.String("klarna.correlation_id", outcome.CorrelationID))
	}
	if outcome.Err != nil {
		span.SetStatus(codes.Error, outcome.Err.Error()) // the text of a klarna.Error holds no secret
	}
	span.End()
}

func request(seen klarna.Observation) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("http.request.method", seen.Method),
		attribute.String("url.template", seen.Route),
		attribute.String("server.address", seen.ServerAddress),
		attribute.Int("server.port", seen.ServerPort),
	}
}

func responseAttributes(outcome klarna.Outcome) []attribute.KeyValue {
	var attributes []attribute.KeyValue
	if outcome.StatusCode != 0 {
		attributes = append(attributes, attribute.Int("http.response.status_code", outcome.StatusCode))
	}
	if outcome.Err != nil {
		attributes = append(attributes, attribute.String("error.type", errorType(outcome)))
	}
	return attributes
}

// errorType is the status of a rejection, as the conventions ask, or one of a few words, so that a metric does not split
// into as many series as there are error texts.
func errorType(outcome klarna.Outcome) string {
	switch {
	case outcome.StatusCode >= 300:
		return strconv.Itoa(outcome.StatusCode)
	case errors.Is(outcome.Err, context.Canceled):
		return "canceled"
	case errors.Is(outcome.Err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(outcome.Err, klarna.ErrResponseTooLarge):
		return "response_too_large"
	case errors.Is(outcome.Err, klarna.ErrUnexpectedResponse):
		return "unexpected_response"
	}
	return "_OTHER"
}

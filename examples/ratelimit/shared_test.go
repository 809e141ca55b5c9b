package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/examples/ratelimit"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

const (
	processes       = 3
	callsOfOne      = 15
	sessionsASecond = 20
)

func cart() klarna.SessionCreate {
	lines := []klarna.OrderLine{klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900})}
	amount, tax := klarna.Totals(lines)
	return klarna.SessionCreate{PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: amount, OrderTaxAmount: tax, OrderLines: lines}
}

// TestMain makes this program one of the three shops when its environment sets it.
func TestMain(m *testing.M) {
	if address := os.Getenv("RATELIMIT_TEST_REDIS"); address != "" {
		if err := shop(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// shop opens sessions as fast as the shared limit lets it.
func shop(redisAddress string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	redisClient := newClient(redisAddress)
	defer func() { _ = redisClient.Close() }()
	client, err := klarna.NewFromEnv(klarna.WithRetry(klarna.NoRetry()),
		klarna.WithLimiter(ratelimit.NewShared(redisClient, ratelimit.Quota{CreateSession: sessionsASecond, Others: 50})))
	if err != nil {
		return err
	}
	for range callsOfOne {
		if _, err := client.CreateSession(ctx, cart()); err != nil {
			return err
		}
	}
	return nil
}

func TestThreeProcessesTogetherStayUnderOneQuota(t *testing.T) {
	address, _ := startRedis(t)
	server := klarnatest.NewServer()
	defer server.Close()
	shops := make([]*exec.Cmd, processes)
	outputs := make([]strings.Builder, processes)
	for i := range shops {
		shops[i] = exec.CommandContext(t.Context(), os.Args[0])
		shops[i].Env = append(os.Environ(), "RATELIMIT_TEST_REDIS="+address, "KLARNA_BASE_URL="+server.URL, "KLARNA_API_KEY="+server.APIKey, "KLARNA_USERNAME=", "KLARNA_PASSWORD=")
		shops[i].Stderr = &outputs[i]
		if err := shops[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i, shop := range shops {
		if err := shop.Wait(); err != nil {
			t.Fatal(i, err, outputs[i].String())
		}
	}

	var times []time.Time
	for _, request := range server.Requests() {
		times = append(times, request.Time)
	}
	slices.SortFunc(times, time.Time.Compare)
	if len(times) != processes*callsOfOne {
		t.Fatalf("%d calls arrived, not %d", len(times), processes*callsOfOne)
	}
	// In any second at most the quota and the burst, and one more for calls that took unequally long to arrive.
	const burst = sessionsASecond / 10
	const most = sessionsASecond + burst + 1
	for i := range times {
		if last := i + most; last < len(times) && times[last].Sub(times[i]) < time.Second {
			t.Fatalf("more than %d calls arrived within %v", most, times[last].Sub(times[i]))
		}
	}
	took := times[len(times)-1].Sub(times[0])
	t.Logf("%d calls of %d processes at %d a second took %v", len(times), processes, sessionsASecond, took.Round(time.Millisecond))
	if least := time.Duration(len(times)-burst)*time.Second/sessionsASecond - time.Second/2; took < least {
		t.Errorf("they took %v, less than %v: the limit was not shared", took, least)
	}
}

func TestRedisThatIsGoneIsAClearErrorOrLetsCallsThrough(t *testing.T) {
	address, stop := startRedis(t)
	redisClient := newClient(address)
	defer func() { _ = redisClient.Close() }()
	server := klarnatest.NewServer()
	defer server.Close()
	strict := server.Client(klarna.WithLimiter(ratelimit.NewShared(redisClient, ratelimit.Production)))
	var reported error
	open := server.Client(klarna.WithLimiter(ratelimit.NewShared(redisClient, ratelimit.Production,
		ratelimit.WithMerchant("another"), ratelimit.WithCallsThroughWhenDown(func(err error) { reported = err }))))
	for _, client := range []*klarna.Client{strict, open} {
		if _, err := client.CreateSession(t.Context(), cart()); err != nil {
			t.Fatal(err)
		}
	}

	stop()
	before := len(server.Requests())
	_, err := strict.CreateSession(t.Context(), cart())
	var e *klarna.Error
	if !errors.As(err, &e) || e.Attempts != 0 || !strings.Contains(err.Error(), "nothing was sent: the limiter: the shared rate limit cannot be read from Redis") {
		t.Error(err)
	}
	if len(server.Requests()) != before {
		t.Error("a call went out without leave")
	}
	if _, err := open.CreateSession(t.Context(), cart()); err != nil {
		t.Error(err)
	}
	if reported == nil {
		t.Error("that Redis is gone was not reported")
	}
}

func TestWaitThatTheDeadlineDoesNotLeaveFailsAtOnce(t *testing.T) {
	address, _ := startRedis(t)
	redisClient := newClient(address)
	defer func() { _ = redisClient.Close() }()
	for name, limiter := range map[string]klarna.Limiter{
		"shared":      ratelimit.NewShared(redisClient, ratelimit.Quota{CreateSession: 1, Others: 1}, ratelimit.WithMerchant(strconv.Itoa(os.Getpid()))),
		"one process": ratelimit.NewOneProcess(ratelimit.Quota{CreateSession: 1, Others: 1}),
	} {
		for {
			if err := limiter.Wait(t.Context()); err != nil {
				t.Fatal(name, err)
			}
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			err := limiter.Wait(ctx)
			passed := ctx.Err()
			cancel()
			cancelled, stop := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, stop)
			atCancel := limiter.Wait(cancelled)
			if time.Since(began) > 300*time.Millisecond {
				continue // the machine was too slow: the deadline, or the next call's turn, may have come in between
			}
			if err == nil || passed != nil {
				t.Errorf("%s: %v, and the deadline passed: %v", name, err, passed)
			}
			if !errors.Is(atCancel, context.Canceled) {
				t.Error(name, atCancel)
			}
			break
		}
	}
}

func TestNewSessionsCountApart(t *testing.T) {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client(klarna.WithLimiter(ratelimit.NewOneProcess(ratelimit.Quota{CreateSession: 1, Others: 1000})))
	began := time.Now()
	session, err := client.CreateSession(t.Context(), cart())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := client.ReadSession(t.Context(), session.SessionID); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("20 other calls took %v, as if they were sessions", took)
	}
	for range 2 {
		if _, err := client.CreateSession(t.Context(), cart()); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 1900*time.Millisecond {
		t.Errorf("3 sessions took %v: more than one a second", took)
	}
}

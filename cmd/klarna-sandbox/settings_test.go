package main

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestWrongCommandLines(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		want string
	}{
		{"all addresses", []string{"-addr", ":0"}, `":0" is not a loopback address`},
		{"all addresses, written out", []string{"-addr", "0.0.0.0:0"}, "is not a loopback address"},
		{"all addresses of IPv6", []string{"-addr", "[::]:0"}, "is not a loopback address"},
		{"an address of the network", []string{"-addr", "192.0.2.1:8181"}, "is not a loopback address"},
		{"a host", []string{"-addr", "shop.example:8181"}, "is not a loopback address"},
		{"a host that looks like localhost", []string{"-addr", "localhost.example:8181"}, "is not a loopback address"},
		{"no port", []string{"-addr", "127.0.0.1"}, "has to be an address and a port"},
		{"an address of Payway without a port", []string{"-addr", "127.0.0.1:0", "-payway", "127.0.0.1"}, `-payway is "127.0.0.1", but has to be an address and a port`},
		{"an address of Payway that others reach", []string{"-addr", "127.0.0.1:0", "-payway", "0.0.0.0:0"}, "not a loopback address"},
		{"an unknown flag", []string{"-port", "1"}, "-port"},
		{"an argument", []string{"8181"}, `"8181" is one`},
		{"a key for real money", []string{"-api-key", "klarna_live_api_x"}, "is for real money"},
		{"half a limit", []string{"-rate-limit", "5"}, "two numbers"},
		{"a limit with something behind it", []string{"-rate-limit", "5,50x"}, "two numbers"},
		{"a negative limit", []string{"-rate-limit", "5,-1"}, "two numbers"},
		{"callbacks", []string{"-callbacks", "often"}, "once, twice, late, first or never"},
		{"a callback host", []string{"-callback-hosts", "http://shop.test"}, "is not a host"},
		{"no time to read", []string{"-read-timeout", "0s"}, "has to be more than 0"},
		{"a fraud status", []string{"-fraud-status", "accepted"}, "ACCEPTED, PENDING or REJECTED"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, err := exec.Command(program, row.args...).CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, 2, exit.ExitCode())
			require.Contains(t, string(out), row.want)
			require.Contains(t, string(out), "klarna-sandbox -h")
			require.NotContains(t, string(out), "klarna_live_api_x")
			require.Equal(t, 1, strings.Count(string(out), "\n"))
		})
	}
}

func TestAnAddressInUseIsAFailure(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	out, err := exec.Command(program, "-addr", taken.Addr().String()).CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, string(out), "cannot listen")
}

func TestRemoteIsPossibleWhenItIsMeant(t *testing.T) {
	s := start(t, "-addr", "0.0.0.0:0", "-allow-remote")
	require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, s.env["KLARNA_BASE_URL"])
}

func TestBaseURL(t *testing.T) {
	s := start(t, "-addr", "localhost:0", "-url", "https://klarna.test")
	require.Equal(t, "https://klarna.test", s.env["KLARNA_BASE_URL"])
}

func TestFlagsReachTheServer(t *testing.T) {
	s := start(t, "-api-key", "klarna_test_api_fixed", "-username", "K123_abc", "-rate-limit", "2,50", "-callbacks", "never", "-fraud-status", "PENDING", "-strict", "-categories", "pay_later,pay_now")
	require.Equal(t, map[string]string{
		"KLARNA_BASE_URL": s.env["KLARNA_BASE_URL"],
		"KLARNA_API_KEY":  "klarna_test_api_fixed", "KLARNA_USERNAME": "K123_abc", "KLARNA_PASSWORD": "klarna_test_api_fixed",
	}, s.env)
	client, err := klarna.New(klarna.Environment(s.env["KLARNA_BASE_URL"]), klarna.APIKey("klarna_test_api_fixed"), klarna.WithRetry(klarna.NoRetry()))
	require.NoError(t, err)
	ctx := context.Background()
	c := cart()
	c.MerchantURLs.Authorization = "http://127.0.0.1:9/authorized"
	session, err := client.CreateSession(ctx, c)
	require.NoError(t, err)
	require.Len(t, session.PaymentMethodCategories, 2)
	authorize := s.env["KLARNA_BASE_URL"] + "/kp/sandbox/authorize"
	_, result := post(t, authorize, `{"client_token":"`+session.ClientToken+`","data":{"unknown":1}}`)
	require.Equal(t, map[string]any{"invalid_fields": []any{"unknown"}}, result["error"])
	_, result = post(t, authorize, `{"client_token":"`+session.ClientToken+`"}`)
	token, _ := result["authorization_token"].(string)
	require.NotEmpty(t, token)
	order, err := client.CreateOrder(ctx, token, klarna.OrderFromSession(c))
	require.NoError(t, err)
	require.Equal(t, klarna.FraudStatusPending, order.FraudStatus)
	require.Eventually(t, func() bool {
		return strings.Contains(s.log.String(), `call=callback kind=authorization skipped="callbacks are switched off"`)
	}, 10*time.Second, time.Millisecond)

	for began := time.Now(); !errors.Is(err, klarna.ErrRateLimited); { // the third of a second
		require.Less(t, time.Since(began), 30*time.Second)
		_, err = client.CreateSession(ctx, c)
	}
}

func TestCredentialsMayComeFromTheEnvironment(t *testing.T) {
	t.Setenv("KLARNA_SANDBOX_API_KEY", "klarna_test_api_of_the_environment")
	t.Setenv("KLARNA_SANDBOX_USERNAME", "K456_def")
	s := start(t)
	require.Equal(t, "klarna_test_api_of_the_environment", s.env["KLARNA_API_KEY"])
	require.Equal(t, "K456_def", s.env["KLARNA_USERNAME"])
}

package klarnatest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

func TestRequestsReturnsWhatArrived(t *testing.T) {
	ctx := context.Background()
	s := newShop(t)
	require.Empty(t, s.server.Requests())

	id, token := s.openAndAuthorize(cart())
	var read klarna.Response
	_, err := s.ReadSession(ctx, id, klarna.WithResponse(&read))
	require.NoError(t, err)
	require.NoError(t, updateIt(s, id, ""))
	require.Error(t, orderIt(s, "", "unknown"))
	require.NoError(t, s.CancelAuthorization(ctx, token))
	_, err = s.CreateCustomerToken(ctx, token, customerToken())
	require.Error(t, err)
	s.send("GET", "/elsewhere", "")

	type row struct {
		op     klarna.Operation
		status int
	}
	var got []row
	log := s.server.Requests()
	for _, r := range log {
		got = append(got, row{r.Operation, r.StatusCode})
		require.Regexp(t, uuid, r.CorrelationID)
		require.WithinDuration(t, time.Now(), r.Time, time.Minute)
	}
	require.Equal(t, []row{
		{klarna.OperationCreateSession, 200},
		{klarna.OperationReadSession, 200},
		{klarna.OperationUpdateSession, 204},
		{klarna.OperationCreateOrder, 404},
		{klarna.OperationCancelAuthorization, 204},
		{klarna.OperationCreateCustomerToken, 404},
		{"", 404},
	}, got)
	require.Equal(t, read.CorrelationID, log[1].CorrelationID)
	require.JSONEq(t, encode(t, cart()), string(log[0].Body))
	require.Nil(t, log[1].Body)
	require.JSONEq(t, `{"merchant_reference1":"ON4711"}`, string(log[2].Body))
}

func TestRequestsIsTheCallersToChange(t *testing.T) {
	s := newShop(t)
	s.open(cart())
	log := s.server.Requests()
	log[0].StatusCode, log[0].Body[0] = 0, 'x'
	require.Equal(t, 200, s.server.Requests()[0].StatusCode)
	require.JSONEq(t, encode(t, cart()), string(s.server.Requests()[0].Body))
}

func TestRequestsCanBeReadAfterClose(t *testing.T) {
	s := newShop(t)
	s.open(cart())
	s.server.Close()
	require.Len(t, s.server.Requests(), 1)
}

func TestPrintingARequestShowsNoSecret(t *testing.T) {
	s := newShop(t)
	c := cart()
	c.BillingAddress = home()
	_, token := s.openAndAuthorize(c)
	s.order(token, orderOf(c))
	log := s.server.Requests()
	require.Contains(t, string(log[1].Body), home().StreetAddress)

	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&printed, verb+" "+verb+" "+verb+"\n", log[1], &log[1], log)
		fmt.Fprintf(&printed, verb+"\n", struct{ R klarnatest.Request }{log[1]})
	}
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("x", "request", log[1], "all", log)
	slog.New(slog.NewTextHandler(&printed, nil)).Info("x", "request", log[1], "all", log)
	raw, err := json.Marshal(log)
	require.NoError(t, err)
	printed.Write(raw)

	for _, secret := range []string{home().StreetAddress, fmt.Sprintf("%x", home().StreetAddress), token, s.server.APIKey, "[" + fmt.Sprint(log[1].Body[0]) + " "} {
		require.NotContains(t, printed.String(), secret)
	}
	require.Equal(t, "POST /payments/v1/authorizations/{authorizationToken}/order 200 (correlation id "+log[1].CorrelationID+")", fmt.Sprint(log[1]))
	require.Equal(t, "unknown route 0 (correlation id )", fmt.Sprint(klarnatest.Request{}))
}

func TestDurationIsHowLongTheResponseTook(t *testing.T) {
	s := newShop(t)
	id := s.open(cart())
	s.server.Fail(klarna.OperationReadSession, klarnatest.Delay(30*time.Millisecond))
	s.server.Advance(time.Hour)
	s.read(id)
	log := s.server.Requests()
	require.Less(t, log[0].Duration, time.Minute)
	require.GreaterOrEqual(t, log[1].Duration, 30*time.Millisecond)
	require.Less(t, log[1].Duration, time.Minute)
}

func TestRequestsAreLoggedInALineWithoutSecrets(t *testing.T) {
	var log bytes.Buffer
	server := klarnatest.NewServer(klarnatest.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	defer server.Close()
	s := &shop{Client: server.Client(), t: t, server: server}
	c := cart()
	c.BillingAddress = home()
	id, token := s.openAndAuthorize(c)
	server.Fail(klarna.OperationCreateOrder, klarnatest.Delay(time.Millisecond))
	s.order(token, orderOf(c))
	s.send("GET", "/private", "")

	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 3)
	require.Regexp(t, `level=INFO msg=CreateSession status=200 duration=\S+ correlation_id=[0-9a-f-]{36}$`, lines[0])
	require.Regexp(t, `msg=CreateOrder status=200 duration=\S+ correlation_id=\S+ fault="delay of 1ms"$`, lines[1])
	require.Regexp(t, `msg="unknown route" status=404 `, lines[2])
	for _, secret := range []string{id, token, server.APIKey, home().StreetAddress, "private"} {
		require.NotContains(t, log.String(), secret)
	}
	require.Equal(t, "POST /payments/v1/authorizations/{authorizationToken}/order 200, delay of 1ms (correlation id "+server.Requests()[1].CorrelationID+")",
		fmt.Sprint(server.Requests()[1]))
}

package preflight_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

func TestEveryRequestIsTakenByValueAndByPointer(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 256)
	session := sessionOf([]klarna.OrderLine{goods()})
	session.MerchantReference1 = long
	update := klarna.SessionUpdate{MerchantReference1: long}
	order := klarna.OrderFromSession(session)
	token := klarna.CustomerTokenCreationRequest{
		Description: long, IntendedUse: klarna.IntendedUseSubscription, Locale: "de-DE", PurchaseCountry: "DE", PurchaseCurrency: "EUR",
	}
	for _, body := range []any{session, &session, update, &update, order, &order} {
		requireProblems(t, body, at{"merchant_reference1", preflight.CodeTooLong})
	}
	for _, body := range []any{token, &token} {
		requireProblems(t, body, at{"description", preflight.CodeTooLong})
	}
}

func TestWhatIsNoRequestIsAProblem(t *testing.T) {
	t.Parallel()
	for _, body := range []any{
		nil, 1, "text", map[string]any{}, klarna.OrderLine{}, &klarna.SessionRead{}, new(any), struct{}{}, func() {},
		(*klarna.SessionCreate)(nil), (*klarna.SessionUpdate)(nil), (*klarna.CreateOrderRequest)(nil), (*klarna.CustomerTokenCreationRequest)(nil),
	} {
		requireProblems(t, body, at{"", preflight.CodeNotARequest})
		require.ErrorContains(t, preflight.Check(body), "preflight: the body is ")
	}
}

func TestCheckGivesTheProblemsAsAnError(t *testing.T) {
	t.Parallel()
	session := sessionOf([]klarna.OrderLine{goods()})
	require.NoError(t, preflight.Check(session))

	session.OrderAmount++
	var err *preflight.Error
	require.ErrorAs(t, preflight.Check(session), &err)
	require.Equal(t, preflight.Inspect(session).Problems, err.Problems)
	require.EqualError(t, err, "preflight: order_amount is 23801, but total_amount of all lines adds up to 23800")
}

func TestAWarningFailsNothing(t *testing.T) {
	t.Parallel()
	session := sessionOf([]klarna.OrderLine{goods()})
	session.Locale = "sv-SE"
	require.Len(t, preflight.Inspect(session).Warnings, 1)
	require.NoError(t, preflight.Check(session))
}

func TestALongErrorIsCutShortAndItsProblemsAreNot(t *testing.T) {
	t.Parallel()
	lines := repeat(klarna.OrderLine{Name: "Running shoe", Quantity: 1, UnitPrice: 5, TotalAmount: 3}, 500)
	var err *preflight.Error
	require.ErrorAs(t, preflight.Check(sessionOf(lines)), &err)
	require.Len(t, err.Problems, 500)
	text := err.Error()
	require.True(t, strings.HasPrefix(text, "preflight: 500 problems: order_lines[0].total_amount is 3, but "), text)
	require.True(t, strings.HasSuffix(text, "; and 490 more"), text)
	require.Contains(t, text, "; order_lines[9].total_amount is ")
	require.NotContains(t, text, "order_lines[10]")
}

func TestTheRequestStaysAsItIs(t *testing.T) {
	t.Parallel()
	const name = "session_create.arithmetic-wrong.json"
	session := decodeExample[klarna.SessionCreate](t, name)
	require.Error(t, preflight.Check(&session))
	require.Equal(t, decodeExample[klarna.SessionCreate](t, name), session)
}

func TestEveryMessageBeginsWithItsPath(t *testing.T) {
	t.Parallel()
	report := preflight.Inspect(decodeExample[klarna.SessionCreate](t, "session_create.arithmetic-wrong.json"))
	for _, problem := range append(report.Problems, report.Warnings...) {
		require.True(t, strings.HasPrefix(problem.Message, problem.Path+" "), problem.Message)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	session := decodeExample[klarna.SessionCreate](t, "session_create.arithmetic-wrong.json")
	want := preflight.Inspect(session)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				if got := preflight.Inspect(&session); len(got.Problems) != len(want.Problems) {
					t.Errorf("%d problems, not %d", len(got.Problems), len(want.Problems))
				}
			}
		})
	}
	group.Wait()
}

package klarna_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

const benchTimeout = 30 * time.Second

const stubBase = "https://api.playground.klarna.com"

// callers are the two sides of a comparison. Their names end the names of the benchmarks, so that benchstat can set
// them side by side.
func callers(b *testing.B, base string, transport http.RoundTripper) map[string]caller {
	b.Helper()
	return map[string]caller{
		"by=hand": handWritten{client: &http.Client{Transport: transport}, base: base},
		"by=ours": ours(b, base, transport),
	}
}

func compare(b *testing.B, name string, transport http.RoundTripper, call func(caller) error) {
	b.Helper()
	both := callers(b, stubBase, transport)
	for _, by := range []string{"by=hand", "by=ours"} {
		b.Run(name+"/"+by, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := call(both[by]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkStubbedCreateSession(b *testing.B) {
	for _, lines := range []int{1, 3, 10, 100, 1000} {
		session := cart(lines)
		if lines == 1000 { // a body has 1 MB at most
			for i := range session.OrderLines {
				session.OrderLines[i].MerchantData = ""
			}
		}
		compare(b, fmt.Sprintf("lines=%d", lines), newStub(200, createdResponse()), func(c caller) error {
			_, err := c.CreateSession(b.Context(), session)
			return err
		})
	}
}

func BenchmarkStubbedReadSession(b *testing.B) {
	for _, lines := range []int{3, 100} {
		compare(b, fmt.Sprintf("lines=%d", lines), newStub(200, readResponse(b, lines)), func(c caller) error {
			_, err := c.ReadSession(b.Context(), sessionID)
			return err
		})
	}
}

func BenchmarkStubbedRejection(b *testing.B) {
	stub := newStub(400, []byte(`{"error_code":"BAD_VALUE","error_messages":["Bad value: order_lines[0].total_tax_amount"],"correlation_id":"`+correlationID+`"}`))
	session := cart(3)
	compare(b, "400", stub, func(c caller) error {
		if _, err := c.CreateSession(b.Context(), session); err == nil {
			return fmt.Errorf("no error")
		}
		return nil
	})
}

var _ caller = (*klarna.Client)(nil)

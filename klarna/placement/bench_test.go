package placement_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna/placement"
)

// BenchmarkPlace is the cost of an order on each database, beside that of CreateOrder alone, on loopback. Sessions and approvals are
// not counted.
func BenchmarkPlace(b *testing.B) {
	b.Run("CreateOrder", func(b *testing.B) {
		w := newWorld(b, placement.SQLite)
		orders, client := w.orders(b, b.N), w.quick()
		b.ResetTimer()
		for _, o := range orders {
			_, err := client.CreateOrder(b.Context(), o.AuthorizationToken, o.Request)
			require.NoError(b, err)
		}
	})
	for _, dialect := range []placement.Dialect{placement.SQLite, placement.Postgres} {
		b.Run("Place/"+string(dialect), func(b *testing.B) {
			w := newWorld(b, dialect)
			book, orders := w.book(b), w.orders(b, b.N)
			b.ResetTimer()
			for _, o := range orders {
				result, err := book.Place(b.Context(), o)
				require.NoError(b, err)
				require.Equal(b, placement.Placed, result.State)
			}
		})
	}
}

func (w *world) orders(b *testing.B, n int) []placement.Order {
	b.Helper()
	orders := make([]placement.Order, n)
	for i := range orders {
		orders[i] = w.approved(b, fmt.Sprint("ON", i))
	}
	return orders
}

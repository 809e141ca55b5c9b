package placement

import (
	"context"
	"fmt"
	"time"
)

// Shift moves the database's clock, as this book sees it.
func (b *Book) Shift(d time.Duration) {
	b.db.Now = fmt.Sprintf("(%s + %d)", b.db.Now, d.Milliseconds())
}

// Migrations are those of the package.
var Migrations = migrations

// Claim takes the lease of a record.
func (b *Book) Claim(ctx context.Context, reference, owner string) error {
	_, err := b.claim(ctx, owner, `reference=$4`, reference)
	return err
}

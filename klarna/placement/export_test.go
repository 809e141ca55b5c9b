package placement

import (
	"fmt"
	"time"
)

// Shift moves the database's clock, as this book sees it.
func (b *Book) Shift(d time.Duration) {
	b.db.Now = fmt.Sprintf("(%s + %d)", b.db.Now, d.Milliseconds())
}

// Migrations are those of the package.
var Migrations = migrations

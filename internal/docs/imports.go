package docs

import "strings"

const root = "github.com/klarna-go/klarna-payments"

// packages are those that a fragment may use, by the names that it uses them by. A program imports what it likes.
var packages = map[string]string{
	"klarna":     root + "/klarna",
	"klarnatest": root + "/klarna/klarnatest",
	"otelklarna": root + "/klarna/otelklarna",
	"preflight":  root + "/klarna/preflight",
	"ratelimit":  root + "/examples/ratelimit",
	"otel":       "go.opentelemetry.io/otel",
	"redis":      "github.com/redis/go-redis/v9",
	"redis_rate": "github.com/go-redis/redis_rate/v10",
	"rate":       "golang.org/x/time/rate",
	"assert":     "github.com/stretchr/testify/assert",
	"require":    "github.com/stretchr/testify/require",
	"bytes":      "bytes",
	"context":    "context",
	"errors":     "errors",
	"fmt":        "fmt",
	"http":       "net/http",
	"httptest":   "net/http/httptest",
	"io":         "io",
	"json":       "encoding/json",
	"log":        "log",
	"os":         "os",
	"rand":       "math/rand/v2",
	"slices":     "slices",
	"slog":       "log/slog",
	"sql":        "database/sql",
	"strings":    "strings",
	"sync":       "sync",
	"testing":    "testing",
	"time":       "time",
	"tls":        "crypto/tls",
	"url":        "net/url",
}

// elsewhere are the imports that the root module does not have, by the folder of the module that does.
var elsewhere = []struct{ prefix, module string }{
	{root + "/klarna/otelklarna", "klarna/otelklarna"},
	{"go.opentelemetry.io/", "klarna/otelklarna"},
	{root + "/examples", "examples"},
	{"github.com/redis/", "examples"},
	{"github.com/go-redis/", "examples"},
	{"golang.org/x/time", "examples"},
}

// moduleOf is the folder of the module that has all these imports.
func moduleOf(imports []string) string {
	for _, path := range imports {
		for _, other := range elsewhere {
			if strings.HasPrefix(path, other.prefix) {
				return other.module
			}
		}
	}
	return "."
}

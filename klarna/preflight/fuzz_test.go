package preflight_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

// FuzzCheck checks whatever can be decoded: it must not panic, must not quote, must not depend on how the request is
// given, and must reject what the document rejects. Decoding is lenient, since a Go program can build what its JSON is not.
func FuzzCheck(f *testing.F) {
	for kind, name := range []string{
		"session_create.arithmetic-wrong.json", "session_update.json", "create_order_request.json", "customer_token_creation_request.json",
	} {
		body, err := os.ReadFile(filepath.Join("..", "testdata", "examples", name))
		require.NoError(f, err)
		f.Add(byte(kind), body)
	}
	document, err := contract.Load()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, kind byte, text []byte) {
		var schema string
		var pointer any
		switch kind % 4 {
		case 0:
			schema, pointer = "session_create", new(klarna.SessionCreate)
		case 1:
			schema, pointer = "session", new(klarna.SessionUpdate)
		case 2:
			schema, pointer = "create_order_request", new(klarna.CreateOrderRequest)
		case 3:
			schema, pointer = "customer_token_creation_request", new(klarna.CustomerTokenCreationRequest)
		}
		_ = json.Unmarshal(text, pointer)

		report := preflight.Inspect(pointer)
		require.Equal(t, report, preflight.Inspect(reflect.ValueOf(pointer).Elem().Interface()))
		for _, problem := range append(report.Problems, report.Warnings...) {
			require.NotEmpty(t, problem.Code)
			subject := problem.Path
			if subject == "" {
				subject = "the body"
			}
			require.True(t, strings.HasPrefix(problem.Message, subject+" "), problem.Message)
		}
		if err := preflight.Check(pointer); err == nil {
			encoded, err := json.Marshal(pointer)
			require.NoError(t, err)
			body := map[string]any{}
			decoder := json.NewDecoder(bytes.NewReader(encoded))
			decoder.UseNumber()
			require.NoError(t, decoder.Decode(&body))
			body, _, err = document.Normalize(schema, body) // such as a value in another case, which is a warning
			require.NoError(t, err)
			var rejected *contract.Error
			if errors.As(document.Value(schema, body), &rejected) {
				for _, violation := range rejected.Violations {
					require.True(t, violation.IsTolerated(schema), "Check passes what the document rejects: %v", violation)
				}
			}
		}

		// The same with something in every text that must not come out.
		const canary = "Erika Muster"
		plant(reflect.ValueOf(pointer).Elem(), func(text string) string { return text + canary })
		requireNoTrace(t, pointer, canary)
	})
}

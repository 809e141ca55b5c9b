package preflight_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

// Whatever stands in whichever field, and be it the wrong one, no message has it.
func TestNoMessageQuotesAText(t *testing.T) {
	t.Parallel()
	for name, canary := range map[string]string{
		"a name":    "Erika",
		"an e-mail": "erika-muster@shop.example",
		"a token":   "klarna_test_api_c2VjcmV0",
		"a number":  "810101-0000",
		"a url":     "http://erika:secret@shop.example/?key=1f5a4b3c",
		"a format":  "%s%v%!d(string=Erika)",
		"a novel":   strings.Repeat("Erika Muster ", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, body := range []any{
				new(klarna.SessionCreate), new(klarna.SessionUpdate), new(klarna.CreateOrderRequest), new(klarna.CustomerTokenCreationRequest),
			} {
				plant(reflect.ValueOf(body).Elem(), func(string) string { return canary })
				requireNoTrace(t, body, canary)
			}
			// One field at a time, beside others that are in order.
			eachField(t, func(t *testing.T, body func(any) any, field field) {
				if field.rule.Type.Is("string") {
					requireNoTrace(t, body(canary), canary)
				}
			})
		})
	}
}

// plant changes every text in a request. Lists get one entry, so that there are texts in those.
func plant(value reflect.Value, change func(string) string) {
	switch value.Kind() {
	case reflect.String:
		value.SetString(change(value.String()))
	case reflect.Struct:
		for i := range value.NumField() {
			plant(value.Field(i), change)
		}
	case reflect.Slice:
		if value.Len() == 0 {
			value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		}
		for i := range value.Len() {
			plant(value.Index(i), change)
		}
	}
}

func requireNoTrace(t testing.TB, body any, canary string) {
	t.Helper()
	report := preflight.Inspect(body)
	text := fmt.Sprintf("%v %+v %#v %q", report, report, report, report)
	if err := preflight.Check(body); err != nil {
		text += fmt.Sprintf("%v %+v %#v %q", err, err, err, err)
	}
	require.NotContains(t, strings.ToLower(text), strings.ToLower(canary))
	require.NotContains(t, text, "%!", "a text was taken for a format")
}

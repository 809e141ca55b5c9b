package preflight

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What is checked must be what is sent, field for field, and for fields that a later document brings, too.
func TestTreeIsWhatTheJSONDecodesTo(t *testing.T) {
	t.Parallel()
	t.Run("SessionCreate", treeIsItsJSON[klarna.SessionCreate])
	t.Run("Session", treeIsItsJSON[klarna.SessionUpdate])
	t.Run("CreateOrderRequest", treeIsItsJSON[klarna.CreateOrderRequest])
	t.Run("CustomerTokenCreationRequest", treeIsItsJSON[klarna.CustomerTokenCreationRequest])
}

func treeIsItsJSON[T any](t *testing.T) {
	t.Parallel()
	values := rapid.Make[T]()
	rapid.Check(t, func(t *rapid.T) {
		value := values.Draw(t, "value")
		body, err := json.Marshal(value)
		require.NoError(t, err)
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var want any
		require.NoError(t, decoder.Decode(&want))
		require.Equal(t, given(want), numbers(treeOf(reflect.ValueOf(&value).Elem())))
	})
}

// given leaves out what a Go struct writes for a field that was not given.
func given(tree any) any {
	switch tree := tree.(type) {
	case map[string]any:
		for name, value := range tree {
			if value == nil || value == "" {
				delete(tree, name)
			} else {
				tree[name] = given(value)
			}
		}
	case []any:
		for i := range tree {
			tree[i] = given(tree[i])
		}
	}
	return tree
}

// numbers writes the integers of a tree as a decoder does.
func numbers(tree any) any {
	switch tree := tree.(type) {
	case int64:
		text, _ := json.Marshal(tree)
		return json.Number(text)
	case map[string]any:
		for name := range tree {
			tree[name] = numbers(tree[name])
		}
	case []any:
		for i := range tree {
			tree[i] = numbers(tree[i])
		}
	}
	return tree
}

func TestTreeTakesWhatNoRequestHasYet(t *testing.T) {
	t.Parallel()
	value := struct {
		Factor float64           `json:"factor"`
		Notes  map[string]string `json:"notes,omitempty"`
		At     time.Time         `json:"at,omitzero"`
		Never  chan int          `json:"never,omitempty"`
		Nobody *string           `json:"nobody"`
		Nested []*int            `json:"nested"`
	}{Factor: 1.5, Notes: map[string]string{"a": "b"}, At: time.Unix(0, 0).UTC(), Nested: []*int{nil}}
	require.Equal(t, map[string]any{
		"factor": 1.5, "notes": map[string]any{"a": "b"}, "at": "1970-01-01T00:00:00Z", "nested": []any{nil},
	}, treeOf(reflect.ValueOf(value)))
	require.Equal(t, "1970-01-01T00:00:00Z", treeOf(reflect.ValueOf(&value.At).Elem()))
	require.Nil(t, treeOf(reflect.ValueOf(math.NaN())), "JSON cannot say it")
}

func TestAFieldIsFoundInTheTree(t *testing.T) {
	t.Parallel()
	tree := map[string]any{"lines": []any{map[string]any{"name": "n"}}, "amount": int64(math.MaxInt64)}
	require.Equal(t, "n", at(tree, []string{"lines", "0", "name"}))
	require.Equal(t, int64(math.MaxInt64), at(tree, []string{"amount"}))
	for _, nowhere := range [][]string{{"lines", "1"}, {"lines", "-1"}, {"lines", "x"}, {"nothing"}, {"lines", "0", "more", "still"}, {"amount", "more"}} {
		require.Nil(t, at(tree, nowhere), nowhere)
	}
}

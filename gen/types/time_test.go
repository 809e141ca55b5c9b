package types_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/gen/types"
)

type order struct {
	Expires types.Time `json:"expires,omitempty,omitzero"`
	ID      string     `json:"id"`
}

func TestTimeReadsRFC3339AndNothing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		`"2026-11-23T10:15:30Z"`:           time.Date(2026, 11, 23, 10, 15, 30, 0, time.UTC),
		`"2026-11-23T10:15:30.123456789Z"`: time.Date(2026, 11, 23, 10, 15, 30, 123456789, time.UTC),
		`"2026-11-23T10:15:30.5+02:00"`:    time.Date(2026, 11, 23, 8, 15, 30, 5e8, time.UTC),
		`"2026-11-23T10\u003a15:30Z"`:      time.Date(2026, 11, 23, 10, 15, 30, 0, time.UTC),
		`""`:                               {},
		`null`:                             {},
	} {
		got := order{Expires: types.Time{Time: time.Unix(1, 0)}}
		require.NoError(t, json.Unmarshal([]byte(`{"expires":`+text+`,"id":"1"}`), &got), text)
		require.True(t, want.Equal(got.Expires.Time), text)
		require.Equal(t, want.IsZero(), got.Expires.IsZero(), text)
		require.Equal(t, "1", got.ID)
	}
}

func TestTimeFailsWithoutQuotingTheValue(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`"secret"`, `"2026-11-23"`, `"2026-11-23 10:15:30Z"`, `"2026-13-23T10:15:30Z"`, `"2026-11-23T10:15:30"`, `1795000000`, `{"secret":1}`, `["secret"]`, `true`,
	} {
		var got order
		err := json.Unmarshal([]byte(`{"expires":`+text+`,"id":"1"}`), &got)
		var wrongType *json.UnmarshalTypeError
		require.True(t, errors.As(err, &wrongType), text)
		require.Equal(t, "expires", wrongType.Field, text)
		require.NotContains(t, err.Error(), "secret")
		require.NotContains(t, err.Error(), "2026")
		require.NotContains(t, err.Error(), "1795")
		require.True(t, got.Expires.IsZero(), text)
	}
}

func TestTimeIsWrittenAsRFC3339AndLeftOutWhenZero(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(order{Expires: types.Time{Time: time.Date(2026, 11, 23, 10, 15, 30, 5e8, time.UTC)}})
	require.NoError(t, err)
	require.JSONEq(t, `{"expires":"2026-11-23T10:15:30.5Z","id":""}`, string(text))
	text, err = json.Marshal(order{})
	require.NoError(t, err)
	require.JSONEq(t, `{"id":""}`, string(text))
}

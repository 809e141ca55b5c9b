package preflight_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

func TestABodyHasOneMegabyteAtMost(t *testing.T) {
	t.Parallel()
	// attachment.body has no limit of its own.
	session := sessionOf([]klarna.OrderLine{goods()})
	session.Attachment = klarna.Attachment{Body: "x", ContentType: "application/vnd.klarna.internal.emd-v2+json"}
	body, err := json.Marshal(session)
	require.NoError(t, err)
	session.Attachment.Body += strings.Repeat("x", 1_000_000-len(body))
	requireWarnings(t, session)

	session.Attachment.Body += "x"
	requireWarnings(t, session, at{"", preflight.CodeBodyTooLarge})
	session.Attachment.Body += strings.Repeat("x", 1<<20-1_000_001)
	requireWarnings(t, session, at{"", preflight.CodeBodyTooLarge})

	session.Attachment.Body += "x"
	requireProblems(t, session, at{"", preflight.CodeBodyTooLarge})
	require.ErrorContains(t, preflight.Check(session), "preflight: the body has 1048577 bytes as JSON, but may have 1048576 or fewer")
}

// The JSON counts, and it is longer than the text: & is written as an escape of six bytes.
func TestTheSizeIsThatOfTheJSON(t *testing.T) {
	t.Parallel()
	session := sessionOf([]klarna.OrderLine{goods()})
	session.Attachment = klarna.Attachment{Body: strings.Repeat("&", 200_000), ContentType: "application/json"}
	requireProblems(t, session, at{"", preflight.CodeBodyTooLarge})
}

func TestAnOrderHasAThousandLinesAtMost(t *testing.T) {
	t.Parallel()
	requireProblems(t, sessionOf(repeat(goods(), 1000)))
	requireProblems(t, sessionOf(repeat(goods(), 1001)), at{"order_lines", preflight.CodeTooMany})
}

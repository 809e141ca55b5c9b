package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

func TestBaseURLIsChecked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://api.example/to/klarna/": "https://api.example/to/klarna",
		"http://127.0.0.1:8181":          "http://127.0.0.1:8181",
		"http://LocalHost/":              "http://LocalHost",
		"http://[::1]:80":                "http://[::1]:80",
	} {
		// Blanks around the URL come from files and variables.
		base, err := engine.ParseBaseURL(" "+text+" ", false)
		require.NoError(t, err, text)
		require.Equal(t, want, base.String())
	}
	_, err := engine.ParseBaseURL("http://klarna.test/s3cret", false)
	require.ErrorIs(t, err, engine.ErrPlain)
	require.ErrorContains(t, err, `the base URL of host "klarna.test" must be https`)
	require.NotContains(t, err.Error(), "s3cret")
	base, err := engine.ParseBaseURL("http://klarna.test", true)
	require.NoError(t, err)
	require.True(t, engine.IsPlain(base))
}

func TestInvalidBaseURLIsNotQuoted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                     "the environment is not a URL",
		"api.example/s3cret":                   "the environment is not a URL",
		"https://a b/s3cret":                   "not a URL",
		"https://user:s3cret@api.example":      "the base URL must not contain a user name or password",
		"ftp://api.example/s3cret":             `not with "ftp:"`,
		"https:///s3cret":                      "has no host",
		"https://api.example/?key=s3cret":      `the base URL of host "api.example" must not have a query`,
		"https://api.example/#s3cret":          "must not have a fragment",
		"https://api.example/s3cret/../secret": `must not contain ".."`,
	} {
		_, err := engine.ParseBaseURL(text, true)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

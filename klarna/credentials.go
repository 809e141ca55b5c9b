package klarna

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// Credentials authenticate a shop at Klarna: [APIKey] or [BasicAuth] makes them. They belong to one merchant
// id, one region, and either production or playground.
//
// Printing, logging or encoding them shows no secret.
//
// Source: https://docs.klarna.com/api/authentication/
type Credentials struct {
	// A pointer, so that even a print of the fields by reflection shows an address and not the secret.
	secret *secret
}

type secret struct {
	username string // empty for an API key that is sent raw
	password string // or the API key
	isKey    bool
}

// APIKey returns the credentials of an API key, such as klarna_test_api_…. It is sent unchanged after the word Basic.
// Leading and trailing white space is trimmed, so that a line of a file can be used as it is.
func APIKey(key string) Credentials {
	return Credentials{&secret{password: strings.TrimSpace(key), isKey: true}}
}

// BasicAuth returns the credentials for a username and password. The password may be an API key, with the UUID that Klarna
// shows beside it as the username. Leading and trailing white space is trimmed.
func BasicAuth(username, password string) Credentials {
	return Credentials{&secret{username: strings.TrimSpace(username), password: strings.TrimSpace(password)}}
}

// check finds what is surely wrong, without ever quoting it.
func (c Credentials) check() error {
	s := c.secret
	switch {
	case s == nil:
		return errors.New("klarna: no credentials; use klarna.APIKey or klarna.BasicAuth")
	case s.isKey && s.password == "":
		return errors.New("klarna: the API key is empty")
	case s.isKey && !isVisibleASCII(s.password):
		return errors.New("klarna: the API key holds a blank, a control character or a letter beyond ASCII")
	case s.isKey:
		return s.checkKind()
	case s.username == "":
		return errors.New("klarna: the username is empty")
	case s.password == "":
		return errors.New("klarna: the password is empty")
	case strings.Contains(s.username, ":"):
		return errors.New("klarna: the username holds a colon, which HTTP Basic cannot carry")
	case hasControl(s.username):
		return errors.New("klarna: the username holds a control character")
	case hasControl(s.password):
		return errors.New("klarna: the password holds a control character")
	}
	return s.checkKind()
}

// checkKind rejects the browser's credential, which the server API does not accept.
func (s *secret) checkKind() error {
	if strings.HasPrefix(s.password, "klarna_test_client_") || strings.HasPrefix(s.password, "klarna_live_client_") {
		return errors.New("klarna: this is a client id for the browser (klarna_…_client_…); the server needs an API key (klarna_…_api_…)")
	}
	return nil
}

// checkHost rejects a key on a host that surely does not accept it.
func (c Credentials) checkHost(base *url.URL) error {
	host := base.Hostname()
	stage := stageOf(host)
	switch {
	case engine.IsPlain(base) && strings.HasPrefix(c.secret.password, "klarna_live_"):
		return errors.New("klarna: WithInsecureHTTP: an API key that starts with klarna_live_ is for real money, and is not sent over plain http")
	case stage == production && strings.HasPrefix(c.secret.password, "klarna_test_"):
		return fmt.Errorf("klarna: an API key that starts with klarna_test_ belongs to a playground such as %s, not to production at https://%s", PlaygroundEU, host)
	case stage == playground && strings.HasPrefix(c.secret.password, "klarna_live_"):
		return fmt.Errorf("klarna: an API key that starts with klarna_live_ belongs to production such as %s, not to the playground at https://%s", ProductionEU, host)
	}
	return nil
}

// authorization is the value of the Authorization header.
func (c Credentials) authorization() string {
	if c.secret.isKey {
		return "Basic " + c.secret.password
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.secret.username+":"+c.secret.password))
}

const redactedCredentials = "klarna.Credentials{…}" //nolint:gosec // G101: it is what stands in place of some

// String redacts the secret.
func (c Credentials) String() string { return redactedCredentials }

// GoString redacts the secret.
func (c Credentials) GoString() string { return redactedCredentials }

// LogValue redacts the secret.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(redactedCredentials) }

// MarshalText redacts the secret.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(redactedCredentials), nil }

func isVisibleASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

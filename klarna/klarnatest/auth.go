package klarnatest

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
)

// setCredentials makes up what is not given, as Klarna's portal shows it: a UUID, and the key that belongs to it.
func (s *Server) setCredentials() {
	if s.Username == "" {
		s.Username = newUUID()
	}
	if s.APIKey == "" {
		s.APIKey = "klarna_test_api_" + rand.Text() + rand.Text()
	}
	s.Password = s.APIKey
}

// authenticated reports whether the request bears the server's credentials, in one of the two forms that Klarna takes:
// the API key as it is after the word Basic, or the pair in base64.
func (s *Server) authenticated(r *http.Request) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return false
	}
	given = strings.TrimSpace(given)
	pair := base64.StdEncoding.EncodeToString([]byte(s.Username + ":" + s.Password))
	return same(given, s.APIKey) || same(given, pair)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

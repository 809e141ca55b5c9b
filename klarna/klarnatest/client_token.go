package klarnatest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
)

// newClientToken makes what the browser's script is given. It looks like the JWT that Klarna sends and tells a script
// where its server is. Nobody checks the signature, which is random: the server knows its tokens by heart.
func newClientToken(baseURL string, x *session) string {
	signature := make([]byte, 32)
	_, _ = rand.Read(signature) // it never fails
	return encodePart(map[string]any{"alg": "RS256", "kid": newUUID()}) + "." +
		encodePart(map[string]any{
			"session_id":       x.id,
			"base_url":         baseURL,
			"environment":      "playground",
			"session_type":     "PAYMENTS",
			"language":         language(x.locale()),
			"purchase_country": x.members["purchase_country"],
			"order_amount":     x.members["order_amount"],
		}) + "." +
		base64.RawURLEncoding.EncodeToString(signature)
}

func encodePart(claims map[string]any) string {
	raw, err := json.Marshal(claims)
	if err != nil {
		panic("klarnatest: " + err.Error()) // strings and checked JSON only
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

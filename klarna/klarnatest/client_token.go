package klarnatest

import (
	"crypto/rand"
	"encoding/base64"
)

// newClientToken makes a client token for the browser's script. It looks like the JWT that Klarna sends, and shows a script
// where its server is. Nobody checks the signature, which is random: the server knows its tokens by heart.
func (s *Server) newClientToken(x *session) string {
	signature := make([]byte, 32)
	_, _ = rand.Read(signature) // it never fails
	return encodePart(map[string]any{"alg": "RS256", "kid": newUUID()}) + "." +
		encodePart(map[string]any{
			"session_id":       x.id,
			"base_url":         s.URL,
			"sandbox":          true, // our script takes no other: a token of Klarna's leads to Klarna
			"environment":      "playground",
			"session_type":     "PAYMENTS",
			"language":         language(x.members.locale()),
			"purchase_country": x.members["purchase_country"],
			"order_amount":     x.members["order_amount"],

			"payment_method_categories": s.categories, // inferred: Klarna's token does not contain them
		}) + "." +
		base64.RawURLEncoding.EncodeToString(signature)
}

func encodePart(claims map[string]any) string {
	return base64.RawURLEncoding.EncodeToString(encodeValue(claims))
}

package klarnatest

import (
	"reflect"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// personalData is what a session shows only once the shopper has authorized.
var personalData = []string{"billing_address", "shipping_address", "customer"}

// read is the session as the shop gets to see it: what was sent, down to an amount of 0 or an empty field, and what is
// Klarna's to add.
func (x *session) read(now time.Time) map[string]any {
	sent := map[string]any{}
	for name := range x.members {
		sent[name] = x.members.value(name)
	}
	read := known(sent, reflect.TypeFor[klarna.SessionRead]()).(map[string]any)

	read["client_token"], read["expires_at"] = x.clientToken, x.expires
	read["payment_method_categories"] = categories(x.locale())
	read["status"] = klarna.SessionStatusIncomplete
	if x.order != nil {
		read["status"] = klarna.SessionStatusComplete
	}
	delete(read, "authorization_token")
	if x.newest == nil {
		for _, name := range personalData {
			delete(read, name)
		}
	} else if !x.newest.expired(now) && !x.newest.consumed() {
		read["authorization_token"] = x.newest.token // inferred: one that is worth nothing any more is left out
	}
	return read
}

// known is a JSON value without the members that a type of Klarna's does not have: what is sent may hold more than what
// is read, such as a customer's national identity number.
func known(value any, as reflect.Type) any {
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	switch {
	case isObject && as.Kind() == reflect.Struct:
		kept := map[string]any{}
		for field := range as.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if member := object[name]; member != nil {
				kept[name] = known(member, field.Type)
			}
		}
		return kept
	case isList && as.Kind() == reflect.Slice:
		for i := range list {
			list[i] = known(list[i], as.Elem())
		}
	}
	return value
}

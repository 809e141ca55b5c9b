package klarnatest

import (
	"reflect"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// personalData is what a session shows only once the shopper has authorized.
var personalData = []string{"billing_address", "shipping_address", "customer"}

// sessionState is what a session is at one moment. It stays as it is, so that it can be read without a lock.
type sessionState struct {
	members     members
	clientToken string
	expires     time.Time
	status      klarna.SessionStatus
	authorized  bool   // the shopper has authorized, ever so long ago
	token       string // of the authorization, while it is good for something
}

// state returns the state of the session. Server.mu is held.
func (x *session) state(now time.Time) sessionState {
	state := sessionState{
		members: x.members, clientToken: x.clientToken, expires: x.expires,
		status: klarna.SessionStatusIncomplete, authorized: x.newest != nil,
	}
	if x.order != nil {
		state.status = klarna.SessionStatusComplete
	}
	if a := x.newest; a != nil && !a.expired(now) && !a.consumed() {
		state.token = a.token // inferred: one that is no longer valid is left out
	}
	return state
}

// read returns the session as the shop gets to see it: what was sent, down to an amount of 0 or an empty field, and what
// is Klarna's to add.
func (x sessionState) read(offered []klarna.PaymentMethodCategory) map[string]any {
	read := known(x.members.tree(), reflect.TypeFor[klarna.SessionRead]()).(map[string]any)

	read["client_token"], read["expires_at"], read["status"] = x.clientToken, x.expires, x.status
	read["payment_method_categories"] = offered
	delete(read, "authorization_token")
	if !x.authorized {
		for _, name := range personalData {
			delete(read, name)
		}
	}
	if x.token != "" {
		read["authorization_token"] = x.token
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

// withoutUnknown is members without those that a type of Klarna's does not have. as is a pointer to one.
func withoutUnknown(m members, as any) members {
	return membersOf(known(m.tree(), reflect.TypeOf(as).Elem()).(map[string]any))
}

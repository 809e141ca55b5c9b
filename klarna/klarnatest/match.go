package klarnatest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// orderDifferences names the fields in which an order is not what was authorized, in the order seen in Klarna's
// messages. order_tax_amount is not among those that Klarna compares; the lines hold it. Nor is purchase_country, which is apart
// from the others: an order of GB in USD was seen to be accepted for a session of the US.
func orderDifferences(authorized, order members) (differences []string, otherCountry bool) {
	billing, shipping := addresses(authorized)
	orderBilling, orderShipping := addresses(order)

	// An address that was never authorized may come with the order. One that was and is left out now is a difference:
	// Klarna wants the same objects.
	if billing != nil {
		differences = append(differences, compare("billing_address", billing, orderBilling)...)
	}
	if shipping != nil {
		differences = append(differences, compare("shipping_address", shipping, orderShipping)...)
	}
	differences = append(differences, compare("order_amount", authorized.value("order_amount"), order.value("order_amount"))...)
	if !sameText(authorized, order, "purchase_currency") {
		differences = append(differences, "purchase_currency")
	}
	return append(differences, lines(authorized, order)...), !sameText(authorized, order, "purchase_country")
}

// customerTokenDifferences names the fields in which a request for a customer token is not what was authorized. It has no cart,
// and need not repeat what was authorized.
//
// inferred: an old page of Klarna's states that this is compared, and not which part of it. An address that differs was accepted.
func customerTokenDifferences(authorized, sent members) (differences []string) {
	billing, given := authorized.value("billing_address"), sent.value("billing_address")
	if billing != nil && given != nil && compare("billing_address", billing, given) != nil {
		differences = append(differences, "billing_address")
	}
	for _, name := range []string{"purchase_country", "purchase_currency"} {
		if sent[name] != nil && !sameText(authorized, sent, name) {
			differences = append(differences, name)
		}
	}
	return differences
}

// addresses returns both addresses; without one for shipping, it is a copy of the billing address.
func addresses(m members) (billing, shipping any) {
	billing, shipping = m.value("billing_address"), m.value("shipping_address")
	if shipping == nil {
		shipping = billing
	}
	return billing, shipping
}

// sameText compares a country or a currency. inferred: the document allows both cases of letters, so that they cannot count.
func sameText(authorized, sent members, name string) bool {
	return strings.EqualFold(authorized.text(name), sent.text(name))
}

// lines compares the order lines one by one: Klarna takes them for an ordered list.
func lines(authorized, order members) []string {
	want, _ := authorized.value("order_lines").([]any)
	got, _ := order.value("order_lines").([]any)
	if len(want) != len(got) {
		return []string{fmt.Sprintf("Incorrect number of items in the cart. Expected: %d, Actual: %d", len(want), len(got))}
	}
	var differences []string
	for i := range want {
		differences = append(differences, compare(fmt.Sprintf("order_lines[%d]", i), want[i], got[i])...)
	}
	return differences
}

// compare names the fields at and below a path in which two JSON values differ. An object that is absent is one without
// members.
func compare(path string, want, got any) []string {
	wantObject, isObject := want.(map[string]any)
	gotObject, isObjectToo := got.(map[string]any)
	if isObject && (isObjectToo || got == nil) || isObjectToo && want == nil {
		var differences []string
		for _, name := range slices.Sorted(maps.Keys(union(wantObject, gotObject))) {
			differences = append(differences, compare(path+"."+name, wantObject[name], gotObject[name])...)
		}
		return differences
	}
	if reflect.DeepEqual(withoutZero(want), withoutZero(got)) {
		return nil
	}
	if wantText, ok := want.(string); ok && strings.HasSuffix(path, "_address.country") {
		if gotText, ok := got.(string); ok && strings.EqualFold(wantText, gotText) {
			return nil // inferred: as for purchase_country
		}
	}
	return []string{path}
}

func union(a, b map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// withoutZero makes a number that is 0 an absent one, since Klarna reads them alike. An empty string is not made an
// absent one: shops reported orders that were rejected for just that.
func withoutZero(value any) any {
	if value == json.Number("0") {
		return nil
	}
	return value
}

package orderstate

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"
)

// References is the body of an update of the shop's references. What is nil stays as it is.
type References struct {
	MerchantReference1 *string `json:"merchant_reference1"`
	MerchantReference2 *string `json:"merchant_reference2"`
}

// SetReferences changes the shop's references, also after a capture. inferred: only a cancelled order rejects it.
func (o *Order) SetReferences(now time.Time, references References) *Rejection {
	o.pass(now)
	if o.Status == Cancelled {
		return o.notIn(NotAllowed, "Merchant references cannot be updated.")
	}
	if references.MerchantReference1 != nil {
		o.MerchantReference1 = *references.MerchantReference1
	}
	if references.MerchantReference2 != nil {
		o.MerchantReference2 = *references.MerchantReference2
	}
	return nil
}

// CustomerDetails is the body of an update of the customer details.
type CustomerDetails struct {
	ShippingAddress Address `json:"shipping_address"`
}

// mandatory are the fields of an address that cannot be cleared. inferred: Klarna says that there are some, and not which.
var mandatory = []string{"given_name", "family_name", "street_address", "postal_code", "city", "country"}

// SetCustomer changes the shipping address, field by field; an empty one is cleared. Earlier captures keep theirs.
//
// inferred: it works as long as something can be captured, and passes the credit check.
func (o *Order) SetCustomer(now time.Time, details CustomerDetails) *Rejection {
	o.pass(now)
	if !o.open() {
		return updateNotAllowed
	}
	if len(details.ShippingAddress) == 0 {
		return nil
	}
	address := maps.Clone(o.ShippingAddress)
	if address == nil {
		address = Address{}
	}
	for name, value := range details.ShippingAddress {
		if value == "" && slices.Contains(mandatory, name) {
			return invalidAddress
		}
		address[name] = value
	}
	o.ShippingAddress = address
	return nil
}

// AddOrderShipments adds parcels to the order as a whole. What was added before stays. inferred: no state rejects it.
func (o *Order) AddOrderShipments(shipments []Shipment) {
	o.ShippingInfo = grow(o.ShippingInfo, shipments)
}

// grow appends to a list without touching what a snapshot may still share.
func grow(list, more []Shipment) []Shipment { return append(slices.Clip(list), more...) }

func tooLow(amount, captured int64) *Rejection {
	return reject(NotAllowed, fmt.Sprintf(
		"Resulting authorization amount %d cannot be less than the captured amount %d for order. Update not allowed.", amount, captured))
}

// NewID returns a random UUID (version 4), as Klarna's ids look.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Package orderstate is the life of one order after it was placed, as the Klarna Order Management API keeps it: what may
// still be captured or refunded, and what each operation changes. It knows no HTTP and no clock: every operation is told
// the time. The JSON of its types is that of Klarna's responses.
//
// What Klarna does not document, and this package therefore decides, is marked "inferred".
package orderstate

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Status is how far an order is.
type Status string

// The statuses of an order. A refunded order keeps its status.
const (
	Authorized   Status = "AUTHORIZED"
	PartCaptured Status = "PART_CAPTURED"
	Captured     Status = "CAPTURED"
	Cancelled    Status = "CANCELLED"
	Expired      Status = "EXPIRED"
	Closed       Status = "CLOSED"
)

// The fraud statuses of an order. Others are kept, and treated as Accepted.
const (
	FraudAccepted = "ACCEPTED"
	FraudPending  = "PENDING"
	FraudRejected = "REJECTED"
)

// Order is an order. [New] makes it. It is not safe for concurrent use. A value that [Order.Snapshot] returned never changes.
type Order struct {
	ID             string `json:"order_id"`
	Status         Status `json:"status"`
	FraudStatus    string `json:"fraud_status"`
	Amount         int64  `json:"order_amount"`
	OriginalAmount int64  `json:"original_order_amount"`
	CapturedAmount int64  `json:"captured_amount"`
	RefundedAmount int64  `json:"refunded_amount"`
	Remaining      int64  `json:"remaining_authorized_amount"`

	Currency           string     `json:"purchase_currency"`
	Country            string     `json:"purchase_country"`
	Locale             string     `json:"locale"`
	Lines              []Line     `json:"order_lines"`
	MerchantReference1 string     `json:"merchant_reference1"`
	MerchantReference2 string     `json:"merchant_reference2"`
	MerchantData       string     `json:"merchant_data"`
	KlarnaReference    string     `json:"klarna_reference"`
	Customer           Customer   `json:"customer"`
	BillingAddress     Address    `json:"billing_address,omitempty"`
	ShippingAddress    Address    `json:"shipping_address,omitempty"`
	Created            Time       `json:"created_at"`
	Expires            Time       `json:"expires_at"`
	Captures           []Capture  `json:"captures"`
	Refunds            []Refund   `json:"refunds"`
	ShippingInfo       []Shipment `json:"shipping_info"`
	PaymentMethod      Method     `json:"initial_payment_method"`

	autoCapture   bool
	fraudRejected time.Time // when a review ended so
	unassigned    bool      // a refund was not assigned to a capture
	freeDaysUsed  bool      // the free extension of a due date
}

// Capture is a capture of an order.
type Capture struct {
	ID              string     `json:"capture_id"`
	KlarnaReference string     `json:"klarna_reference"`
	Amount          int64      `json:"captured_amount"`
	At              Time       `json:"captured_at"`
	Description     string     `json:"description"`
	Reference       string     `json:"reference"`
	Lines           []Line     `json:"order_lines"`
	Refunded        int64      `json:"refunded_amount"`
	BillingAddress  Address    `json:"billing_address,omitempty"`
	ShippingAddress Address    `json:"shipping_address,omitempty"`
	ShippingInfo    []Shipment `json:"shipping_info"`
}

// Refund is a refund of an order. Which capture it was assigned to is not shown, as at Klarna.
type Refund struct {
	ID            string `json:"refund_id"`
	Amount        int64  `json:"refunded_amount"`
	At            Time   `json:"refunded_at"`
	Description   string `json:"description"`
	Reference     string `json:"reference"`
	Lines         []Line `json:"order_lines"`
	CreditInvoice bool   `json:"credit_invoice"` // never: orders of organizations are not told apart
}

// Line is an order line. It is kept as it was sent.
type Line struct {
	Reference string
	Type      string
	Total     int64
	TaxRate   *int64
	raw       json.RawMessage
}

// UnmarshalJSON keeps the line, and reads what the rules need of it.
func (l *Line) UnmarshalJSON(raw []byte) error {
	var known struct {
		Reference string `json:"reference"`
		Type      string `json:"type"`
		Total     int64  `json:"total_amount"`
		TaxRate   *int64 `json:"tax_rate"`
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		return err
	}
	*l = Line{known.Reference, known.Type, known.Total, known.TaxRate, slices.Clone(raw)}
	return nil
}

// MarshalJSON returns the line as it was sent.
func (l Line) MarshalJSON() ([]byte, error) { return l.raw, nil }

// Shipment is a shipping_info, as it was sent.
type Shipment = json.RawMessage

// Customer is who bought.
type Customer struct {
	DateOfBirth                  string `json:"date_of_birth"`
	NationalIdentificationNumber string `json:"national_identification_number,omitempty"`
}

// Address is an address, by the names of its fields. It is never changed in place.
type Address map[string]string

// alwaysPrinted are the fields of an address that Klarna prints empty when they are not set.
var alwaysPrinted = []string{
	"given_name", "family_name", "title", "street_address", "street_address2", "postal_code", "city", "region", "country",
	"email", "phone",
}

// MarshalJSON returns the address with empty strings for what is not set.
func (a Address) MarshalJSON() ([]byte, error) {
	printed := map[string]string{}
	for _, name := range alwaysPrinted {
		printed[name] = ""
	}
	maps.Copy(printed, a)
	return json.Marshal(printed)
}

// Method is the payment method that the shopper chose.
type Method struct {
	Type         string `json:"type"`
	Description  string `json:"description"`
	Installments int    `json:"number_of_installments"`
}

// Time is a time as Klarna prints it: UTC, with milliseconds.
type Time struct{ time.Time }

// MarshalJSON returns the time with milliseconds.
func (t Time) MarshalJSON() ([]byte, error) {
	return json.Marshal(t.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// Placed is what an order is made of.
type Placed struct {
	ID          string `json:"-"`
	FraudStatus string `json:"-"`
	AutoCapture bool   `json:"auto_capture"`

	Amount             int64    `json:"order_amount"`
	Currency           string   `json:"purchase_currency"`
	Country            string   `json:"purchase_country"`
	Locale             string   `json:"locale"`
	Lines              []Line   `json:"order_lines"`
	MerchantReference1 string   `json:"merchant_reference1"`
	MerchantReference2 string   `json:"merchant_reference2"`
	MerchantData       string   `json:"merchant_data"`
	Customer           Customer `json:"customer"`
	BillingAddress     Address  `json:"billing_address"`
	ShippingAddress    Address  `json:"shipping_address"`
}

// New returns an order that was just placed. With auto-capture it is captured at once, or once its review accepts it.
func New(now time.Time, placed Placed) *Order {
	o := &Order{
		ID: placed.ID, Status: Authorized, FraudStatus: placed.FraudStatus,
		Amount: placed.Amount, OriginalAmount: placed.Amount, Remaining: placed.Amount,
		Currency: placed.Currency, Country: placed.Country, Locale: placed.Locale, Lines: orEmpty(placed.Lines),
		MerchantReference1: placed.MerchantReference1, MerchantReference2: placed.MerchantReference2, MerchantData: placed.MerchantData,
		KlarnaReference: newReference(), Customer: placed.Customer,
		BillingAddress: placed.BillingAddress, ShippingAddress: placed.ShippingAddress,
		Created: Time{now}, Expires: Time{expiry(now)},
		Captures: []Capture{}, Refunds: []Refund{}, ShippingInfo: []Shipment{},
		PaymentMethod: Method{"INVOICE", "Pay later", 1},
		autoCapture:   placed.AutoCapture,
	}
	o.captureByItself(now)
	return o
}

// Snapshot returns the order as it stands at a time. It does not change with the order.
func (o *Order) Snapshot(now time.Time) *Order {
	o.pass(now)
	c := *o
	c.Captures, c.Refunds = slices.Clone(o.Captures), slices.Clone(o.Refunds)
	// The lists of shipments only grow, and a slice of what was there stays as it is.
	c.ShippingInfo = slices.Clip(o.ShippingInfo)
	return &c
}

// Capture returns a capture of the order.
func (o *Order) Capture(id string) (Capture, *Rejection) {
	c := o.capture(id)
	if c == nil {
		return Capture{}, noSuchCapture
	}
	return *c, nil
}

// Refund returns a refund of the order.
func (o *Order) Refund(id string) (Refund, *Rejection) {
	for _, r := range o.Refunds {
		if r.ID == id {
			return r, nil
		}
	}
	return Refund{}, reject(NotFound, "Refund "+id+" cannot be found for order "+o.ID)
}

func (o *Order) capture(id string) *Capture {
	for i := range o.Captures {
		if o.Captures[i].ID == id {
			return &o.Captures[i]
		}
	}
	return nil
}

// Size is about how many bytes the order takes.
func (o *Order) Size() int {
	size := 1024 + linesSize(o.Lines) + o.BillingAddress.size() + o.ShippingAddress.size() + shipmentsSize(o.ShippingInfo) +
		len(o.MerchantReference1) + len(o.MerchantReference2) + len(o.MerchantData)
	for _, c := range o.Captures {
		size += 512 + linesSize(c.Lines) + shipmentsSize(c.ShippingInfo) + len(c.Description) + len(c.Reference) +
			c.BillingAddress.size() + c.ShippingAddress.size()
	}
	for _, r := range o.Refunds {
		size += 256 + linesSize(r.Lines) + len(r.Description) + len(r.Reference)
	}
	return size
}

func (a Address) size() (size int) {
	for name, value := range a {
		size += len(name) + len(value)
	}
	return size
}

func linesSize(lines []Line) (size int) {
	for _, line := range lines {
		size += 64 + len(line.raw)
	}
	return size
}

func shipmentsSize(list []Shipment) (size int) {
	for _, shipment := range list {
		size += 32 + len(shipment)
	}
	return size
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// newReference returns a short number such as shoppers see: eight letters and digits that cannot be mistaken.
func newReference() string {
	const letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b[:])
}

func (o *Order) referenceOfNextCapture() string {
	return o.KlarnaReference + "-" + strconv.Itoa(len(o.Captures)+1)
}

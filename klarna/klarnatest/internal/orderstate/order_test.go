package orderstate_test

import (
	"math"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna/klarnatest/internal/orderstate"
	"github.com/stretchr/testify/require"
)

const day = 24 * time.Hour

// begin is the purchase of the sample in Klarna's documentation, which expires at midnight UTC at the start of day 28.
var begin = time.Date(2022, 7, 8, 9, 48, 0, 0, time.UTC)

func newOrder(status string) *orderstate.Order {
	return orderstate.New(begin, orderstate.Placed{ID: "o", Amount: 100, Country: "DE", Currency: "EUR", FraudStatus: status})
}

// step is one thing that happens to an order, at a time after the purchase.
type step struct {
	after time.Duration
	do    func(o *orderstate.Order, now time.Time) *orderstate.Rejection
	want  string // the rejection, or empty
}

func capture(amount int64, lines ...orderstate.Line) func(*orderstate.Order, time.Time) *orderstate.Rejection {
	return func(o *orderstate.Order, now time.Time) *orderstate.Rejection {
		return o.AddCapture(now, orderstate.NewID(), orderstate.CaptureRequest{Amount: amount, Lines: lines})
	}
}

func refund(amount int64, lines ...orderstate.Line) func(*orderstate.Order, time.Time) *orderstate.Rejection {
	return func(o *orderstate.Order, now time.Time) *orderstate.Rejection {
		return o.AddRefund(now, orderstate.NewID(), orderstate.RefundRequest{Amount: amount, Lines: lines})
	}
}

func update(amount int64) func(*orderstate.Order, time.Time) *orderstate.Rejection {
	return func(o *orderstate.Order, now time.Time) *orderstate.Rejection {
		return o.Update(now, orderstate.AuthorizationUpdate{Amount: amount})
	}
}

func decide(status string) func(*orderstate.Order, time.Time) *orderstate.Rejection {
	return func(o *orderstate.Order, now time.Time) *orderstate.Rejection {
		o.Decide(now, status)
		return nil
	}
}

func setReference(o *orderstate.Order, now time.Time) *orderstate.Rejection {
	return o.SetReferences(now, orderstate.References{MerchantReference2: new("r-2")})
}

func setCity(city string) func(*orderstate.Order, time.Time) *orderstate.Rejection {
	return func(o *orderstate.Order, now time.Time) *orderstate.Rejection {
		return o.SetCustomer(now, orderstate.CustomerDetails{ShippingAddress: orderstate.Address{"city": city}})
	}
}

const expired = 27*day + 14*time.Hour + 12*time.Minute // midnight, when the order expires

func TestLife(t *testing.T) {
	t.Parallel()
	const (
		notAllowed   = "CAPTURE_NOT_ALLOWED: Capture not allowed"
		above        = "CAPTURE_NOT_ALLOWED: Captured amount is higher than the remaining authorized amount. Capture not possible."
		update403    = "NOT_ALLOWED: Update not allowed."
		cannotExtend = "Authorization time cannot be extended."
	)
	cancel, release, extend := (*orderstate.Order).Cancel, (*orderstate.Order).Release, (*orderstate.Order).Extend
	for _, row := range []struct {
		name  string
		fraud string
		steps []step
		want  orderstate.Status
		left  int64
	}{
		{"nothing happens", "ACCEPTED", nil, orderstate.Authorized, 100},
		{"a fraud status that is new", "NEW", []step{{0, capture(100), ""}}, orderstate.Captured, 0},
		{"captured in parts", "ACCEPTED", []step{
			{0, capture(40), ""}, {0, capture(61), above}, {0, capture(60), ""}, {0, capture(1), notAllowed},
		}, orderstate.Captured, 0},
		{"a capture of 0", "ACCEPTED", []step{{0, capture(0), notAllowed}}, orderstate.Authorized, 100},
		{"part captured", "ACCEPTED", []step{{0, capture(99), ""}}, orderstate.PartCaptured, 1},
		{"cancelled", "ACCEPTED", []step{
			{0, cancel, ""}, {0, cancel, "CANCEL_NOT_ALLOWED: Order is cancelled. Cancel not possible"},
			{0, capture(1), notAllowed}, {0, update(1), update403}, {0, setCity("Berlin"), update403},
			{0, extend, "NOT_ALLOWED: Order is cancelled. " + cannotExtend},
			{0, release, "NOT_ALLOWED: Order is cancelled. Remaining authorization cannot be released."},
			{0, setReference, "NOT_ALLOWED: Order is cancelled. Merchant references cannot be updated."},
			{0, refund(1), "REFUND_NOT_ALLOWED: Order has no captures. Refund not possible"},
		}, orderstate.Cancelled, 0},
		{"cancel after a capture", "ACCEPTED", []step{
			{0, capture(1), ""}, {0, cancel, "CANCEL_NOT_ALLOWED: Order has previous captures. Cancel not possible"},
		}, orderstate.PartCaptured, 99},
		{"released", "ACCEPTED", []step{
			{0, release, "NOT_ALLOWED: Order has no captures. Remaining authorization cannot be released."},
			{0, capture(10), ""}, {0, release, ""}, {0, capture(1), notAllowed},
			{0, release, "NOT_ALLOWED: Order is fully captured. Remaining authorization cannot be released."},
			{0, extend, "NOT_ALLOWED: Order is fully captured. " + cannotExtend},
			{0, update(100), update403}, {0, setReference, ""}, {0, refund(10), ""},
		}, orderstate.Captured, 0},
		{"raised and lowered", "ACCEPTED", []step{
			{0, update(200), ""}, {0, capture(150), ""},
			{0, update(149), "NOT_ALLOWED: Resulting authorization amount 149 cannot be less than the captured amount 150 for order. Update not allowed."},
			{0, update(160), ""}, {0, setCity("Berlin"), ""},
		}, orderstate.PartCaptured, 10},
		{"lowered to what is captured", "ACCEPTED", []step{{0, capture(60), ""}, {0, update(60), ""}}, orderstate.Captured, 0},
		{"lowered to 0", "ACCEPTED", []step{{0, update(0), ""}, {0, capture(1), above}}, orderstate.Authorized, 0},
		{"captured on the last day", "ACCEPTED", []step{{expired - 1, capture(1), ""}}, orderstate.PartCaptured, 99},
		{"expired", "ACCEPTED", []step{
			{expired, capture(1), notAllowed}, {expired, cancel, "CANCEL_NOT_ALLOWED: Order is expired. Cancel not possible"},
			{expired, extend, "NOT_ALLOWED: Order is expired. " + cannotExtend},
			{expired, update(1), update403},
		}, orderstate.Expired, 0},
		{"expired in part", "ACCEPTED", []step{
			{0, capture(10), ""}, {expired, capture(1), notAllowed}, {expired, refund(10), ""},
			{expired, release, "NOT_ALLOWED: Order is closed. Remaining authorization cannot be released."},
		}, orderstate.Closed, 0},
		{"captured before it would expire", "ACCEPTED", []step{{0, capture(100), ""}, {expired, refund(1), ""}}, orderstate.Captured, 0},
		{"extended", "ACCEPTED", []step{{expired - 1, extend, ""}, {expired + 27*day - 1, capture(1), ""}}, orderstate.PartCaptured, 99},
		{"extended only once", "ACCEPTED", []step{{expired - 1, extend, ""}, {expired + 27*day, capture(1), notAllowed}}, orderstate.Expired, 0},
		{"extended for too long", "ACCEPTED", []step{
			{27 * day, extend, ""}, {54 * day, extend, ""}, {81 * day, extend, ""}, {108 * day, extend, ""}, {135 * day, extend, ""},
			{162 * day, extend, ""}, {180 * day, extend, ""}, {180*day + 1, extend, "NOT_ALLOWED: Order is too old. " + cannotExtend},
		}, orderstate.Authorized, 100},
		{"pending", "PENDING", []step{{0, capture(1), notAllowed}, {0, update(90), ""}}, orderstate.Authorized, 90},
		{"accepted after a review", "PENDING", []step{{0, decide("ACCEPTED"), ""}, {0, decide("REJECTED"), ""}, {0, capture(1), ""}}, orderstate.PartCaptured, 99},
		{"rejected, and captured at the shop's risk", "PENDING", []step{
			{0, decide("REJECTED"), ""}, {0, decide("ACCEPTED"), ""}, {4*time.Hour - 1, capture(1), ""}, {4 * time.Hour, capture(1), notAllowed},
		}, orderstate.Captured, 0},
		{"rejected, and not captured in time", "PENDING", []step{{0, decide("REJECTED"), ""}, {4 * time.Hour, capture(1), notAllowed}}, orderstate.Cancelled, 0},
		{"rejected from the beginning", "REJECTED", []step{{0, capture(1), notAllowed}}, orderstate.Authorized, 100},
		{"accepted too late", "PENDING", []step{{0, cancel, ""}, {0, decide("ACCEPTED"), ""}, {0, capture(1), notAllowed}}, orderstate.Cancelled, 0},
		{"an order that expires before its review ends", "PENDING", []step{
			{expired - time.Hour, decide("REJECTED"), ""}, {expired + 4*time.Hour, capture(1), notAllowed},
		}, orderstate.Expired, 0},
		{"a mandatory field cleared", "ACCEPTED", []step{{0, setCity(""), "INVALID_ADDRESS: The address is invalid"}}, orderstate.Authorized, 100},
		{"refunded", "ACCEPTED", []step{
			{0, refund(1), "REFUND_NOT_ALLOWED: Order has no captures. Refund not possible"}, {0, capture(50), ""},
			{0, refund(51), "REFUND_NOT_ALLOWED: Over refund is not allowed. Refund not possible."},
			{0, refund(0), "REFUND_NOT_ALLOWED: Refund not allowed"},
			{0, refund(30), ""}, {0, refund(20), ""},
			{0, refund(1), "REFUND_NOT_ALLOWED: Over refund is not allowed. Refund not possible."},
		}, orderstate.PartCaptured, 50},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := newOrder(row.fraud)
			var now time.Time
			for i, s := range row.steps {
				now = begin.Add(s.after)
				got := ""
				if rejected := s.do(o, now); rejected != nil {
					got = rejected.Error()
				}
				require.Equal(t, s.want, got, "step %d", i+1)
			}
			after := o.Snapshot(now)
			require.Equal(t, row.want, after.Status)
			require.Equal(t, row.left, after.Remaining)
			require.EqualValues(t, 100, after.OriginalAmount)
		})
	}
}

func TestExpiryIsMidnightUTC(t *testing.T) {
	t.Parallel()
	o := newOrder("ACCEPTED")
	require.Equal(t, "2022-08-05T00:00:00Z", o.Expires.Format(time.RFC3339))
	for range 2 { // twice on one day is the same as once
		require.Nil(t, o.Extend(begin.Add(10*day)))
		require.Equal(t, "2022-08-15T00:00:00Z", o.Expires.Format(time.RFC3339))
	}
	berlin := time.FixedZone("", 2*60*60)
	late := orderstate.New(time.Date(2022, 7, 9, 1, 0, 0, 0, berlin), orderstate.Placed{Amount: 1})
	require.Equal(t, "2022-08-05T00:00:00Z", late.Expires.Format(time.RFC3339), "the day in UTC counts")
}

func TestAutoCapture(t *testing.T) {
	t.Parallel()
	placed := orderstate.Placed{Amount: 100, FraudStatus: "ACCEPTED", AutoCapture: true, Lines: []orderstate.Line{line(t, "a", "physical", 100)}}
	o := orderstate.New(begin, placed)
	require.Equal(t, orderstate.Captured, o.Status)
	require.Len(t, o.Captures, 1)
	require.Equal(t, placed.Lines, o.Captures[0].Lines)
	require.Equal(t, o.KlarnaReference+"-1", o.Captures[0].KlarnaReference)

	placed.FraudStatus = "PENDING"
	o = orderstate.New(begin, placed)
	require.Equal(t, orderstate.Authorized, o.Status)
	o.Decide(begin, "ACCEPTED")
	require.Equal(t, orderstate.Captured, o.Status)

	placed.Amount = 0
	require.Equal(t, orderstate.Authorized, orderstate.New(begin, placed).Status)
}

func TestRefundsAreAssignedToCaptures(t *testing.T) {
	t.Parallel()
	goods := func(reference string, total int64) orderstate.Line { return line(t, reference, "physical", total) }
	for _, row := range []struct {
		name string
		do   []func(*orderstate.Order, time.Time) *orderstate.Rejection
		want []int64 // refunded of the captures: 40 of a, 30 of a and b
	}{
		{"by reference", []func(*orderstate.Order, time.Time) *orderstate.Rejection{refund(10, goods("b", 10))}, []int64{0, 10}},
		{"the first that fits", []func(*orderstate.Order, time.Time) *orderstate.Rejection{refund(30, goods("a", 30)), refund(20, goods("a", 20))}, []int64{30, 20}},
		{"several lines", []func(*orderstate.Order, time.Time) *orderstate.Rejection{refund(10, goods("a", 3), goods("b", 7))}, []int64{0, 10}},
		{"no lines", []func(*orderstate.Order, time.Time) *orderstate.Rejection{refund(10)}, []int64{0, 0}},
		{"another reference", []func(*orderstate.Order, time.Time) *orderstate.Rejection{refund(10, goods("A", 10))}, []int64{0, 0}},
		{"one of them", []func(*orderstate.Order, time.Time) *orderstate.Rejection{refund(10, goods("b", 5), goods("c", 5))}, []int64{0, 0}},
		{"no reference", []func(*orderstate.Order, time.Time) *orderstate.Rejection{refund(10, goods("", 10))}, []int64{0, 0}},
		{"another sum", []func(*orderstate.Order, time.Time) *orderstate.Rejection{refund(10, goods("a", 11))}, []int64{0, 0}},
		{"more than a capture", []func(*orderstate.Order, time.Time) *orderstate.Rejection{refund(41, goods("a", 41))}, []int64{0, 0}},
		{"a sum that overflows", []func(*orderstate.Order, time.Time) *orderstate.Rejection{
			refund(10, goods("a", math.MinInt64), goods("a", math.MinInt64), goods("a", 10)),
		}, []int64{0, 0}},
		{"none after one that was not", []func(*orderstate.Order, time.Time) *orderstate.Rejection{
			refund(1, goods("a", 1)), refund(1), refund(1, goods("a", 1)),
		}, []int64{1, 0}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := newOrder("ACCEPTED")
			require.Nil(t, capture(40, goods("a", 40), goods("", 0))(o, begin))
			require.Nil(t, capture(30, goods("a", 15), goods("b", 15))(o, begin))
			for _, do := range row.do {
				require.Nil(t, do(o, begin), "it is accepted in any case")
			}
			require.Equal(t, row.want, []int64{o.Captures[0].Refunded, o.Captures[1].Refunded})
		})
	}
}

func TestReturnFees(t *testing.T) {
	t.Parallel()
	fee := line(t, "", "return_fee", -5)
	without := fee
	without.TaxRate = nil
	goods := line(t, "a", "physical", 50)
	for _, row := range []struct {
		name    string
		country string
		before  []func(*orderstate.Order, time.Time) *orderstate.Rejection
		refund  func(*orderstate.Order, time.Time) *orderstate.Rejection
		ok      bool
	}{
		{"as documented", "DE", nil, refund(45, goods, fee), true},
		{"another sum", "DE", nil, refund(50, goods, fee), false},
		{"another country", "US", nil, refund(45, goods, fee), false},
		{"a fee of 0", "DE", nil, refund(50, goods, line(t, "", "return_fee", 0)), false},
		{"no tax rate", "DE", nil, refund(45, goods, without), false},
		{"two captures", "DE", []func(*orderstate.Order, time.Time) *orderstate.Rejection{capture(60, goods), capture(40)}, refund(45, goods, fee), false},
		{"a part captured", "DE", []func(*orderstate.Order, time.Time) *orderstate.Rejection{capture(60, goods)}, refund(45, goods, fee), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := orderstate.New(begin, orderstate.Placed{Amount: 100, Country: row.country})
			if row.before == nil {
				require.Nil(t, capture(100, goods)(o, begin))
			}
			for _, do := range row.before {
				require.Nil(t, do(o, begin))
			}
			rejected := row.refund(o, begin)
			if row.ok {
				require.Nil(t, rejected)
				require.EqualValues(t, 45, o.Captures[0].Refunded)
				return
			}
			require.EqualError(t, rejected, "REFUND_NOT_ALLOWED: Return fee is not allowed. Refund not possible.")
		})
	}
}

func TestCaptures(t *testing.T) {
	t.Parallel()
	o := orderstate.New(begin, orderstate.Placed{ID: "o", Amount: 100, Country: "DE", Currency: "EUR", ShippingAddress: orderstate.Address{"city": "Bonn"}})
	require.Nil(t, o.AddCapture(begin, "c", orderstate.CaptureRequest{Amount: 1, ShippingInfo: []orderstate.Shipment{[]byte(`{"a":1}`)}}))
	require.Nil(t, o.SetCustomer(begin, orderstate.CustomerDetails{ShippingAddress: orderstate.Address{"city": "Berlin", "title": ""}}))
	require.Nil(t, o.SetCustomer(begin, orderstate.CustomerDetails{}))
	require.Nil(t, o.AddShipments("c", []orderstate.Shipment{[]byte(`{"b":2}`)}))
	o.AddOrderShipments([]orderstate.Shipment{[]byte(`{"c":3}`)})
	c, rejected := o.Capture("c")
	require.Nil(t, rejected)
	require.Equal(t, "Bonn", c.ShippingAddress["city"], "a capture keeps its address")
	require.Equal(t, "Berlin", o.ShippingAddress["city"])
	require.Equal(t, `[{"a":1},{"b":2}]`, encode(t, c.ShippingInfo))
	require.Equal(t, `[{"c":3}]`, encode(t, o.ShippingInfo))
	require.Nil(t, o.SendOut("c"))

	const unknown = "NO_SUCH_CAPTURE: Capture could not be found."
	_, rejected = o.Capture("x")
	require.EqualError(t, rejected, unknown)
	_, rejected = o.DueDateOptions("x")
	require.EqualError(t, rejected, unknown)
	require.EqualError(t, o.ExtendDueDate("x", 2), unknown)
	require.EqualError(t, o.SendOut("x"), unknown)
	require.EqualError(t, o.AddShipments("x", nil), unknown+" Shipping info cannot be added to capture x")
	_, rejected = o.Refund("x")
	require.EqualError(t, rejected, "NOT_FOUND: Refund x cannot be found for order o")
}

func TestDueDates(t *testing.T) {
	t.Parallel()
	o := newOrder("ACCEPTED")
	require.Nil(t, o.AddCapture(begin, "c", orderstate.CaptureRequest{Amount: 1}))
	options := func() string {
		offered, rejected := o.DueDateOptions("c")
		require.Nil(t, rejected)
		return encode(t, offered)
	}
	require.Equal(t, `{"currency":"EUR","options":[{"number_of_days":2,"amount":0},{"number_of_days":10,"amount":100},{"number_of_days":30,"amount":199},{"number_of_days":60,"amount":299}]}`, options())
	require.Nil(t, o.ExtendDueDate("c", 10))
	require.Nil(t, o.ExtendDueDate("c", 2))
	require.EqualError(t, o.ExtendDueDate("c", 2), "NOT_ALLOWED: Due date cannot be extended by 2 days.", "the free days are given once")
	require.NotContains(t, options(), `"number_of_days":2,`)
	o.Country = "US"
	require.Equal(t, `{"currency":"EUR","options":[]}`, options())
}

// An order is printed as Klarna does: with empty strings for what is not set, empty lists, and milliseconds.
func TestJSON(t *testing.T) {
	t.Parallel()
	o := orderstate.New(begin, orderstate.Placed{
		ID: "o", Amount: 100, FraudStatus: "ACCEPTED", BillingAddress: orderstate.Address{"city": "Bonn", "attention": "x"},
	})
	o.KlarnaReference = "7TQ2M4XW"
	require.JSONEq(t, `{
		"order_id":"o","status":"AUTHORIZED","fraud_status":"ACCEPTED",
		"order_amount":100,"original_order_amount":100,"captured_amount":0,"refunded_amount":0,"remaining_authorized_amount":100,
		"purchase_currency":"","purchase_country":"","locale":"","order_lines":[],"captures":[],"refunds":[],"shipping_info":[],
		"merchant_reference1":"","merchant_reference2":"","merchant_data":"","klarna_reference":"7TQ2M4XW","customer":{"date_of_birth":""},
		"created_at":"2022-07-08T09:48:00.000Z","expires_at":"2022-08-05T00:00:00.000Z",
		"billing_address":{"attention":"x","given_name":"","family_name":"","title":"","street_address":"","street_address2":"",
			"postal_code":"","city":"Bonn","region":"","country":"","email":"","phone":""},
		"initial_payment_method":{"type":"INVOICE","description":"Pay later","number_of_installments":1}}`, encode(t, o))
	require.Regexp(t, `^[2-9A-HJ-NP-Z]{8}$`, newOrder("").KlarnaReference)
}

func TestSizeGrowsWithWhatIsStored(t *testing.T) {
	t.Parallel()
	o := newOrder("ACCEPTED")
	last := o.Size()
	grows := func(name string) {
		require.Greater(t, o.Size(), last, name)
		last = o.Size()
	}
	require.Nil(t, capture(1, line(t, "a", "physical", 1))(o, begin))
	grows("capture")
	require.Nil(t, refund(1)(o, begin))
	grows("refund")
	require.Nil(t, o.AddShipments(o.Captures[0].ID, []orderstate.Shipment{[]byte(`{}`)}))
	grows("shipment")
	o.AddOrderShipments([]orderstate.Shipment{[]byte(`{}`)})
	grows("shipment of the order")
	require.Nil(t, setReference(o, begin))
	grows("reference")
	require.Nil(t, setCity("Berlin")(o, begin))
	grows("address")
}

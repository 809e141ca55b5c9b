package klarna

// OrderFromApproved returns the order that matches what the shopper approved: the cart of session as in [OrderFromSession], with the
// addresses of approved, which is what [Client.ReadSession] returns after the approval. The browser may have passed addresses to
// authorize that the shop's server never saw, and CreateOrder fails with ErrConflict if the order leaves them out. Addresses that
// approved does not have are those of session. The order shares its slices with session.
//
// Source: https://docs.klarna.com/klarna-payments/additional-resources/error-handling-and-validations/validations-in-kp/
func OrderFromApproved(session SessionCreate, approved SessionRead) CreateOrderRequest {
	order := OrderFromSession(session)
	if approved.BillingAddress != (Address{}) {
		order.BillingAddress = approved.BillingAddress
	}
	if approved.ShippingAddress != (Address{}) {
		order.ShippingAddress = approved.ShippingAddress
	}
	return order
}

package preflight

// checkComplete warns of an update with a part of the cart. That Klarna checks it against the rest of the session is
// inferred; that rest is not known here. Klarna's sample has all three parts, and so has [klarna.CartUpdate].
//
// Source: https://docs.klarna.com/payments/web-payments/integrate-with-klarna-payments/other-actions/update-the-cart
func checkComplete(cart *cart, report *Report) {
	switch {
	case len(cart.lines) == 0 && (cart.amount != nil || cart.tax != nil):
		report.warning("order_lines", CodeCartIncomplete,
			"stay as they are while the amounts change, but Klarna checks them together")
	case len(cart.lines) > 0 && cart.amount == nil:
		report.warning("order_amount", CodeCartIncomplete,
			"stays as it is while order_lines change, but Klarna checks them together")
	}
	if len(cart.lines) > 0 && cart.tax == nil {
		report.warning("order_tax_amount", CodeCartIncomplete,
			"stays as it is while order_lines change, but Klarna checks them together")
	}
}

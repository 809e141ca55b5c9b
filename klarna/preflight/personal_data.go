package preflight

import "github.com/klarna-go/klarna-payments/klarna"

// checkPersonalData warns of a session that is made with the shopper's data. Klarna asks to send it with the browser's
// authorize call, since before that the shopper has not chosen Klarna, and the GDPR leaves no ground for it.
//
// Source: https://docs.klarna.com/klarna-payments/in-depth-knowledge/customer-data-requirements/
func checkPersonalData(request *request, report *Report) {
	warn := func(field string) {
		report.warning(field, CodePersonalData,
			"has personal data, which is best sent with authorize() once the shopper has chosen Klarna")
	}
	if hasPersonalAddress(request.personal.billing) {
		warn("billing_address")
	}
	if hasPersonalAddress(request.personal.shipping) {
		warn("shipping_address")
	}
	if isPersonalCustomer(request.personal.customer) {
		warn("customer")
	}
}

// hasPersonalAddress leaves country and region out: too many live there.
func hasPersonalAddress(address klarna.Address) bool {
	address.Country, address.Region = "", ""
	return address != klarna.Address{}
}

// isPersonalCustomer leaves out what kind of customer it is, which a session has to begin with: it cannot be changed
// later.
func isPersonalCustomer(customer klarna.Customer) bool {
	customer.Type, customer.OrganizationEntityType = "", ""
	return customer != klarna.Customer{}
}

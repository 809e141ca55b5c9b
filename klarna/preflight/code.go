package preflight

// Codes of problems. The package documentation explains each.
const (
	CodeMissing        = "missing"
	CodeTooShort       = "too_short"
	CodeTooLong        = "too_long"
	CodeTooFew         = "too_few"
	CodeTooMany        = "too_many"
	CodeTooSmall       = "too_small"
	CodeTooLarge       = "too_large"
	CodeWrongFormat    = "wrong_format"
	CodeNotAllowed     = "not_allowed"
	CodeInvalid        = "invalid"
	CodeBodyTooLarge   = "body_too_large"
	CodeLineTotal      = "line_total"
	CodeLineTax        = "line_tax"
	CodeWrongSign      = "wrong_sign"
	CodeOrderAmount    = "order_amount"
	CodeOrderTaxAmount = "order_tax_amount"
	CodeOverflow       = "overflow"
	CodeReturnFee      = "return_fee"
	CodeTooMuch        = "too_much"
	CodeWrongState     = "wrong_state"
	CodeZeroAmount     = "zero_amount"
	CodeNotARequest    = "not_a_request"
)

// Codes of warnings.
const (
	CodeMarket         = "market"
	CodeLineRounding   = "line_rounding"
	CodeTaxRounding    = "tax_rounding"
	CodeNoOrderTax     = "no_order_tax"
	CodeNoLineTax      = "no_line_tax"
	CodeLineTaxUS      = "line_tax_us"
	CodeCapturedAmount = "captured_amount"
	CodeRefundedAmount = "refunded_amount"
	CodeOtherCase      = "other_case"
	CodeMayBeMissing   = "may_be_missing"
	CodeAppScheme      = "app_scheme"
	CodeCartIncomplete = "cart_incomplete"
	CodeCreditTax      = "credit_tax"
	CodeSalesTax       = "sales_tax"
	CodeNotHTTPS       = "not_https"
	CodeRelativeURL    = "relative_url"
	CodePersonalData   = "personal_data"

	CodeEncodedPlaceholder = "encoded_placeholder"
	CodeNoStatusUpdate     = "no_status_update"
)

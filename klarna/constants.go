package klarna

import "github.com/klarna-go/klarna-payments/gen"

// What the shopper authorizes.
const (
	IntentBuy            = gen.IntentBuy
	IntentTokenize       = gen.IntentTokenize
	IntentBuyAndTokenize = gen.IntentBuyAndTokenize
)

// Whether an order was placed.
const (
	SessionStatusComplete   = gen.SessionStatusComplete
	SessionStatusIncomplete = gen.SessionStatusIncomplete
)

// Where a sale happens. Klarna takes ECOMMERCE when none is given.
const (
	AcquiringChannelEcommerce = gen.AcquiringChannelEcommerce
	AcquiringChannelInStore   = gen.AcquiringChannelInStore
	AcquiringChannelTelesales = gen.AcquiringChannelTelesales
)

// What a customer token is for.
const (
	IntendedUseSubscription = gen.IntendedUseSubscription
)

// The units of time between two deliveries.
const (
	SubscriptionIntervalDay   = gen.SubscriptionIntervalDay
	SubscriptionIntervalWeek  = gen.SubscriptionIntervalWeek
	SubscriptionIntervalMonth = gen.SubscriptionIntervalMonth
	SubscriptionIntervalYear  = gen.SubscriptionIntervalYear
)

// Legal forms of organizations.
const (
	OrganizationEntityTypeLimitedCompany                   = gen.OrganizationEntityTypeLimitedCompany
	OrganizationEntityTypePublicLimitedCompany             = gen.OrganizationEntityTypePublicLimitedCompany
	OrganizationEntityTypeEntrepreneurialCompany           = gen.OrganizationEntityTypeEntrepreneurialCompany
	OrganizationEntityTypeLimitedPartnershipLimitedCompany = gen.OrganizationEntityTypeLimitedPartnershipLimitedCompany
	OrganizationEntityTypeLimitedPartnership               = gen.OrganizationEntityTypeLimitedPartnership
	OrganizationEntityTypeGeneralPartnership               = gen.OrganizationEntityTypeGeneralPartnership
	OrganizationEntityTypeRegisteredSoleTrader             = gen.OrganizationEntityTypeRegisteredSoleTrader
	OrganizationEntityTypeSoleTrader                       = gen.OrganizationEntityTypeSoleTrader
	OrganizationEntityTypeCivilLawPartnership              = gen.OrganizationEntityTypeCivilLawPartnership
	OrganizationEntityTypePublicInstitution                = gen.OrganizationEntityTypePublicInstitution
	OrganizationEntityTypeOther                            = gen.OrganizationEntityTypeOther
)

// Kinds of payment that are known. Klarna may answer with others.
const (
	AuthorizedPaymentMethodTypeInvoice                  = gen.AuthorizedPaymentMethodTypeInvoice
	AuthorizedPaymentMethodTypeFixedAmount              = gen.AuthorizedPaymentMethodTypeFixedAmount
	AuthorizedPaymentMethodTypeBaseAccount              = gen.AuthorizedPaymentMethodTypeBaseAccount
	AuthorizedPaymentMethodTypeDirectDebit              = gen.AuthorizedPaymentMethodTypeDirectDebit
	AuthorizedPaymentMethodTypeDirectBankTransfer       = gen.AuthorizedPaymentMethodTypeDirectBankTransfer
	AuthorizedPaymentMethodTypeB2BInvoice               = gen.AuthorizedPaymentMethodTypeB2BInvoice
	AuthorizedPaymentMethodTypeCard                     = gen.AuthorizedPaymentMethodTypeCard
	AuthorizedPaymentMethodTypeSliceItByCard            = gen.AuthorizedPaymentMethodTypeSliceItByCard
	AuthorizedPaymentMethodTypePayLaterByCard           = gen.AuthorizedPaymentMethodTypePayLaterByCard
	AuthorizedPaymentMethodTypePayByCard                = gen.AuthorizedPaymentMethodTypePayByCard
	AuthorizedPaymentMethodTypeFixedSumCredit           = gen.AuthorizedPaymentMethodTypeFixedSumCredit
	AuthorizedPaymentMethodTypeAlternativePaymentMethod = gen.AuthorizedPaymentMethodTypeAlternativePaymentMethod
)

// Kinds of order lines that are known.
const (
	OrderLineTypePhysical    OrderLineType = "physical"
	OrderLineTypeDiscount    OrderLineType = "discount" // with negative amounts
	OrderLineTypeShippingFee OrderLineType = "shipping_fee"
	OrderLineTypeSalesTax    OrderLineType = "sales_tax" // the tax of an order in the US
	OrderLineTypeDigital     OrderLineType = "digital"
	OrderLineTypeGiftCard    OrderLineType = "gift_card"    // with negative amounts and no tax
	OrderLineTypeStoreCredit OrderLineType = "store_credit" // with negative amounts and no tax
	OrderLineTypeSurcharge   OrderLineType = "surcharge"
)

// Payment method categories that are known. Klarna may answer with others.
const (
	PaymentMethodCategoryIdentifierKlarna             PaymentMethodCategoryIdentifier = "klarna" // newer accounts: one category for all methods
	PaymentMethodCategoryIdentifierPayLater           PaymentMethodCategoryIdentifier = "pay_later"
	PaymentMethodCategoryIdentifierPayNow             PaymentMethodCategoryIdentifier = "pay_now"
	PaymentMethodCategoryIdentifierPayOverTime        PaymentMethodCategoryIdentifier = "pay_over_time"
	PaymentMethodCategoryIdentifierDirectBankTransfer PaymentMethodCategoryIdentifier = "direct_bank_transfer"
	PaymentMethodCategoryIdentifierDirectDebit        PaymentMethodCategoryIdentifier = "direct_debit"
)

// How the fraud check of an order ended.
const (
	FraudStatusAccepted FraudStatus = "ACCEPTED" // ship
	FraudStatusPending  FraudStatus = "PENDING"  // wait for the fraud notification
	FraudStatusRejected FraudStatus = "REJECTED" // do not ship
)

// How the review of a pending order ended.
const (
	FraudEventTypeAccepted FraudEventType = "FRAUD_RISK_ACCEPTED" // ship
	FraudEventTypeRejected FraudEventType = "FRAUD_RISK_REJECTED" // do not ship
	FraudEventTypeStopped  FraudEventType = "FRAUD_RISK_STOPPED"  // do not ship
)

package hostedpage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/prismtest"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

func TestIndependentServerAcceptsEveryRequest(t *testing.T) {
	t.Parallel()
	all := operations(t)
	require.Len(t, all, 4)
	url, pages := tested.RequireIndependent(t, all, 2)
	for _, mode := range []hostedpage.PlaceOrderMode{hostedpage.PlaceOrderModeNone, hostedpage.PlaceOrderModePlaceOrder, hostedpage.PlaceOrderModeCaptureOrder} {
		page, err := pages.CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: sessionURL, Options: hostedpage.Options{
			PlaceOrderMode: mode, PurchaseType: hostedpage.PurchaseTypeSubscribe, PaymentMethodCategory: hostedpage.PaymentMethodCategoryPayNow,
			BackgroundImages: []hostedpage.BackgroundImage{{URL: "https://shop.example/wide.jpg", Width: 1920}},
		}})
		require.NoError(t, err, mode)
		require.Equal(t, pageID, page.SessionID)
	}
	require.NoError(t, pages.DistributeSession(t.Context(), pageID, hostedpage.DistributionRequest{
		Method: hostedpage.DistributionMethodSMS, ContactInformation: hostedpage.DistributionContact{Phone: "01522113356", PhoneCountry: "DE"},
	}))
	session, err := pages.ReadSession(t.Context(), pageID)
	require.NoError(t, err)
	require.Equal(t, "6c1f0f1e-3a52-4b7d-9c41-0d2f8a55b9e7", session.OrderID)

	for _, wrong := range [][2]string{
		{"POST /hpp/v1/sessions", ""},
		{"POST /hpp/v1/sessions", `{}`},
		{"POST /hpp/v1/sessions", `{"payment_session_url":1}`},
		{"POST /hpp/v1/sessions", `{"payment_session_url":"u","options":{"place_order_mode":"LATER"}}`},
		{"POST /hpp/v1/sessions", `{"payment_session_url":"u","options":{"background_images":[{"width":"wide"}]}}`},
		{"POST /hpp/v1/sessions/" + pageID + "/distribution", `{"method":"email"}`},
		{"POST /hpp/v1/sessions/" + pageID + "/distribution", `{"method":"carrier_pigeon","contact_information":{}}`},
		{"PUT /hpp/v1/sessions/" + pageID, ""},
	} {
		prismtest.RequireRejected(t, url, wrong[0], wrong[1])
	}
}

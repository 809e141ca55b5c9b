package hostedpage

import (
	"errors"
	"net/http"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// IsFinal reports whether a status cannot change any more: COMPLETED, CANCELLED or DISABLED. FAILED and ERROR are not final, since
// the shopper may pay in another way on the same page. Nor is any status that this package does not know. Whether TIMEOUT is final
// is not documented, so IsFinal returns false. Whoever polls stops at klarna.ErrNotFound as well: the page has expired then.
//
// Source: https://docs.klarna.com/payments/web-payments/integrate-with-klarna-payments/other-klarna-payment-integrations/hosted-payment-page/
func IsFinal(status SessionStatus) bool {
	switch status {
	case SessionStatusCompleted, SessionStatusCancelled, SessionStatusDisabled:
		return true
	}
	return false
}

// ParseStatusCallback reads what Klarna posts to MerchantURLs.StatusUpdate, each time that the status of a page changes. Klarna
// waits 3 seconds for a 2xx and makes at most four deliveries, so respond at once. Deliveries may come twice, out of order or not
// at all. Store EventID to recognize a repeated one, and read the session with [Client.ReadSession] before you act: what it returns
// is newer than any callback.
//
// Klarna does not sign the callback: put a secret into the URL, as [klarna.CallbackSigner] does, or anyone can post here. Do not log
// the callback: in mode NONE it has an authorization token, which is valid for one order.
//
// The error describes what is wrong with the request, and quotes nothing of it; respond with 400. The body is read up to
// 64 KiB.
//
// Source: Klarna's page on status callbacks; section "callbacks" of api/hosted-payment-page.yaml.
func ParseStatusCallback(r *http.Request) (StatusCallback, error) {
	const what = "status callback"
	var callback StatusCallback
	if err := engine.ReadCallback(r, what, &callback); err != nil {
		return StatusCallback{}, err
	}
	if fault := engine.CheckID(callback.EventID); fault != "" {
		return StatusCallback{}, errors.New("klarna: " + what + ": event_id " + fault)
	}
	if fault := engine.CheckID(callback.Session.SessionID); fault != "" {
		return StatusCallback{}, errors.New("klarna: " + what + ": session.session_id " + fault)
	}
	if callback.Session.Status == "" {
		return StatusCallback{}, errors.New("klarna: " + what + ": session.status is empty")
	}
	return callback, nil
}

package klarnatest

import (
	_ "embed" // for the script
	"net/http"
)

// ScriptPath is where the server has the script that takes the place of Klarna's in a shop's page:
//
//	<script src="http://127.0.0.1:8181/kp/lib/v1/api.js" async></script>
//
// The script calls window.klarnaAsyncCallback when it is ready, and window.Klarna.Payments has init, load, authorize,
// reauthorize, finalize, loadPaymentReview, on and off, as Klarna's has. What it draws states that it is a local sandbox, and
// lets the person approve, decline, report a field as invalid, or close it.
const ScriptPath = "/kp/lib/v1/api.js"

//go:embed browser.js
var browserScript []byte

func (s *Server) script(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("Cache-Control", "no-cache") // it belongs to this version of the server
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Access-Control-Allow-Origin", "*")
	_, _ = w.Write(browserScript) // it fails only when the browser has gone
}

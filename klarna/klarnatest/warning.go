package klarnatest

import (
	"fmt"
	"net/http"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

// Warning describes one oddity in a request, such as a member that is not in the contract, or amounts that do not add up. The
// server accepts it, because Klarna was seen to accept it or is likely to. A server with [WithStrict] rejects the request, with
// the same text.
type Warning struct {
	Member string `json:"member"` // its path, such as order_lines[0].quantity; empty for the request as a whole
	Rule   string `json:"rule"`   // the kind of oddity, such as coerced; docs/sandbox.md lists them
	Text   string `json:"text"`   // the member, what is odd, and the rule; without any personal data
}

// String returns the text.
func (w Warning) String() string { return w.Text }

// WarningHeader is the header of a response that has a warning in it; it occurs once for each.
const WarningHeader = "Sandbox-Warning"

// Rules of warnings beside those of package contract and the codes of package preflight.
const (
	rulePath          = "path"            // double slashes, or a slash at the end
	ruleContentType   = "content_type"    // none, or not application/json
	ruleByteOrderMark = "byte_order_mark" // before the body
	ruleNotAuthorized = "not_authorized"  // an address, a country or a currency that is not the authorized one
	ruleAfterOrder    = "after_order"     // a customer token that is asked for after the order
)

// tolerances are the codes of what preflight warns of because Klarna tolerates it, and not because it may be intended.
var tolerances = map[string]bool{
	preflight.CodeLineRounding: true,
	preflight.CodeTaxRounding:  true,
	preflight.CodeNoOrderTax:   true,
	preflight.CodeNoLineTax:    true,
	preflight.CodeLineTaxUS:    true,
	preflight.CodeWrongSign:    true,
	preflight.CodeAppScheme:    true,
	preflight.CodeRelativeURL:  true,

	// Of Order Management, which was not seen to check the lines.
	preflight.CodeCapturedAmount: true,
	preflight.CodeRefundedAmount: true,
	preflight.CodeOrderAmount:    true,
	preflight.CodeLineTotal:      true,
	preflight.CodeLineTax:        true,
	preflight.CodeReturnFee:      true,
}

func newWarning(member, rule, text string) Warning {
	subject := member
	if member == "" {
		subject = "the request"
	}
	return Warning{member, rule, subject + " " + text + " (" + rule + ")"}
}

func oddityWarning(o contract.Oddity) Warning { return Warning{o.Path, string(o.Rule), o.String()} }

func preflightWarning(p preflight.Problem) Warning {
	return Warning{p.Path, p.Code, p.Message + " (" + p.Code + ")"}
}

// maxWarnings keeps the log of requests and the header of a response small when each of a thousand lines is odd.
const maxWarnings = 50

// warn adds warnings to a request. Behind the last one that fits it counts the rest.
func (r *Request) warn(warnings ...Warning) {
	if r == nil {
		return // a call in Go has no request
	}
	for _, warning := range warnings {
		if len(r.Warnings) < maxWarnings {
			r.Warnings = append(r.Warnings, warning)
			continue
		}
		r.more++
	}
}

// finishWarnings adds how many warnings there were beyond those that are listed.
func (r *Request) finishWarnings() {
	if r.more > 0 {
		r.Warnings = append(r.Warnings, Warning{Rule: "more", Text: fmt.Sprintf("%d more warnings are not listed (more)", r.more)})
		r.more = 0
	}
}

// maxHeaderWarnings is how many of the warnings are in the header: with all, it could be larger than clients read.
const maxHeaderWarnings = 20

func (r *Request) writeWarnings(header http.Header) {
	for i, warning := range r.Warnings {
		if i == maxHeaderWarnings {
			header.Add(WarningHeader, fmt.Sprintf("%d more are in the log (more)", len(r.Warnings)-i))
			return
		}
		header.Add(WarningHeader, warning.Text)
	}
}

// tolerate records a warning, or returns the rejection of a strict server, with its text. request is nil for a call in Go.
func (s *Server) tolerate(request *Request, warning Warning, rejection *failure) *failure {
	if s.strict {
		return rejection.because([]Warning{warning})
	}
	request.warn(warning)
	return nil
}

func warnedMembers(warnings []Warning) (members []string) {
	for _, warning := range warnings {
		if warning.Member != "" {
			members = append(members, warning.Member)
		}
	}
	return members
}

// because adds the texts of warnings to a rejection.
func (f *failure) because(warnings []Warning) *failure {
	g := *f
	g.messages = append([]string(nil), f.messages...)
	for i, warning := range warnings {
		if i == maxWarnings {
			break
		}
		g.messages = append(g.messages, warning.Text)
	}
	return &g
}

package klarnatest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest/internal/orderstate"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

var (
	// inferred: the status. Klarna prints it in a sample without one.
	invalidOrderID = newFailure(http.StatusBadRequest, "INVALID_ORDER_ID", "Order ID must be a valid UUID.")
	conflict       = newFailure(http.StatusConflict, "CONFLICT")
)

// orderFailure is the response to what the order's state rejects.
func orderFailure(rejected *orderstate.Rejection) *failure {
	status := http.StatusForbidden
	switch rejected.Code {
	case orderstate.NoSuchCapture, orderstate.NotFound:
		status = http.StatusNotFound
	case orderstate.InvalidAddress:
		status = http.StatusUnprocessableEntity
	default:
	}
	return newFailure(status, string(rejected.Code), rejected.Message)
}

// noSuchOrder is the response to an order id that is unknown.
func noSuchOrder(op orderOperation, id, captureID string) *failure {
	code, message := "NO_SUCH_ORDER", "Order "+id+" cannot be found"
	if op.unknown != "" {
		code = string(op.unknown)
	}
	if op.detail != "" {
		message += ". " + strings.TrimSpace(op.detail+" "+captureID)
	}
	return newFailure(http.StatusNotFound, code, message)
}

// orderBody reads a body and validates it against the contract.
//
// inferred: Klarna is known to reject a value of a wrong size with 422 and a message, and so every other value that is wrong is
// rejected like it. What is not a JSON object is rejected with 400, as in Payments. Lines that do not add up are a warning:
// Klarna does not say that it checks them, and was seen to accept such lines.
func (s *Server) orderBody(request *Request, op orderOperation) (members, *failure) {
	if rejected := request.rejected; rejected != nil {
		return nil, orderRejection(rejected)
	}
	m := request.sent
	var messages []string
	for _, violation := range violations(loadContract("order-management"), op.schema, m) {
		messages = append(messages, violationMessage(violation))
	}
	if list, _ := m.value("shipping_info").([]any); len(list) > maxShipments {
		messages = append(messages, sizeMessage("shipping_info", 0, maxShipments))
	}
	if messages == nil {
		body := op.body()
		if field, ok := misfit(m, body); ok {
			messages = append(messages, invalidValue(field))
		} else if warnings := toleratedMoney(body); s.strict {
			messages = warnedMessages(warnings)
		} else {
			request.warn(warnings...)
		}
	}
	if messages != nil {
		slices.Sort(messages)
		messages = slices.Compact(messages)
		return nil, unprocessable(messages[:min(len(messages), maxNamed)]...)
	}
	return m, nil
}

// toleratedMoney returns what preflight warns of.
func toleratedMoney(body any) (warnings []Warning) {
	for _, warning := range preflight.Inspect(body).Warnings {
		if tolerances[warning.Code] {
			warnings = append(warnings, preflightWarning(warning))
		}
	}
	return warnings
}

// warnedMessages are the messages by which a strict server rejects what it otherwise warns of.
func warnedMessages(warnings []Warning) (messages []string) {
	for _, warning := range warnings {
		messages = append(messages, invalidValue(warning.Member), warning.Text)
	}
	return messages
}

// orderRejection is the form that a rejection of a body has in Order Management.
func orderRejection(rejected *failure) *failure {
	if rejected.fields == nil {
		return rejected
	}
	var messages []string
	for _, field := range rejected.fields {
		if message := invalidValue(field); !slices.Contains(messages, message) {
			messages = append(messages, message)
		}
	}
	return unprocessable(append(messages, rejected.messages[1:]...)...) // the first message names the fields
}

// maxShipments is what the contract allows of shipping_info, whose entries are validated one by one.
const maxShipments = 500

func unprocessable(messages ...string) *failure {
	return newFailure(http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY", messages...)
}

// violationMessage names a field, as far as known in Klarna's words.
func violationMessage(v contract.Violation) string {
	fault := v.Fault()
	if fault == nil {
		return invalidValue(v.Path)
	}
	switch fault.SchemaField {
	case "required":
		return "'" + slashed(v.Path) + "' must not be null" // as recorded of captured_amount, refunded_amount and shipping_info
	case "minLength", "maxLength":
		if fault.Schema.MaxLength != nil {
			return sizeMessage(v.Path, fault.Schema.MinLength, *fault.Schema.MaxLength)
		}
	case "minItems", "maxItems":
		if fault.Schema.MaxItems != nil {
			return sizeMessage(v.Path, fault.Schema.MinItems, *fault.Schema.MaxItems)
		}
	}
	return invalidValue(v.Path)
}

func sizeMessage(path string, least, most uint64) string {
	return fmt.Sprintf("The size of the %s value must be between %d and %d", slashed(path), least, most)
}

// invalidValue is the message for everything else. inferred: Klarna's own is not known.
func invalidValue(path string) string {
	if path == "" {
		return "The value is invalid"
	}
	return "The " + slashed(path) + " value is invalid"
}

var index = regexp.MustCompile(`\[\d+\]`)

// slashed writes a path as in Klarna's message: shipping_info/shipping_company.
func slashed(path string) string {
	return strings.ReplaceAll(index.ReplaceAllString(path, ""), ".", "/")
}

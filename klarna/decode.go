package klarna

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"

	"github.com/klarna-go/klarna-payments/gen/types"
)

// decode reads a 2xx body into what the operation answers with, leniently: a member of an unknown name, value or type
// costs nothing but itself. Only an answer that is no JSON, or lacks the field that the call was made for, is an error.
//
// A call by Raw has its body checked the same way, and is then given an answer that the generated parser takes.
func (a *answer) decode(op Operation, call *call) error {
	var result any
	if call != nil {
		result = call.result
		if a.attempts > 1 { // one before may have left something
			reflect.ValueOf(result).Elem().SetZero()
		}
	} else {
		result = newResult(op)
	}
	a.body = bytes.TrimPrefix(a.body, []byte("\ufeff"))
	strict := json.Unmarshal(a.body, result)
	if err := forgive(strict, a.body, result); err != nil {
		var amount *json.UnmarshalTypeError
		switch {
		case len(a.body) == 0:
			return unexpected("without a body")
		case errors.As(err, &amount):
			return unexpected("an answer whose " + amount.Field + " cannot be read as an amount")
		}
		return unexpected("an answer that is no JSON, " + describeBody(a.http.Header, a.body, false))
	}
	readOddID(a.body, result)
	if field := missingField(result); field != "" {
		return unexpected("the answer has no " + field)
	}
	if call == nil && strict != nil { // the generated parser would stumble again
		lenient, err := json.Marshal(result)
		if err != nil {
			return unexpected("an answer that cannot be handed on")
		}
		a.body = lenient
	}
	return nil
}

// completeForRaw makes of an answer that was found to be a success one that the generated parser takes as such: with
// the declared status, content type and a body to read.
func (a *answer) completeForRaw(op Operation) {
	if op.hasAnswer() {
		a.http.StatusCode, a.http.Status = http.StatusOK, "200 OK"
		a.http.Header.Set("Content-Type", "application/json")
	} else {
		a.http.StatusCode, a.http.Status, a.body = http.StatusNoContent, "204 No Content", nil
	}
	a.http.Body, a.http.ContentLength = io.NopCloser(bytes.NewReader(a.body)), int64(len(a.body))
}

func newResult(op Operation) any {
	switch op {
	case OperationCreateSession:
		return new(MerchantSession)
	case OperationReadSession:
		return new(SessionRead)
	case OperationCreateOrder:
		return new(Order)
	default:
		return new(CustomerTokenCreationResponse)
	}
}

// missingField names the field without which an answer is none, if it is missing.
func missingField(result any) string {
	switch r := result.(type) {
	case *MerchantSession:
		if r.SessionID == "" {
			return "session_id"
		}
		if r.ClientToken == "" {
			return "client_token"
		}
	case *SessionRead:
		if reflect.ValueOf(r).Elem().IsZero() { // no field of it is required, but a session without any is none
			return "field of a session"
		}
	case *Order:
		if r.OrderID == "" {
			return "order_id"
		}
	case *CustomerTokenCreationResponse:
		if r.TokenID == "" {
			return "token_id"
		}
	}
	return ""
}

// readOddID reads the id of an order or a customer token that is a number: it must not be lost.
func readOddID(body []byte, result any) {
	var ids struct {
		OrderID json.Number `json:"order_id"`
		TokenID json.Number `json:"token_id"`
	}
	switch r := result.(type) {
	case *Order:
		if r.OrderID == "" && tolerateTypes(json.NewDecoder(bytes.NewReader(body)).Decode(&ids)) == nil {
			r.OrderID = string(ids.OrderID)
		}
	case *CustomerTokenCreationResponse:
		if r.TokenID == "" && tolerateTypes(json.NewDecoder(bytes.NewReader(body)).Decode(&ids)) == nil {
			r.TokenID = string(ids.TokenID)
		}
	}
}

// forgive goes on from what the strict decoder said of a body. Only what is no JSON stays an error.
func forgive(err error, body []byte, result any) error {
	if err == nil {
		return nil
	}
	err = tolerateTypes(err)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		// Whatever follows a whole answer does not take the answer back.
		err = tolerateTypes(json.NewDecoder(bytes.NewReader(body)).Decode(result))
	}
	if session, ok := result.(*SessionRead); ok && !errors.As(err, &syntax) {
		if err != nil {
			// A time that is none stops the decoder midway; the rest of the session is worth having.
			err = readWithoutExpiry(body, session)
		}
		if err == nil {
			err = checkMoney(body)
		}
	}
	return err
}

// checkMoney draws a line to leniency: an amount that is no whole number must not be read as 0.
func checkMoney(body []byte) error {
	var money struct {
		OrderAmount    int64 `json:"order_amount"`
		OrderTaxAmount int64 `json:"order_tax_amount"`
		OrderLines     []struct {
			Quantity            int64 `json:"quantity"`
			TaxRate             int64 `json:"tax_rate"`
			TotalAmount         int64 `json:"total_amount"`
			TotalDiscountAmount int64 `json:"total_discount_amount"`
			TotalTaxAmount      int64 `json:"total_tax_amount"`
			UnitPrice           int64 `json:"unit_price"`
		} `json:"order_lines"`
	}
	err := json.NewDecoder(bytes.NewReader(body)).Decode(&money)
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field == "" { // no object, and so no amounts
		return nil
	}
	return err
}

// tolerateTypes forgives a member of another type: the decoder has skipped it and read all others.
func tolerateTypes(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Type != reflect.TypeFor[types.Time]() { // which stops the decoder
		return nil
	}
	return err
}

func readWithoutExpiry(body []byte, session *SessionRead) error {
	var members map[string]json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&members); err != nil {
		return err
	}
	delete(members, "expires_at")
	rest, err := json.Marshal(members)
	if err != nil {
		return err
	}
	*session = SessionRead{}
	return tolerateTypes(json.Unmarshal(rest, session))
}

package gen

import "encoding/json"

// UnmarshalJSON takes the object of the document and the bare string that some of Klarna's own samples show
// ("authorized_payment_method": "invoice"). It never fails on an odd shape, so that a placed order is not lost to a
// strict decoder: what can be read is kept, the rest stays zero.
func (m *AuthorizedPaymentMethod) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		// The decoder calls this with valid JSON only, so a string always decodes.
		return json.Unmarshal(data, &m.Type)
	}
	type object AuthorizedPaymentMethod
	_ = json.Unmarshal(data, (*object)(m)) // only a wrong type can be left to complain about
	return nil
}

package contract

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// Body checks a JSON body against a component schema, such as session_create, as if it were about to be sent:
// unknown fields and read-only fields are rejected. All faults are in the [*Error], and it unwraps to the validator's
// [openapi3.MultiError]. The error is of another type when there is no schema of this name.
func (c *Contract) Body(schema string, body []byte) error {
	if err := c.known(schema); err != nil {
		return err
	}
	value, err := decodeJSON("body "+schema, body)
	if err != nil {
		return err
	}
	return c.Value(schema, value)
}

// Value checks what a JSON body decodes to, as Body does: nil, bool, string, json.Number, int, int64, float64, []any and
// map[string]any. The value must not change meanwhile.
func (c *Contract) Value(schema string, value any) error {
	if err := c.known(schema); err != nil {
		return err
	}
	err := c.closed.doc.Components.Schemas[schema].Value.VisitJSON(value,
		openapi3.VisitAsRequest(), openapi3.MultiErrors(), openapi3.DisableSchemaErrorDetails())
	if err != nil {
		return wrap("body "+schema, err)
	}
	return nil
}

// known returns an error when there is no schema of this name.
func (c *Contract) known(schema string) error {
	if c.closed.doc.Components.Schemas[schema] == nil {
		return fmt.Errorf("contract: there is no schema %q", schema)
	}
	return nil
}

package contract

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// Body checks a JSON body against a component schema, such as session_create, as if it were about to be sent:
// unknown fields and read-only fields are refused. All faults are in the [*Error], and it unwraps to the validator's
// [openapi3.MultiError]. The error is of another type when there is no schema of this name.
func (c *Contract) Body(schema string, body []byte) error {
	ref := c.closed.doc.Components.Schemas[schema]
	if ref == nil {
		return fmt.Errorf("contract: there is no schema %q", schema)
	}
	where := "body " + schema
	value, err := decodeJSON(where, body)
	if err != nil {
		return err
	}
	err = ref.Value.VisitJSON(value,
		openapi3.VisitAsRequest(), openapi3.MultiErrors(), openapi3.DisableSchemaErrorDetails())
	if err != nil {
		return wrap(where, err)
	}
	return nil
}

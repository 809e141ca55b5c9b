package preflight

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// Rules that no request has today, and that a later document may bring.
func TestRulesToComeAreProblemsToo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rule  *openapi3.Schema
		value any
		want  Problem
	}{
		"a text that is too short": {
			openapi3.NewStringSchema().WithMinLength(3), "ab",
			Problem{"field", CodeTooShort, "field has 2 characters, but needs 3 or more"},
		},
		"a pattern without an example": {
			openapi3.NewStringSchema().WithPattern("^[0-9]+$"), "Erika",
			Problem{"field", CodeWrongFormat, "field is a text of 5 characters, but must match ^[0-9]+$"},
		},
		"a limit that is not reached": {
			openapi3.NewIntegerSchema().WithMax(10).WithExclusiveMax(true), int64(10),
			Problem{"field", CodeInvalid, "field is wrong: number must be less than 10"},
		},
		"unique entries": {
			openapi3.NewArraySchema().WithItems(openapi3.NewStringSchema()).WithUniqueItems(true), []any{"Erika", "Erika"},
			Problem{"field", CodeInvalid, "field is wrong: duplicate items found"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := map[string]any{"field": test.value}
			err := openapi3.NewObjectSchema().WithProperty("field", test.rule).VisitJSON(tree)
			var fault *openapi3.SchemaError
			require.ErrorAs(t, err, &fault)
			var report Report
			formProblem("field", fault.Reason, fault, tree, &report)
			require.Equal(t, []Problem{test.want}, report.Problems)
		})
	}
}

func TestWhatIsNoRuleOfTheSchemaIsAProblem(t *testing.T) {
	t.Parallel()
	var report Report
	formProblem("", "the body is not JSON", nil, nil, &report)
	require.Equal(t, []Problem{{"", CodeInvalid, "the body is wrong: the body is not JSON"}}, report.Problems)
}

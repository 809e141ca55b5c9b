package contract

import (
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
)

func TestEachDocumentIsLoadedOnce(t *testing.T) {
	t.Parallel()
	loaded := map[*Contract]bool{}
	each(t, func(t *testing.T, name string, first *Contract) {
		second, err := LoadNamed(name)
		require.NoError(t, err)
		require.Same(t, first, second)
		loaded[first] = true
	})
	require.Len(t, loaded, len(api.Contracts))
	require.True(t, loaded[contractForTest(t)], "Load returns one of the list")
}

func TestAContractThatIsNotInTheListIsReported(t *testing.T) {
	t.Parallel()
	_, err := LoadNamed("checkout")
	require.EqualError(t, err, `contract: there is no contract "checkout"`)
}

func TestABrokenDocumentIsRejected(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"not YAML":          "openapi: [",
		"not a document":    "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n",
		"an unknown schema": strings.Replace(string(api.OpenAPI), "schemas/session_create'", "schemas/nowhere'", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(document))
			require.Error(t, err)
		})
	}
}

// An object that stands inline would be left open when the components are shut.
func TestEveryObjectIsAComponent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, c *Contract) {
		require.NoError(t, c.closed.doc.WalkSchemas(func(pointer string, schema *openapi3.SchemaRef) error {
			if schema.Value.Type.Is(openapi3.TypeObject) {
				has := schema.Value.AdditionalProperties.Has
				require.True(t, has != nil && !*has, "%s is open", pointer)
			}
			return nil
		}))
	})
}

// Shutting the one form must not reach the other.
func TestTheOpenFormStaysOpen(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, c *Contract) {
		for name, schema := range c.open.doc.Components.Schemas {
			require.Nil(t, schema.Value.AdditionalProperties.Has, name)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			c, err := Load()
			if err != nil {
				t.Error(err)
				return
			}
			req := newRequest("POST", sessionsPath)
			for _, err := range []error{
				c.Request(req, []byte(goodSession)),
				c.Response(req, 200, jsonHeader(), []byte(goodMerchantSession)),
				c.Body("session_create", []byte(goodSession)),
			} {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// The load is paid by every program that turns the check before sending on.
func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse(api.OpenAPI); err != nil {
			b.Fatal(err)
		}
	}
}

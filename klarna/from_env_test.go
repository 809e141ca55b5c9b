package klarna_test

import (
	"fmt"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

var variables = []string{"KLARNA_API_KEY", "KLARNA_USERNAME", "KLARNA_PASSWORD", "KLARNA_ENVIRONMENT", "KLARNA_REGION", "KLARNA_BASE_URL"}

func setenv(t *testing.T, env map[string]string) {
	t.Helper()
	for _, name := range variables {
		t.Setenv(name, env[name])
	}
}

func TestNewFromEnvChoosesTheEnvironment(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		want klarna.Environment
	}{
		"default":         {nil, klarna.PlaygroundEU},
		"region":          {map[string]string{"KLARNA_REGION": " NA "}, klarna.PlaygroundNA},
		"playground":      {map[string]string{"KLARNA_ENVIRONMENT": "playground", "KLARNA_REGION": "oc"}, klarna.PlaygroundOC},
		"production":      {map[string]string{"KLARNA_ENVIRONMENT": "Production"}, klarna.ProductionEU},
		"production, NA":  {map[string]string{"KLARNA_ENVIRONMENT": "production", "KLARNA_REGION": "na"}, klarna.ProductionNA},
		"base URL wins":   {map[string]string{"KLARNA_BASE_URL": "http://127.0.0.1:8181", "KLARNA_ENVIRONMENT": "production"}, "http://127.0.0.1:8181"},
		"base URL, blank": {map[string]string{"KLARNA_BASE_URL": " "}, klarna.PlaygroundEU},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.env)
			t.Setenv("KLARNA_USERNAME", "user")
			t.Setenv("KLARNA_PASSWORD", "password")
			client, err := klarna.NewFromEnv()
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("klarna.Client(%s)", test.want), fmt.Sprint(client))
		})
	}
}

func TestNewFromEnvTakesEitherKindOfCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"API key":  {map[string]string{"KLARNA_API_KEY": "klarna_test_api_abc\r\n"}, "Basic klarna_test_api_abc"},
		"password": {map[string]string{"KLARNA_USERNAME": "user", "KLARNA_PASSWORD": "password"}, "Basic dXNlcjpwYXNzd29yZA=="},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, respond(204, "", ""))
			setenv(t, test.env)
			t.Setenv("KLARNA_BASE_URL", server.URL)
			client, err := klarna.NewFromEnv()
			require.NoError(t, err)
			require.NoError(t, client.CancelAuthorization(t.Context(), authorizationToken))
			require.Equal(t, test.want, server.exchanges()[0].Header.Get("Authorization"))
		})
	}
}

func TestNewFromEnvReportsWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		env     map[string]string
		wantErr string
	}{
		"nothing":           {nil, "set KLARNA_API_KEY, or KLARNA_USERNAME and KLARNA_PASSWORD"},
		"no password":       {map[string]string{"KLARNA_USERNAME": "user"}, "KLARNA_PASSWORD is not"},
		"no username":       {map[string]string{"KLARNA_PASSWORD": "s3cretvalue"}, "KLARNA_USERNAME is not"},
		"both kinds":        {map[string]string{"KLARNA_API_KEY": "s3cretvalue", "KLARNA_USERNAME": "user"}, "set one kind of credentials"},
		"bad environment":   {map[string]string{"KLARNA_API_KEY": "s3cretvalue", "KLARNA_ENVIRONMENT": "prod"}, `must be playground or production`},
		"bad region":        {map[string]string{"KLARNA_API_KEY": "s3cretvalue", "KLARNA_REGION": "us"}, `must be eu, na or oc`},
		"bad base URL":      {map[string]string{"KLARNA_API_KEY": "s3cretvalue", "KLARNA_BASE_URL": "http://example.com"}, "must be https"},
		"key on production": {map[string]string{"KLARNA_API_KEY": "klarna_test_api_s3cretvalue", "KLARNA_ENVIRONMENT": "production"}, "belongs to a playground"},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.env)
			client, err := klarna.NewFromEnv()
			require.ErrorContains(t, err, test.wantErr)
			require.NotContains(t, err.Error(), "s3cretvalue")
			require.Nil(t, client)
		})
	}
}

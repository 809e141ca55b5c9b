package klarna

import (
	"errors"
	"os"
	"strings"
)

// NewFromEnv returns a client configured by the environment of the process:
//
//	KLARNA_API_KEY                      the API key, or
//	KLARNA_USERNAME, KLARNA_PASSWORD    the username and password
//	KLARNA_ENVIRONMENT                  playground (the default) or production
//	KLARNA_REGION                       eu (the default), na or oc
//	KLARNA_BASE_URL                     a base URL; it wins over environment and region
//
// Blanks around a value do not count, and an empty value is one that is not set. The errors are those of [New].
func NewFromEnv(opts ...Option) (*Client, error) {
	creds, err := credentialsFromEnv()
	if err != nil {
		return nil, err
	}
	env, err := environmentFromEnv()
	if err != nil {
		return nil, err
	}
	return New(env, creds, opts...)
}

func credentialsFromEnv() (Credentials, error) {
	key, username, password := getenv("KLARNA_API_KEY"), getenv("KLARNA_USERNAME"), getenv("KLARNA_PASSWORD")
	switch {
	case key != "" && (username != "" || password != ""):
		return Credentials{}, errors.New("klarna: both KLARNA_API_KEY and KLARNA_USERNAME or KLARNA_PASSWORD are set; set one kind of credentials")
	case key != "":
		return APIKey(key), nil
	case username != "" && password != "":
		return BasicAuth(username, password), nil
	case username != "":
		return Credentials{}, errors.New("klarna: KLARNA_USERNAME is set, but KLARNA_PASSWORD is not")
	case password != "":
		return Credentials{}, errors.New("klarna: KLARNA_PASSWORD is set, but KLARNA_USERNAME is not")
	}
	return Credentials{}, errors.New("klarna: no credentials in the environment; set KLARNA_API_KEY, or KLARNA_USERNAME and KLARNA_PASSWORD")
}

func environmentFromEnv() (Environment, error) {
	if base := getenv("KLARNA_BASE_URL"); base != "" {
		return Environment(base), nil
	}
	stage, region := strings.ToLower(getenv("KLARNA_ENVIRONMENT")), strings.ToLower(getenv("KLARNA_REGION"))
	hosts := map[string]Environment{"eu": PlaygroundEU, "na": PlaygroundNA, "oc": PlaygroundOC}
	switch stage {
	case "", "playground":
	case "production":
		hosts = map[string]Environment{"eu": ProductionEU, "na": ProductionNA, "oc": ProductionOC}
	default:
		return "", errors.New("klarna: KLARNA_ENVIRONMENT must be playground or production")
	}
	if region == "" {
		region = "eu"
	}
	env, ok := hosts[region]
	if !ok {
		return "", errors.New("klarna: KLARNA_REGION must be eu, na or oc")
	}
	return env, nil
}

func getenv(name string) string { return strings.TrimSpace(os.Getenv(name)) }

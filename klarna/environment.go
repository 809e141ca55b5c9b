package klarna

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// Environment is the base URL that calls go to. The six constants are Klarna's own; any other https URL works too, with or
// without a path, such as a reverse proxy's or the local sandbox's. Plain http is accepted for loopback only, unless [WithInsecureHTTP] is used.
//
// Source: https://docs.klarna.com/api/api-urls/
type Environment string

// Klarna's environments. Credentials belong to one region, and to production or playground.
const (
	ProductionEU Environment = "https://api.klarna.com"               // Europe
	ProductionNA Environment = "https://api-na.klarna.com"            // North America: US, CA, MX
	ProductionOC Environment = "https://api-oc.klarna.com"            // Oceania: AU, NZ
	PlaygroundEU Environment = "https://api.playground.klarna.com"    // Europe, for testing
	PlaygroundNA Environment = "https://api-na.playground.klarna.com" // North America, for testing
	PlaygroundOC Environment = "https://api-oc.playground.klarna.com" // Oceania, for testing
)

// stage is the kind of credentials that a host accepts.
type stage string

const (
	production stage = "production"
	playground stage = "playground"
)

// stageOf returns the stage of Klarna's own hosts, and "" for any other host.
func stageOf(host string) stage {
	switch Environment("https://" + strings.TrimSuffix(strings.ToLower(host), ".")) {
	case ProductionEU, ProductionNA, ProductionOC:
		return production
	case PlaygroundEU, PlaygroundNA, PlaygroundOC:
		return playground
	}
	return ""
}

// SessionURL returns the URL of a payments session in the environment. It is for a client behind a gateway: the PaymentSessionURL
// of a hosted page must name Klarna's own host, so pass the constant of the environment that the gateway leads to. For any other
// client use [Client.SessionURL].
func (e Environment) SessionURL(sessionID string) string {
	return strings.TrimRight(strings.TrimSpace(string(e)), "/") + "/payments/v1/sessions/" + url.PathEscape(sessionID)
}

// parse checks the base URL. Its errors quote no more than the scheme and the host, since people paste URLs with passwords in
// them.
func (e Environment) parse(insecure bool) (*url.URL, error) {
	base, err := engine.ParseBaseURL(string(e), insecure)
	switch {
	case errors.Is(err, engine.ErrNoURL):
		return nil, fmt.Errorf("klarna: %w; use klarna.PlaygroundEU or another of the constants, or an https base URL", err)
	case errors.Is(err, engine.ErrUserInfo):
		return nil, fmt.Errorf("klarna: %w; set credentials with klarna.BasicAuth or klarna.APIKey", err)
	case errors.Is(err, engine.ErrPlain):
		return nil, fmt.Errorf("klarna: %w; for a local sandbox on another host use klarna.WithInsecureHTTP", err)
	case err != nil:
		return nil, fmt.Errorf("klarna: %w", err)
	case engine.IsPlain(base) && stageOf(base.Hostname()) != "":
		return nil, fmt.Errorf("klarna: the base URL of host %q must be https: it is Klarna's own", base.Host)
	}
	return base, nil
}

// NewFromEnv returns a client configured by the environment of the process:
//
//	KLARNA_API_KEY                      the API key, or
//	KLARNA_USERNAME, KLARNA_PASSWORD    the username and password
//	KLARNA_ENVIRONMENT                  playground (the default) or production
//	KLARNA_REGION                       eu (the default), na or oc
//	KLARNA_BASE_URL                     a base URL; it replaces environment and region
//
// Blanks around a value are ignored, and an empty value counts as not set. The errors are those of [New].
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

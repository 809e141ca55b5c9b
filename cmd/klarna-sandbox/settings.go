package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// What the sandbox stores at most. The oldest sessions go first.
const (
	maxSessions = 10_000
	maxBytes    = 64 << 20
)

// errUsage is an invalid command line.
var errUsage = errors.New("see klarna-sandbox -h")

// settings hold what the command line sets.
type settings struct {
	addr    string
	remote  bool
	url     string
	payway  string
	options []klarnatest.Option

	fraudStatus            klarna.FraudStatus
	createSession, anyCall int // allowed a second
	callbacks              klarnatest.CallbackPolicy
}

func parse(args []string, getenv func(string) string, out io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("klarna-sandbox", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints the error
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8181", "the `address` to listen on; port 0 is any free one")
	flags.BoolVar(&s.remote, "allow-remote", false, "listen on an address that other machines reach, over plain http")
	flags.StringVar(&s.url, "url", "", "the base `URL` that callers and browsers use, if it differs from that address")
	flags.StringVar(&s.payway, "payway", "", "the `address` to listen on for Payway's create_session as well, such as 127.0.0.1:8182; empty for no such server")
	apiKey := flags.String("api-key", getenv("KLARNA_SANDBOX_API_KEY"), "the API `key` to accept, or $KLARNA_SANDBOX_API_KEY; random if empty")
	username := flags.String("username", getenv("KLARNA_SANDBOX_USERNAME"), "the user `name` to accept, or $KLARNA_SANDBOX_USERNAME; random if empty")
	control := flags.Bool("allow-remote-control", false, "let other machines use the control API below /_sandbox/ as well: they can read and change all that is stored")
	strict := flags.Bool("strict", false, "reject what the sandbox otherwise warns of: what Klarna accepts, although no document has it")
	categories := flags.String("categories", klarna.PaymentMethodCategoryIdentifierKlarna, "the payment method categories that are offered, such as `pay_later,pay_over_time` of older accounts")
	limit := flags.String("rate-limit", "", "calls a second, as `create,others`, such as 5,50 of Klarna's playground; empty is no limit")
	callbacks := flags.String("callbacks", "once", "how the shop's server is notified of an authorization: `once`, twice, late (10 s), first (before the browser) or never")
	allowed := flags.String("callback-hosts", "", "the `hosts` that callbacks may go to, such as shop.test:8080,10.0.0.0/8; if empty, this machine, and none with -allow-remote")
	readTimeout := flags.Duration("read-timeout", 10*time.Second, "the `time` that a caller may take to send the header of a request, and again its body")
	status := flags.String("fraud-status", klarna.FraudStatusAccepted, "the `status` of orders: ACCEPTED, PENDING or REJECTED")

	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(out)
		_, _ = io.WriteString(out, "klarna-sandbox is a local sandbox for Klarna.\n\n")
		flags.PrintDefaults()
		_, _ = fmt.Fprintf(out, "\nIt stores %d sessions, %d MB of them, and as many orders. The oldest are forgotten first.\n", maxSessions, maxBytes>>20)
		_, _ = io.WriteString(out, "\n"+walkThrough)
		return s, err
	} else if err != nil {
		return s, usage("%v", err)
	}
	if flags.NArg() > 0 {
		return s, usage("there are no arguments, only flags, but %q is one", flags.Arg(0))
	}
	// Whoever sets this has mistaken the sandbox for something else, and it is about to be printed.
	if strings.HasPrefix(*apiKey, "klarna_live_") {
		return s, usage("the API key is for real money; the sandbox accepts any other, or makes one")
	}
	if *readTimeout <= 0 {
		return s, usage("-read-timeout is %v, but has to be more than 0", *readTimeout)
	}
	s.options = []klarnatest.Option{
		klarnatest.WithCredentials(*username, *apiKey),
		klarnatest.WithCapacity(maxSessions, maxBytes),
		klarnatest.WithReadTimeout(*readTimeout),
	}
	if *control {
		s.options = append(s.options, klarnatest.WithRemoteControl())
	}
	if *strict {
		s.options = append(s.options, klarnatest.WithStrict())
	}
	offered := strings.FieldsFunc(*categories, func(r rune) bool { return r == ',' || r == ' ' })
	if len(offered) == 0 {
		return s, usage("-categories is empty, but has to name a category")
	}
	s.options = append(s.options, klarnatest.WithCategories(offered...))

	if *limit != "" {
		var rest string
		if n, _ := fmt.Sscanf(*limit+" ", "%d,%d%1s", &s.createSession, &s.anyCall, &rest); n != 2 || s.createSession < 0 || s.anyCall < 0 {
			return s, usage("-rate-limit is %q, but has to be two numbers such as 5,50", *limit)
		}
	}
	switch *callbacks {
	case "once":
	case "twice":
		s.callbacks.Twice = true
	case "late":
		s.callbacks.Delay = 10 * time.Second
	case "first":
		s.callbacks.First = true
	case "never":
		s.callbacks.Never = true
	default:
		return s, usage("-callbacks is %q, but has to be once, twice, late, first or never", *callbacks)
	}
	if *allowed != "" || s.remote {
		var hosts callbackHosts
		if *allowed != "" {
			var err error
			if hosts, err = parseCallbackHosts(*allowed); err != nil {
				return s, usage("-callback-hosts: %v", err)
			}
		}
		s.callbacks.Allow = hosts.allow
	}
	switch s.fraudStatus = *status; s.fraudStatus {
	case klarna.FraudStatusAccepted, klarna.FraudStatusPending, klarna.FraudStatusRejected:
	default:
		return s, usage("-fraud-status is %q, but has to be ACCEPTED, PENDING or REJECTED", *status)
	}
	return s, nil
}

func usage(format string, args ...any) error {
	return fmt.Errorf("%s (%w)", fmt.Sprintf(format, args...), errUsage)
}

// baseURL is where callers find the server. One that listens on all addresses is found on loopback as well.
func (s settings) baseURL(at net.Addr) string {
	if s.url != "" {
		return s.url
	}
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", tcp.Port)
	}
	return "http://" + at.String()
}

func (s settings) apply(server *klarnatest.Server) {
	server.SetRateLimit(s.createSession, s.anyCall)
	server.SetCallbacks(s.callbacks)
	server.SetFraudStatus(s.fraudStatus)
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/payway"
	"github.com/stretchr/testify/require"
)

var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "klarna-sandbox")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "klarna-sandbox")
		if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
			panic(string(out))
		}
		return m.Run()
	}())
}

// sandbox is the program, while it runs.
type sandbox struct {
	t    *testing.T
	cmd  *exec.Cmd
	env  map[string]string // the lines to copy
	out  string            // what it printed at the start
	log  safeBuffer
	over chan error
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var export = regexp.MustCompile(`(?m)^(# )?export (KLARNA_[A-Z_]+)=(\S+)(?: (KLARNA_[A-Z_]+)=(\S+))?$`)

func start(t *testing.T, args ...string) *sandbox {
	s := &sandbox{t: t, env: map[string]string{}, over: make(chan error, 1)}
	s.cmd = exec.Command(program, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	s.cmd.Stderr = &s.log
	stdout, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })

	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		s.out += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "Ctrl-C") {
			break
		}
	}
	for _, match := range export.FindAllStringSubmatch(s.out, -1) {
		s.env[match[2]] = match[3]
		if match[4] != "" {
			s.env[match[4]] = match[5]
		}
	}
	require.Len(t, s.env, 4, s.out+s.log.String())
	go func() { s.over <- s.cmd.Wait() }()
	return s
}

// stop sends a signal and waits for the end.
func (s *sandbox) stop(signal os.Signal) error {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(signal))
	select {
	case err := <-s.over:
		return err
	case <-time.After(10 * time.Second):
		s.t.Fatal("it does not stop")
		return nil
	}
}

// authorize approves a session whose shop is called back at a URL.
func (s *sandbox) authorize(callbackURL string) {
	s.t.Helper()
	client, err := klarna.New(klarna.Environment(s.env["KLARNA_BASE_URL"]), klarna.APIKey(s.env["KLARNA_API_KEY"]))
	require.NoError(s.t, err)
	c := cart()
	c.MerchantURLs.Authorization = callbackURL
	session, err := client.CreateSession(context.Background(), c)
	require.NoError(s.t, err)
	status, _ := post(s.t, s.env["KLARNA_BASE_URL"]+"/kp/sandbox/authorize", `{"client_token":"`+session.ClientToken+`"}`)
	require.Equal(s.t, 200, status)
}

func cart() klarna.SessionCreate {
	lines := []klarna.OrderLine{klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900})}
	amount, tax := klarna.Totals(lines)
	return klarna.SessionCreate{PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: amount, OrderTaxAmount: tax, OrderLines: lines}
}

func post(t *testing.T, url, body string) (status int, result map[string]any) {
	t.Helper()
	resp, err := http.Post(url, "application/x-www-form-urlencoded", strings.NewReader(body)) // as curl -d sends it
	require.NoError(t, err)
	defer resp.Body.Close()
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&result))
	return resp.StatusCode, result
}

func TestAShopRunsOnTheLinesToCopy(t *testing.T) {
	for _, names := range [][]string{{"KLARNA_API_KEY"}, {"KLARNA_USERNAME", "KLARNA_PASSWORD"}} {
		t.Run(strings.Join(names, " and "), func(t *testing.T) {
			s := start(t)
			for _, name := range []string{"KLARNA_API_KEY", "KLARNA_USERNAME", "KLARNA_PASSWORD", "KLARNA_ENVIRONMENT", "KLARNA_REGION"} {
				t.Setenv(name, "")
			}
			for _, name := range append(names, "KLARNA_BASE_URL") {
				t.Setenv(name, s.env[name])
			}
			client, err := klarna.NewFromEnv()
			require.NoError(t, err)
			session, err := client.CreateSession(context.Background(), cart())
			require.NoError(t, err)
			status, result := post(t, s.env["KLARNA_BASE_URL"]+"/kp/sandbox/authorize", `{"client_token":"`+session.ClientToken+`"}`)
			require.Equal(t, 200, status)
			token := result["authorization_token"].(string)
			order, err := client.CreateOrder(context.Background(), token, klarna.OrderFromSession(cart()))
			require.NoError(t, err)
			require.Equal(t, klarna.FraudStatusAccepted, order.FraudStatus)

			require.NoError(t, s.stop(syscall.SIGTERM), "the exit code is 0")
			log := s.log.String()
			lines := strings.Split(strings.TrimSpace(log), "\n")
			require.Len(t, lines, 3, log)
			require.Regexp(t, `^time=\d\d:\d\d:\d\d call=CreateSession status=200 duration=\S+ correlation_id=[0-9a-f-]{36}$`, lines[0])
			require.Regexp(t, `call="browser authorize" status=200 `, lines[1])
			require.Regexp(t, `call=CreateOrder status=200 `, lines[2])
			for _, secret := range []string{session.SessionID, session.ClientToken, token, s.env["KLARNA_API_KEY"], s.env["KLARNA_USERNAME"]} {
				require.NotContains(t, log, secret)
			}
		})
	}
}

func TestReaderBuysThroughPayway(t *testing.T) {
	s := start(t, "-payway", "127.0.0.1:0")
	lines := regexp.MustCompile(`(?m)^export PAYWAY_BASE_URL=(\S+)\nexport PAYWAY_TOKEN=(\S+)$`).FindStringSubmatch(s.out)
	require.NotNil(t, lines, s.out)
	client, err := payway.New(payway.Environment(lines[1]))
	require.NoError(t, err)
	session, err := client.CreateSession(context.Background(), payway.Token(lines[2]), payway.SessionRequest{
		Code: "nordlys_web", PeriodType: payway.PeriodTypeRecurring, ConfirmationURL: "https://paper.example/thanks",
	})
	require.NoError(t, err)
	status, response := post(t, s.env["KLARNA_BASE_URL"]+"/kp/sandbox/authorize", `{"client_token":"`+session.ClientToken+`"}`)
	require.Equal(t, 200, status)
	require.NotEmpty(t, response["authorization_token"])
	require.NoError(t, s.stop(syscall.SIGTERM))
	require.Regexp(t, `call=payway.CreateSession status=200 duration=`, s.log.String())
	for _, secret := range []string{lines[2], session.SessionID, session.ClientToken} {
		require.NotContains(t, s.log.String(), secret)
	}
}

func TestTheLinesToCopyAreForAShell(t *testing.T) {
	s := start(t, "-api-key", "it's$HOME", "-username", "K123_abc", "-payway", "127.0.0.1:0")
	require.Contains(t, s.out, `export KLARNA_API_KEY='it'\''s$HOME'`)
	for line := range strings.Lines(s.out) {
		require.Regexp(t, "^(# |export )", line)
	}
	require.Contains(t, s.out, `<script src="`+s.env["KLARNA_BASE_URL"]+klarnatest.ScriptPath+`" async></script>`)
	resp, err := http.Get(s.env["KLARNA_BASE_URL"] + klarnatest.ScriptPath)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
}

func TestHalfARequestIsCutOff(t *testing.T) {
	s := start(t, "-read-timeout", "100ms")
	for _, half := range []string{"POST / HTTP/1.1\r\n", "POST /payments/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.env["KLARNA_BASE_URL"], "http://"))
		require.NoError(t, err)
		defer conn.Close()
		_, err = conn.Write([]byte(half))
		require.NoError(t, err)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err = io.Copy(io.Discard, conn)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	}
}

func TestItStopsOnASignal(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			s := start(t)
			require.NoError(t, s.stop(signal))
			require.Empty(t, s.log.String())
			_, err := http.Get(s.env["KLARNA_BASE_URL"])
			require.Error(t, err)
		})
	}
}

func TestTheWalkThroughWorks(t *testing.T) {
	needPrograms(t)
	help, err := exec.Command(program, "-h").CombinedOutput()
	require.NoError(t, err, "help is no failure")
	_, script, ok := strings.Cut(string(help), "printed, then:\n")
	require.True(t, ok)

	s := start(t)
	shell := exec.Command("sh", "-euc", s.out+script)
	shell.Env = append(os.Environ(), "NO_PROXY=*")
	shell.Dir = t.TempDir()
	out, err := shell.CombinedOutput()
	require.NoError(t, err, string(out))
	var order klarna.Order
	var page hostedpage.Session
	results := json.NewDecoder(bytes.NewReader(out))
	require.NoError(t, results.Decode(&order), string(out))
	require.NotEmpty(t, order.OrderID)
	require.NoError(t, results.Decode(&page), string(out))
	require.Equal(t, hostedpage.SessionStatusCompleted, page.Status)
	require.NotEmpty(t, page.OrderID)
}

func TestHelpNamesEveryFlag(t *testing.T) {
	help, err := exec.Command(program, "-help").Output()
	require.NoError(t, err)
	for _, flag := range []string{"addr", "allow-remote", "url", "api-key", "username", "strict", "allow-remote-control", "categories", "rate-limit", "callbacks", "callback-hosts", "read-timeout", "fraud-status", "payway"} {
		require.Contains(t, string(help), "  -"+flag)
	}
	require.Contains(t, string(help), "127.0.0.1:8181")
}

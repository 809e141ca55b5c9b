package main

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCallbackHosts(t *testing.T) {
	for _, row := range []struct {
		list, host, address string
		want                bool
	}{
		{"shop.test", "shop.test", "10.0.0.7:80", true},
		{"shop.test", "SHOP.test.", "10.0.0.7:443", true},
		{"shop.test", "other.test", "10.0.0.7:80", false},
		{"shop.test", "shop.test.other.test", "10.0.0.7:80", false},
		{"shop.test:8080", "shop.test", "10.0.0.7:8080", true},
		{"shop.test:8080", "shop.test", "10.0.0.7:80", false},

		// A name does not lead to this machine or to a cloud's metadata, unless the address is allowed as well.
		{"shop.test", "shop.test", "127.0.0.1:80", false},
		{"shop.test", "shop.test", "[::1]:80", false},
		{"shop.test", "shop.test", "0.0.0.0:80", false},
		{"shop.test", "shop.test", "169.254.169.254:80", false},
		{"shop.test", "shop.test", "[fe80::1]:80", false},
		{"shop.test,127.0.0.0/8", "shop.test", "127.0.0.1:80", true},
		{"localhost", "localhost", "127.0.0.1:80", true},
		{"localhost", "localhost", "10.0.0.7:80", false},
		{"localhost", "127.0.0.1", "127.0.0.1:80", false},

		{"10.0.0.7", "any.test", "10.0.0.7:80", true},
		{"10.0.0.7:8080", "10.0.0.7", "10.0.0.7:80", false},
		{"10.0.0.0/8", "any.test", "10.9.9.9:80", true},
		{"10.0.0.0/8", "any.test", "11.0.0.1:80", false},
		{"10.1.2.3/8", "any.test", "10.9.9.9:80", true},
		{"::1", "x", "[::1]:80", true},
		{"[::1]:8080", "x", "[::1]:8080", true},
		{"::ffff:10.0.0.7", "x", "10.0.0.7:80", true},
		{"a.test, b.test", "b.test", "10.0.0.7:80", true},
	} {
		hosts, err := parseCallbackHosts(row.list)
		require.NoError(t, err, row.list)
		require.Equal(t, row.want, hosts.allow(row.host, netip.MustParseAddrPort(row.address)), "%s: %s at %s", row.list, row.host, row.address)
	}
	require.False(t, callbackHosts(nil).allow("localhost", netip.MustParseAddrPort("127.0.0.1:80")))
	for _, list := range []string{",", "a,,b", "http://shop.test", "shop.test/path", "shop.test:0", "shop.test:http", "10.0.0.0/33", "*.test", "shop.test:"} {
		_, err := parseCallbackHosts(list)
		require.Error(t, err, list)
	}
}

// Whoever reaches the sandbox from elsewhere has it call nothing that its operator does not allow.
func TestCallbacksOfARemoteSandboxGoWhereTheOperatorAllows(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		log  string
	}{
		{"nowhere by default", nil, `skipped="the address is not allowed"`},
		{"to an address of the list", []string{"-callback-hosts", "shop.test,127.0.0.1"}, "try=1 status=200"},
		{"not to another port of it", []string{"-callback-hosts", "127.0.0.1:1"}, `skipped="the address is not allowed"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			called := make(chan struct{}, 1)
			shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called <- struct{}{} }))
			defer shop.Close()
			s := start(t, append([]string{"-addr", "0.0.0.0:0", "-allow-remote", "-callbacks", "first"}, row.args...)...)
			s.authorize(shop.URL)
			require.Eventually(t, func() bool {
				return strings.Contains(s.log.String(), "call=callback kind=authorization "+row.log)
			}, 10*time.Second, time.Millisecond)
			require.Equal(t, strings.Contains(row.log, "status=200"), len(called) == 1)
		})
	}
}

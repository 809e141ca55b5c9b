package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// callbackHosts are where callbacks may go.
type callbackHosts []callbackHost

// callbackHost is a name or a range of addresses, with a port or, if that is 0, with any.
type callbackHost struct {
	name   string
	prefix netip.Prefix // if name is empty
	port   uint16
}

// parseCallbackHosts parses a list such as shop.test,10.0.0.0/8,[::1]:8080.
func parseCallbackHosts(list string) (callbackHosts, error) {
	var hosts callbackHosts
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		host, err := parseCallbackHost(entry)
		if err != nil {
			return nil, fmt.Errorf("%q is not a host, an address or a prefix, with or without a port", entry)
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

func parseCallbackHost(entry string) (callbackHost, error) {
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		return callbackHost{prefix: prefix.Masked()}, nil
	}
	if addr, err := netip.ParseAddr(strings.Trim(entry, "[]")); err == nil {
		return callbackHost{prefix: prefixOf(addr)}, nil
	}
	name, portText, err := net.SplitHostPort(entry)
	var port uint64
	if err != nil {
		name = entry
	} else if port, err = strconv.ParseUint(portText, 10, 16); err != nil || port == 0 {
		return callbackHost{}, strconv.ErrRange
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return callbackHost{prefix: prefixOf(addr), port: uint16(port)}, nil
	}
	if name == "" || strings.ContainsAny(name, "/:[]@*? ") {
		return callbackHost{}, strconv.ErrSyntax
	}
	return callbackHost{name: trimDot(name), port: uint16(port)}, nil
}

func prefixOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, addr.BitLen())
}

// allow reports whether a callback to a host may connect to an address. The address decides wherever it can: a name is
// what its owner makes of it, and may lead to a service of this machine, or to a cloud's metadata. Those are allowed as
// addresses or not at all; localhost is the exception.
func (h callbackHosts) allow(host string, address netip.AddrPort) bool {
	addr := address.Addr()
	return slices.ContainsFunc(h, func(allowed callbackHost) bool {
		switch {
		case allowed.port != 0 && allowed.port != address.Port():
			return false
		case allowed.name == "":
			return allowed.prefix.Contains(addr)
		case !strings.EqualFold(allowed.name, trimDot(host)):
			return false
		case strings.EqualFold(allowed.name, "localhost"):
			return addr.IsLoopback()
		}
		return addr.IsGlobalUnicast() // private addresses are, too
	})
}

func trimDot(name string) string { return strings.TrimSuffix(name, ".") }

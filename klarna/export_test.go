package klarna

import "net/http"

// DefaultTransport is a copy of the transport that clients without one of their own share, for tests that have it trust
// their own server.
func DefaultTransport() *http.Transport { return newTransport() }

// Operations are the rows, for tests of all operations.
var Operations = operations

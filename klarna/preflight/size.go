package preflight

import "encoding/json"

// Klarna's limit for a body is 1 MB. Which of the two it means is unknown: between them, a body is a warning.
//
// Source: https://docs.klarna.com/api/request-limits/
const (
	maxBytes      = 1 << 20
	safeBytes     = 1_000_000
	bytesExpected = "has %d bytes as JSON, but may have %d or fewer"
)

func checkSize(request *request, report *Report) {
	var written counter
	if err := json.NewEncoder(&written).Encode(request.body); err != nil {
		// Plain structs always encode. The text of the error could quote a value.
		report.problem("", CodeInvalid, "cannot be written as JSON (%T)", err)
		return
	}
	switch size := int(written) - len("\n"); { // the encoder ends the line
	case size > maxBytes:
		report.problem("", CodeBodyTooLarge, bytesExpected, size, maxBytes)
	case size > safeBytes:
		report.warning("", CodeBodyTooLarge, bytesExpected+", if a MB is that many", size, safeBytes)
	}
}

// counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

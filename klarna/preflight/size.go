package preflight

import "encoding/json"

// maxBytes is Klarna's limit of 1 MB for a body. That a MB is 1,000,000 bytes is inferred: it is the smaller reading.
//
// Source: https://docs.klarna.com/api/request-limits/
const maxBytes = 1_000_000

func checkSize(request *request, report *Report) {
	var written counter
	if err := json.NewEncoder(&written).Encode(request.body); err != nil {
		// Plain structs always encode. The text of the error could quote a value.
		report.problem("", CodeInvalid, "cannot be written as JSON (%T)", err)
		return
	}
	if size := int(written) - len("\n"); size > maxBytes { // the encoder ends the line
		report.problem("", CodeBodyTooLarge, "has %d bytes as JSON, but may have %d or fewer", size, maxBytes)
	}
}

// counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

package klarna

import (
	"io"
	"slices"
)

const (
	maxAnswerBytes = 8 << 20  // of a 2xx body
	maxErrorBytes  = 64 << 10 // of any other body
)

// readBody reads up to limit bytes. cut says that there were more; what was read then is the beginning. A body is read
// to its end, since only then its connection serves the next call.
func readBody(body io.Reader, contentLength int64, limit int) (data []byte, cut bool, err error) {
	// One byte more than announced lets the last Read see the end without growing the buffer. An announcement alone
	// does not take more memory than this, though.
	size := 4 << 10
	if contentLength >= 0 {
		size = int(min(contentLength, int64(limit), 512<<10)) + 1
	}
	data = make([]byte, 0, size)
	for {
		if len(data) == cap(data) {
			data = slices.Grow(data, max(1, int(min(contentLength, int64(limit)))+1-len(data)))
		}
		room := data[len(data):min(cap(data), limit+1)]
		n, err := body.Read(room)
		data = data[:len(data)+n]
		if len(data) > limit {
			return data[:limit], true, nil
		}
		if err == io.EOF {
			return data, false, nil
		}
		if err != nil {
			return data, false, err
		}
	}
}

package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxCallbackBytes is what is read of a callback. Klarna's have a few hundred bytes.
const maxCallbackBytes = 64 << 10

// ReadCallback decodes the body of a callback, of at most 64 KiB. what names the callback in errors, which quote nothing of the
// request.
func ReadCallback(r *http.Request, what string, callback any) error {
	if r == nil || r.Body == nil {
		return fmt.Errorf("klarna: %s: there is no request", what)
	}
	if r.Method != http.MethodPost {
		return fmt.Errorf("klarna: %s: the method must be POST", what)
	}
	if contentType := r.Header.Get("Content-Type"); contentType != "" && !isJSON(contentType) {
		return fmt.Errorf("klarna: %s: the content type must be application/json", what)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCallbackBytes+1))
	switch {
	case err != nil:
		return fmt.Errorf("klarna: %s: the body cannot be read: %w", what, err)
	case len(body) > maxCallbackBytes:
		return fmt.Errorf("klarna: %s: the body is longer than %d bytes", what, maxCallbackBytes)
	case len(body) == 0:
		return fmt.Errorf("klarna: %s: the body is empty", what)
	case !decodes(body, callback):
		return fmt.Errorf("klarna: %s: the body is not JSON", what)
	}
	return nil
}

// decodes reads what can be read of a callback: a member of another type costs nothing but itself.
func decodes(body []byte, callback any) bool {
	err := json.Unmarshal(body, callback)
	var wrongType *json.UnmarshalTypeError
	return err == nil || errors.As(err, &wrongType)
}

func isJSON(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && (mediaType == "application/json" || strings.HasSuffix(mediaType, "+json"))
}

package klarna

import (
	"encoding/json"
)

const (
	maxMessages     = 20  // of an error, to keep
	maxMessageBytes = 500 // of one message
	maxWordBytes    = 120 // of a code or a correlation id
)

// errorBody is ErrorV2, read leniently: Klarna's rules allow error_message in place of the list, and some answers give
// a string where the list belongs. One odd member does not cost the others.
type errorBody struct {
	code          string
	messages      []string
	correlationID string
}

func parseErrorBody(body []byte) errorBody {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return errorBody{}
	}
	return errorBody{
		code:          firstOf(stringsOf(members["error_code"])),
		messages:      append(stringsOf(members["error_messages"]), stringsOf(members["error_message"])...),
		correlationID: firstOf(stringsOf(members["correlation_id"])),
	}
}

// stringsOf reads a string, or the strings of a list.
func stringsOf(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}
	}
	var list []any
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var all []string
	for _, item := range list {
		if s, ok := item.(string); ok && s != "" {
			all = append(all, s)
		}
	}
	return all
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

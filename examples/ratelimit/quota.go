package ratelimit

import "github.com/klarna-go/klarna-payments/klarna"

// Quota is how many calls a second Klarna takes for one merchant id.
//
// Source: https://docs.klarna.com/api/rate-limit/
type Quota struct {
	CreateSession int // new sessions
	Others        int // everything else
}

// Klarna's quotas. Take less when other programs use the same merchant id.
var (
	Production = Quota{CreateSession: 40, Others: 200}
	Playground = Quota{CreateSession: 5, Others: 50}
)

// of returns what an operation counts towards: the name of the count, and its calls a second.
func (q Quota) of(op klarna.Operation) (category string, perSecond int) {
	if op == klarna.OperationCreateSession {
		return "create-session", q.CreateSession
	}
	return "others", q.Others
}

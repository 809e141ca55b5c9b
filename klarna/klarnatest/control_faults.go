package klarnatest

import (
	"errors"
	"fmt"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// faultSpec is a fault as the control API has it.
type faultSpec struct {
	Kind         string
	Status       int
	Code         string
	Messages     []string
	ResetSeconds int `json:"reset_seconds"`
	Time         duration
	After        duration
	Handled      bool
}

// faultKinds make a fault of what it is called. They are all functions of this package that return one.
var faultKinds = map[string]func(f faultSpec) Fault{
	"status":            func(f faultSpec) Fault { return Status(f.Status, f.Code, f.Messages...) },
	"empty_status":      func(f faultSpec) Fault { return EmptyStatus(f.Status) },
	"html_status":       func(f faultSpec) Fault { return HTMLStatus(f.Status) },
	"too_many_requests": func(f faultSpec) Fault { return TooManyRequests(f.ResetSeconds) },
	"delay":             func(f faultSpec) Fault { return Delay(time.Duration(f.Time)) },
	"reset_before":      func(faultSpec) Fault { return ResetBefore() },
	"reset_after":       func(faultSpec) Fault { return ResetAfter() },
	"truncate":          func(faultSpec) Fault { return Truncate() },
	"drip":              func(f faultSpec) Fault { return Drip(time.Duration(f.Time)) },
	"endless":           func(faultSpec) Fault { return Endless() },
}

// maxPendingFaults is how many faults the control API queues.
const maxPendingFaults = 10_000

// fault makes the fault that is described. The document has validated it, but for what depends on the kind.
func (f faultSpec) fault() (Fault, error) {
	switch f.Kind {
	case "status", "empty_status", "html_status":
		if f.Status == 0 {
			return Fault{}, fmt.Errorf("a fault of kind %s needs a status", f.Kind)
		}
	case "delay", "drip":
		if f.Time == 0 {
			return Fault{}, fmt.Errorf("a fault of kind %s needs a time", f.Kind)
		}
	}
	fault := faultKinds[f.Kind](f)
	if f.After > 0 {
		fault = fault.After(time.Duration(f.After))
	}
	if f.Handled {
		fault = fault.Handled()
	}
	return fault, nil
}

func (s *Server) controlFail(call *controlCall) (any, error) {
	var body struct {
		Operation klarna.Operation
		Faults    []faultSpec
	}
	if err := call.into(&body); err != nil {
		return nil, err
	}
	if body.Operation.Route() == "" {
		return nil, errors.New("there is no such operation; they are named as in CreateOrder, ordermanagement.CaptureOrder, customertoken.CreateOrder")
	}
	var faults []Fault
	for _, spec := range body.Faults {
		fault, err := spec.fault()
		if err != nil {
			return nil, err
		}
		faults = append(faults, fault)
	}
	pending := 0
	for _, queued := range s.PendingFaults() {
		pending += len(queued)
	}
	if pending+len(faults) > maxPendingFaults {
		return nil, fmt.Errorf("%d faults are pending, and no more than %d may be", pending, maxPendingFaults)
	}
	s.Fail(body.Operation, faults...)
	return nil, nil
}

func (s *Server) controlPendingFaults(*controlCall) (any, error) {
	pending := map[klarna.Operation][]string{}
	for op, faults := range s.PendingFaults() {
		for _, fault := range faults {
			pending[op] = append(pending[op], fault.String())
		}
	}
	return map[string]any{"faults": pending}, nil
}

package hostedpage

import (
	"net/http"

	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

// The four operations.
const (
	OperationCreateSession     klarna.Operation = "hostedpage.CreateSession"
	OperationReadSession       klarna.Operation = "hostedpage.ReadSession"
	OperationDisableSession    klarna.Operation = "hostedpage.DisableSession"
	OperationDistributeSession klarna.Operation = "hostedpage.DistributeSession"
)

// The rows say everything that the code knows about an operation. They are the source of klarna.Operation.Route, of the retry
// table in the package documentation, of what is redacted, and of the tests for all operations. None of them commits anything:
// a page takes no money before the shopper pays on it.
const (
	sessions = "/hpp/v1/sessions"
	session  = sessions + "/{session_id}"
)

var (
	createSession = &engine.Operation{
		Name: string(OperationCreateSession), Method: http.MethodPost, Path: sessions,
		Success: []int{http.StatusCreated}, Result: engine.FromBody, Required: []string{"session_id"},
		New:   func() any { return new(CreatedSession) },
		Retry: engine.NeverAmbiguous, // a retry could make a second page for the same payments session
	}
	readSession = &engine.Operation{
		Name: string(OperationReadSession), Method: http.MethodGet, Path: session,
		Success: []int{http.StatusOK}, Result: engine.FromBody, Required: []string{"status"},
		New: func() any { return new(Session) },
	}
	disableSession = &engine.Operation{
		Name: string(OperationDisableSession), Method: http.MethodDelete, Path: session,
		Success: []int{http.StatusNoContent},
	}
	distributeSession = &engine.Operation{
		Name: string(OperationDistributeSession), Method: http.MethodPost, Path: session + "/distribution",
		Success: []int{http.StatusCreated, http.StatusNoContent},
		Retry:   engine.NeverAmbiguous, // a retry could send a second message
	}
)

var operations = engine.Register(engine.Table{createSession, readSession, disableSession, distributeSession})

package klarnatest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
)

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	methods := map[string][]string{} // by path
	handle := func(op klarna.Operation, do handler) {
		method, path, _ := strings.Cut(op.Route(), " ")
		mux.HandleFunc(op.Route(), s.serve(op, do))
		methods[path] = append(methods[path], method)
	}
	for op, do := range map[klarna.Operation]operation{
		klarna.OperationCreateSession:       s.createSession,
		klarna.OperationReadSession:         s.readSession,
		klarna.OperationUpdateSession:       s.updateSession,
		klarna.OperationCreateOrder:         s.createOrder,
		klarna.OperationCancelAuthorization: s.cancelAuthorization,
		klarna.OperationCreateCustomerToken: s.createCustomerToken,
	} {
		handle(op, s.payments(do))
	}
	for op, row := range orderOperations {
		handle(op, s.orderManagement(row))
	}
	for op, do := range s.tokenOperations() {
		handle(op, s.customerTokens(op, do))
	}
	for op, do := range s.hostedPageOperations() {
		handle(op, s.payments(do))
	}
	for path, allowed := range methods {
		slices.Sort(allowed)
		mux.HandleFunc(path, s.methodNotAllowed(strings.Join(allowed, ", ")))
	}
	mux.HandleFunc("GET "+redirectPath+"{order_id}", s.redirect)
	for _, region := range []string{"eu", "na", "oc"} {
		mux.HandleFunc("GET /"+region+"/kp/v1/sessions/{session_id}/redirect", s.redirect)
	}
	s.browserRoutes(mux)
	s.controlRoutes(mux)
	s.hostedPageRoutes(mux)
	mux.HandleFunc("/", s.notFound)
	return mux
}

func (s *Server) notFound(w http.ResponseWriter, _ *http.Request) {
	s.reply(w, s.newRequest(""), unknownPath)
}

func (s *Server) methodNotAllowed(allowed string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allowed)
		s.reply(w, s.newRequest(""), wrongMethod)
	}
}

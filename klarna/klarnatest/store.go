package klarnatest

import (
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest/internal/orderstate"
)

// What a server stores at most, unless WithCapacity changes it.
const (
	defaultMaxSessions = 100_000
	defaultMaxBytes    = 256 << 20
)

// store holds sessions, their authorizations, and orders, so that a server may run for weeks: it forgets what has expired,
// and the oldest of what is too much. Server.mu guards it.
type store struct {
	maxSessions int // and as many orders and customer tokens
	maxBytes    int

	sessions       map[string]*session
	authorizations map[string]*authorization // by token
	orders         map[string]*placedOrder   // by order id
	oldestSessions []*session                // in the order in which they were created
	keys           map[string]*usedKey       // by idempotency key
	tokens         map[string]*storedToken   // by customer token
	oldestTokens   []*storedToken            // in the order in which they were made
	pages          map[string]*hostedPage    // by id, stored with their sessions
	pageKeys       map[string]*hostedPage    // by the key in their address
	oldestOrders   []*placedOrder            // in the order in which they were placed
	oldestKeys     []*usedKey                // in the order in which they were used
	bytes          int
	created        Created
}

func newStore(maxSessions, maxBytes int) store {
	return store{
		maxSessions: maxSessions, maxBytes: maxBytes,
		sessions:       map[string]*session{},
		authorizations: map[string]*authorization{},
		orders:         map[string]*placedOrder{},
		keys:           map[string]*usedKey{},
		tokens:         map[string]*storedToken{},
		pages:          map[string]*hostedPage{},
		pageKeys:       map[string]*hostedPage{},
	}
}

// What a record takes in memory beside its bodies, roughly.
const (
	sessionOverhead       = 2 << 10
	authorizationOverhead = 512
	orderOverhead         = 512
	keyOverhead           = 512
	tokenOverhead         = 512
)

func (st *store) addSession(x *session, now time.Time) {
	st.forget(now)
	st.created.Sessions++
	st.sessions[x.id] = x
	st.oldestSessions = append(st.oldestSessions, x)
	st.resize(x)
}

// addAuthorization adds the newest authorization of its session. The one before it is void, and only its token is kept.
func (st *store) addAuthorization(a *authorization) {
	x := a.session
	if x.newest != nil {
		x.newest.members = nil
	}
	x.newest = a
	x.authorizations = append(x.authorizations, a)
	st.authorizations[a.token] = a
	st.resize(x)
}

func (st *store) addOrder(o *placedOrder) {
	st.created.Orders++
	st.orders[o.id] = o
	st.oldestOrders = append(st.oldestOrders, o)
	st.resizeOrder(o)
}

// resizeOrder counts an order anew, after a change.
func (st *store) resizeOrder(o *placedOrder) {
	st.created.Captures += len(o.state.Captures) - o.captures
	st.created.Refunds += len(o.state.Refunds) - o.refunds
	o.captures, o.refunds = len(o.state.Captures), len(o.state.Refunds)
	size := o.size()
	st.bytes += size - o.counted
	o.counted = size
	st.shrink()
}

// resize counts a session anew, after a change.
func (st *store) resize(x *session) {
	size := x.size()
	st.bytes += size - x.counted
	x.counted = size
	st.shrink()
}

// shrink forgets the oldest of what there is too much of.
func (st *store) shrink() {
	for len(st.oldestSessions) > st.maxSessions {
		st.forgetSession()
	}
	for len(st.oldestOrders) > st.maxSessions {
		st.forgetOrder()
	}
	for len(st.oldestTokens) > st.maxSessions {
		st.forgetToken()
	}
	for st.bytes > st.maxBytes {
		forget := st.oldest()
		if forget == nil {
			return
		}
		forget()
	}
}

// oldest returns what forgets the oldest session, order, customer token or key, or nil.
func (st *store) oldest() (forget func()) {
	var oldest time.Time
	consider := func(at time.Time, do func()) {
		if forget == nil || at.Before(oldest) {
			oldest, forget = at, do
		}
	}
	if len(st.oldestOrders) > 0 {
		consider(st.oldestOrders[0].placed, st.forgetOrder)
	}
	if len(st.oldestSessions) > 0 {
		consider(st.oldestSessions[0].began, st.forgetSession)
	}
	if len(st.oldestTokens) > 0 {
		consider(st.oldestTokens[0].made, st.forgetToken)
	}
	if len(st.oldestKeys) > 0 {
		consider(st.oldestKeys[0].used, st.forgetKey)
	}
	return forget
}

// forget drops what has expired. Calls found it unknown before.
func (st *store) forget(now time.Time) {
	for len(st.oldestSessions) > 0 && st.oldestSessions[0].over(now) {
		st.forgetSession()
	}
	for len(st.oldestOrders) > 0 && now.Sub(st.oldestOrders[0].placed) >= orderLifetime {
		st.forgetOrder()
	}
	for len(st.oldestKeys) > 0 && now.Sub(st.oldestKeys[0].used) >= keyLifetime {
		st.forgetKey()
	}
}

// shift takes the first element off a list that is not empty. The array behind the slice would keep it until it grows.
func shift[E any](list *[]E) E {
	first := (*list)[0]
	clear((*list)[:1])
	*list = (*list)[1:]
	return first
}

func (st *store) forgetSession() {
	x := shift(&st.oldestSessions)
	st.bytes -= x.counted
	x.counted = 0
	delete(st.sessions, x.id)
	st.forgetPages(x)
	for _, a := range x.authorizations {
		delete(st.authorizations, a.token)
	}
}

func (st *store) forgetOrder() {
	o := shift(&st.oldestOrders)
	st.bytes -= o.counted
	o.counted = 0
	delete(st.orders, o.id)
}

// over reports whether neither the session nor its newest authorization is good for anything.
func (x *session) over(now time.Time) bool {
	return x.expired(now) && (x.newest == nil || x.newest.expired(now))
}

func (x *session) size() int {
	size := sessionOverhead + x.members.size() + len(x.authorizations)*authorizationOverhead + x.pageBytes
	if x.newest != nil {
		size += x.newest.members.size()
	}
	return size
}

func (m members) size() (size int) {
	for name, value := range m {
		size += len(name) + len(value)
	}
	return size
}

func (o *placedOrder) size() int {
	return orderOverhead + len(o.confirmation) + len(o.notification) + o.state.Size()
}

// Created counts what a server has created since it started, forgotten or not.
type Created struct {
	Sessions       int `json:"sessions"`
	Orders         int `json:"orders"`
	CustomerTokens int `json:"customer_tokens"`
	Captures       int `json:"captures"`
	Refunds        int `json:"refunds"`
	HostedPages    int `json:"hosted_pages"`
}

// Created returns how many sessions, orders, customer tokens, captures, refunds and hosted pages there were so far. An order that is
// returned again for the same request counts once.
func (s *Server) Created() Created {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.created
}

// OrderIDs returns the id of the order that a session led to, or none.
func (s *Server) OrderIDs(sessionID string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sessions[sessionID]
	if x == nil {
		return nil
	}
	var ids []string
	for _, a := range x.authorizations {
		if a.order != nil {
			ids = append(ids, a.order.OrderID)
		}
	}
	return ids
}

// CustomerTokens returns the customer tokens that were made of an authorization, which are more than one only with
// [WithRepeatedCustomerTokens].
func (s *Server) CustomerTokens(authorizationToken string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.authorizations[authorizationToken]
	if a == nil {
		return nil
	}
	return append([]string(nil), a.customerTokens...)
}

// placedOrder is what the server still has to know of an order.
type placedOrder struct {
	id           string
	placed       time.Time
	status       klarna.FraudStatus // from the beginning
	state        *orderstate.Order
	counted      int    // bytes that the store has counted
	captures     int    // that the store has counted
	refunds      int    // the same
	confirmation string // the page that the shopper is led to
	notification string // where fraud notifications go
}

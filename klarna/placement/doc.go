// Package placement places orders exactly once, with a record of each in the shop's own database. [Book.Place] replaces
// [klarna.Client.CreateOrder]. It works with any driver of database/sql, and imports none.
//
//	book, err := placement.New(ctx, db, placement.Postgres, client)
//	go book.Run(ctx) // in every process of the shop
//
//	result, err := book.Place(ctx, placement.Order{
//		Reference: "ON4711", SessionID: sessionID, AuthorizationToken: token, Request: klarna.OrderFromApproved(cart, *approved),
//	})
//
// # States
//
// A record is written before the first request. Until it is final it is Open. "Test" is the subtest of TestTransitions.
//
//	               what happens                                                       test
//	-> Placed      Klarna returns the order                                           an order is placed
//	-> Placed      … after lost responses                                             the responses are lost
//	-> Placed      … after failures of Klarna's                                       Klarna fails for a while
//	-> Placed      … after 429                                                        too many calls
//	-> Placed      … after a response that is not Klarna's                            a page of a proxy
//	-> Placed      … after a rejection, though the order existed                      a rejection after an order
//	-> Placed      … after 400 BAD_VALUE, though an order was seen                    a definite rejection of an order that exists
//	-> Rejected    Klarna rejects the only call that it looked at                     a rejection
//	-> Rejected    … also after 429                                                   a rejection after 429
//	-> Rejected    … for what the shopper approved                                    the order does not match the approval
//	-> Rejected    400 BAD_VALUE or 409 "Not matching fields", and no order was seen  a rejection that holds for all calls
//	-> Rejected    another rejection; two reads of the session find no order          a rejection after an unknown outcome
//	-> Rejected    the same, for a token that a customer token used up                the token is used up without an order
//	-> Rejected    the token expires; two reads of the session find no order          the token expires, and there is no order
//	-> Rejected    the token expires before any call                                  the token expires before the first call
//	-> Unresolved  the token expires, and the session has an order                    the token expires, and the order exists
//	-> Unresolved  the token expires, and the session is gone                         the session is gone
//
// A rejected reference may start a new attempt, with a new token; see [Book.Place]. A person ends Unresolved with [Book.Resolve].
//
// # What to take care of
//
// Open means that the order may exist or still be placed: never let the shopper pay in another way meanwhile. The database must
// keep what it committed: leave synchronous (SQLite) and synchronous_commit (PostgreSQL) as they are. Tokens and requests are
// personal data while a record is open.
//
// All times are by the clock of the database: those of the processes do not matter. If that clock jumps, or a process is suspended,
// two processes may work on a record. They send the same bytes with the same token, which is valid for one order. Either of them
// records an order id; any other result is recorded only by the one with the lease. More: docs/placing-orders.md of the repository.
package placement

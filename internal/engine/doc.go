// Package engine sends one call to an HTTP API, with money in mind. It knows no API: what a call is stands in an
// [Operation], what an API's errors look like in the [Config].
//
// For each call, the engine checks target and ids, sets the headers, and makes attempts: wait for the limiter, send, read
// the bounded body, classify. It retries where that is safe, and returns a [Response], or a [Failure] that states whether
// the request may have been carried out.
package engine

//go:build race

package klarna_test

// raceDetector reports that the race detector is on. It makes sync.Pool forget at random, so that allocations cannot be
// counted; `make cover` runs the tests without it.
const raceDetector = true

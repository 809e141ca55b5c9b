//go:build !race

package klarna_test

const raceDetector = false

package klarnatest

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheLogForgetsTheOldest(t *testing.T) {
	s := NewServer()
	defer s.Close()
	for i := range 10_001 {
		s.record(Request{CorrelationID: strconv.Itoa(i)})
	}
	log := s.Requests()
	require.Len(t, log, 10_000)
	require.Equal(t, "1", log[0].CorrelationID)
	require.Equal(t, "10000", log[9_999].CorrelationID)

	body := make([]byte, 1<<20)
	for range 70 {
		s.record(Request{Body: body})
	}
	require.Len(t, s.log.requests, 64, "of 1 MB each")
}

func TestTheLogKeepsNoDecodedBodies(t *testing.T) {
	s := NewServer()
	defer s.Close()
	s.record(Request{Body: []byte("{}"), sent: members{"locale": []byte(`"de-DE"`)}, rejected: malformed})
	require.Len(t, s.log.requests, 1)
	require.Nil(t, s.log.requests[0].sent, "the limit of the log does not count it")
	require.Nil(t, s.log.requests[0].rejected)
}

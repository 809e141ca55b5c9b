package wiretest

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// HTTP2 is a peer that speaks HTTP/2 over TLS.
type HTTP2 struct {
	URL string
	recorder
	handle   func(*Stream)
	settings []http2.Setting
	listener net.Listener

	open sync.WaitGroup
	live liveConns
}

// NewHTTP2 starts a peer. It calls handle in a goroutine of its own as soon as it has received the header of a request. A
// handle that returns without having done anything leaves the request without a response. The settings are announced
// to each client. The peer is closed when the test ends.
func NewHTTP2(t testing.TB, handle func(*Stream), settings ...http2.Setting) *HTTP2 {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", ServerTLS(http2.NextProtoTLS))
	if err != nil {
		t.Fatal(err)
	}
	p := &HTTP2{URL: "https://" + listener.Addr().String(), handle: handle, settings: settings, listener: listener}
	p.open.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// Close closes the listener and all connections, and waits until no handle is running.
func (p *HTTP2) Close() {
	_ = p.listener.Close()
	p.live.closeAll()
	p.open.Wait()
}

func (p *HTTP2) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		if !p.live.add(conn) {
			_ = conn.Close()
			return
		}
		c := &http2Conn{peer: p, number: p.connected(), conn: conn, closed: make(chan struct{}), streams: map[uint32]*Stream{}}
		c.encoder = hpack.NewEncoder(&c.header)
		p.open.Go(c.serve)
	}
}

// http2Conn is one connection of a client.
type http2Conn struct {
	peer   *HTTP2
	number int
	conn   net.Conn
	closed chan struct{} // closed when reading from it ended

	mu      sync.Mutex // guards what follows
	framer  *http2.Framer
	header  bytes.Buffer
	encoder *hpack.Encoder
	silent  bool

	streams map[uint32]*Stream // of the reading goroutine
}

func (c *http2Conn) serve() {
	defer close(c.closed)
	defer c.peer.live.remove(c.conn)
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(c.conn, preface); err != nil {
		return
	}
	c.write(func(framer *http2.Framer) error { return framer.WriteSettings(c.peer.settings...) })
	reader := http2.NewFramer(io.Discard, c.conn)
	reader.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for {
		frame, err := reader.ReadFrame()
		if err != nil {
			break
		}
		c.receive(frame)
	}
	for _, stream := range c.streams {
		stream.end()
	}
}

func (c *http2Conn) receive(frame http2.Frame) {
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		if !frame.IsAck() {
			c.write((*http2.Framer).WriteSettingsAck)
		}
	case *http2.PingFrame:
		if !frame.IsAck() {
			c.write(func(framer *http2.Framer) error { return framer.WritePing(true, frame.Data) })
		}
	case *http2.MetaHeadersFrame:
		c.start(frame)
	case *http2.DataFrame:
		if stream := c.streams[frame.StreamID]; stream != nil {
			c.peer.add(stream.request, frame.Data(), frame.StreamEnded())
			if frame.StreamEnded() {
				stream.end()
			}
		}
		if n := frame.Length; n > 0 {
			c.write(func(framer *http2.Framer) error {
				_ = framer.WriteWindowUpdate(frame.StreamID, n)
				return framer.WriteWindowUpdate(0, n)
			})
		}
	case *http2.RSTStreamFrame:
		if stream := c.streams[frame.StreamID]; stream != nil {
			stream.end()
		}
	}
}

func (c *http2Conn) start(frame *http2.MetaHeadersFrame) {
	request := &Request{
		Method: frame.PseudoValue("method"), Path: frame.PseudoValue("path"), Header: http.Header{},
		Connection: c.number, Stream: frame.StreamID, Whole: frame.StreamEnded(),
	}
	for _, field := range frame.RegularFields() {
		request.Header.Add(field.Name, field.Value)
	}
	stream := &Stream{conn: c, request: request, ended: make(chan struct{})}
	c.streams[frame.StreamID] = stream
	c.peer.received(request)
	if frame.StreamEnded() {
		stream.end()
	}
	c.peer.open.Go(func() { c.peer.handle(stream) })
}

// write writes frames, unless the connection has fallen silent.
func (c *http2Conn) write(frames func(*http2.Framer) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.silent {
		return
	}
	if c.framer == nil {
		c.framer = http2.NewFramer(c.conn, nil)
	}
	_ = frames(c.framer) // a client that is gone changes nothing for the test
}

// Stream is one request of a client, and what the peer does about it.
type Stream struct {
	conn    *http2Conn
	request *Request
	ended   chan struct{}
	once    sync.Once
}

func (s *Stream) end() { s.once.Do(func() { close(s.ended) }) }

// Connection is the number of the connection. They count from 1.
func (s *Stream) Connection() int { return s.conn.number }

// ID is the stream's identifier: 1, 3, 5, … on each connection.
func (s *Stream) ID() uint32 { return s.request.Stream }

// Read waits until the request has been received to its end, or the client has given it up, and returns what was received.
func (s *Stream) Read() Request {
	<-s.ended
	s.conn.peer.mu.Lock()
	defer s.conn.peer.mu.Unlock()
	return *s.request
}

// Respond sends a whole response. JSON is its content type, unless header has another one.
func (s *Stream) Respond(status int, header http.Header, body string) {
	s.Start(status, header, len(body))
	s.Part(body, true)
}

// Start sends the header of a response. A negative length announces none.
func (s *Stream) Start(status int, header http.Header, length int) {
	s.conn.write(func(framer *http2.Framer) error {
		s.conn.header.Reset()
		field := func(name, value string) { _ = s.conn.encoder.WriteField(hpack.HeaderField{Name: name, Value: value}) }
		field(":status", strconv.Itoa(status))
		if header.Get("Content-Type") == "" {
			field("content-type", "application/json")
		}
		if length >= 0 {
			field("content-length", strconv.Itoa(length))
		}
		for name, values := range header {
			for _, value := range values {
				field(string(bytes.ToLower([]byte(name))), value)
			}
		}
		return framer.WriteHeaders(http2.HeadersFrameParam{StreamID: s.ID(), BlockFragment: s.conn.header.Bytes(), EndHeaders: true})
	})
}

// Part sends a part of the body, and with end the end of the response. Parts are at most 16 KiB each.
func (s *Stream) Part(part string, end bool) {
	const most = 16 << 10
	for len(part) > most {
		s.conn.write(func(framer *http2.Framer) error { return framer.WriteData(s.ID(), false, []byte(part[:most])) })
		part = part[most:]
	}
	s.conn.write(func(framer *http2.Framer) error { return framer.WriteData(s.ID(), end, []byte(part)) })
}

// Reset sends RST_STREAM.
func (s *Stream) Reset(code http2.ErrCode) {
	s.conn.write(func(framer *http2.Framer) error { return framer.WriteRSTStream(s.ID(), code) })
}

// GoAway sends GOAWAY: the peer has not processed, and will not process, the streams above last.
func (s *Stream) GoAway(last uint32, code http2.ErrCode, debug string) {
	s.conn.write(func(framer *http2.Framer) error { return framer.WriteGoAway(last, code, []byte(debug)) })
}

// CloseConnection closes the connection, with whatever other requests it carries.
func (s *Stream) CloseConnection() { _ = s.conn.conn.Close() }

// SilenceConnection makes the peer write nothing to the connection any more, not even to pings, and keeps it open.
func (s *Stream) SilenceConnection() {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	s.conn.silent = true
}

// ConnectionClosed is closed when the connection has ended.
func (s *Stream) ConnectionClosed() <-chan struct{} { return s.conn.closed }

package klarnatest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// callbacks calls shops back in the background.
type callbacks struct {
	ctx    context.Context // ends when the server closes
	logger *slog.Logger
	done   sync.WaitGroup

	mu      sync.Mutex
	policy  CallbackPolicy
	record  []Callback
	pending int
	idle    chan struct{}      // closed when pending is 0 again
	run     context.Context    // of the callbacks to come; ends with ctx, or when the server is reset
	stop    context.CancelFunc // ends run
}

func newCallbacks(ctx context.Context, logger *slog.Logger) *callbacks {
	c := &callbacks{ctx: ctx, logger: logger, policy: CallbackPolicy{}}
	c.run, c.stop = context.WithCancel(ctx)
	return c
}

// reset forgets what was done, and does not do what is waiting.
func (c *callbacks) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop()
	c.run, c.stop = context.WithCancel(c.ctx)
	c.policy, c.record = CallbackPolicy{}, nil
}

// wait waits for all that is under way; ctx has ended by then, which makes it short.
func (c *callbacks) wait() {
	func() {
		c.mu.Lock() // whoever saw ctx alive has begun once this is had, and nobody else will
		defer c.mu.Unlock()
	}()
	c.done.Wait()
}

// message is one callback to be made.
type message struct {
	kind CallbackKind
	url  string
	body any
	ends func(status int) bool // reports whether a response of the shop ends the attempts

	tries   int           // at most; 0 is callbackTries
	timeout time.Duration // unless the policy has one; 0 is callbackTimeout

	ctx context.Context // set by start
}

// start makes a callback in the background. The channel is closed when it is over. A message without a URL starts nothing.
func (c *callbacks) start(m message) <-chan struct{} {
	through := make(chan struct{})
	c.mu.Lock()
	defer c.mu.Unlock()
	policy := c.policy.withDefaults(m.timeout)
	m.ctx = c.run
	var skipped string
	switch {
	case m.url == "":
		close(through)
		return through
	case policy.Never:
		skipped = "callbacks are switched off"
	case c.ctx.Err() != nil:
		skipped = "the server is closed"
	case policy.Allow == nil && !isLoopbackURL(m.url):
		skipped = "the URL is not on this machine"
	case c.pending >= maxPendingCallbacks:
		skipped = "too many callbacks are under way"
	}
	if skipped != "" {
		c.addLocked(Callback{Time: time.Now(), Kind: m.kind, URL: m.url, Skipped: skipped})
		close(through)
		return through
	}
	if c.pending == 0 {
		c.idle = make(chan struct{})
	}
	c.pending++
	c.done.Go(func() {
		defer c.finish(through)
		c.deliver(m, policy)
	})
	return through
}

func (c *callbacks) finish(through chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending--
	if c.pending == 0 {
		close(c.idle)
	}
	close(through)
}

func (c *callbacks) deliver(m message, policy CallbackPolicy) {
	if !sleep(m.ctx, policy.Delay) {
		return
	}
	c.tryAll(m, policy)
	if policy.Twice {
		c.tryAll(m, policy)
	}
}

// tryAll makes attempts until the shop has it, the attempts are used up or the server closes.
func (c *callbacks) tryAll(m message, policy CallbackPolicy) {
	wait, client := policy.Wait, newCallbackClient(policy)
	for try := 1; try <= cmp.Or(m.tries, callbackTries); try++ {
		if try > 1 {
			if !sleep(m.ctx, wait) {
				return
			}
			wait *= 2
		}
		done := Callback{Time: time.Now(), Kind: m.kind, URL: m.url, Try: try}
		done.StatusCode, done.Err = c.post(client, m, policy)
		if errors.Is(done.Err, errNotAllowed) {
			c.add(m, Callback{Time: done.Time, Kind: m.kind, URL: m.url, Skipped: errNotAllowed.Error()})
			return
		}
		c.add(m, done)
		if done.Err == nil && m.ends(done.StatusCode) {
			return
		}
	}
}

// post makes one attempt. An error does not hold the URL.
func (c *callbacks) post(client *http.Client, m message, policy CallbackPolicy) (status int, err error) {
	body, err := json.Marshal(m.body)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(m.ctx, 2*policy.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the URL cannot be called") // its own text quotes the URL
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "klarnatest")
	resp, err := client.Do(req)
	if err != nil {
		var withURL *url.Error
		if errors.As(err, &withURL) {
			err = withURL.Err
		}
		return 0, err
	}
	_ = resp.Body.Close() // nothing is read of it
	return resp.StatusCode, nil
}

// sleep reports whether the time passed before the context ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (c *callbacks) add(m message, done Callback) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.ctx == c.run { // or the server was reset meanwhile
		c.addLocked(done)
	}
}

func (c *callbacks) addLocked(done Callback) {
	c.record = append(c.record, done)
	if len(c.record) > maxRequests {
		shift(&c.record)
	}
	c.logger.LogAttrs(context.Background(), slog.LevelInfo, "callback", done.attrs()...)
}

// first reports whether the browser has to wait for the callback.
func (c *callbacks) first() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.policy.First
}

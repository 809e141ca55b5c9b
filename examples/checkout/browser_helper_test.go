package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/klarna-go/klarna-payments/examples/internal/chromium"
)

// screenshots is where the pictures go, at the root of the repository. Git ignores it.
const screenshots = "../../screenshots"

// tab is a shopper's browser at a shop of its own.
type tab struct {
	*world
	tabCtx context.Context // for as long as the tab is open
	ctx    context.Context // for as long as the step may take
	taken  map[string]bool // the screenshots so far
	only   int64           // the only width that pictures are taken at; 0 is both

	mu     sync.Mutex
	faults []string // what the browser complained of
}

const (
	stepTimeout = time.Minute
	desk        = 1280
	phone       = 375
)

// startBrowser starts a browser for newTab, and returns where its screenshots are noted.
func startBrowser(t *testing.T) (started context.Context, taken map[string]bool) {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	started = chromium.Start(t)
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	return started, map[string]bool{}
}

// wantScreenshots fails if a screenshot was not taken at both widths.
func wantScreenshots(t *testing.T, taken map[string]bool, names ...string) {
	t.Helper()
	for _, name := range names {
		for _, screen := range []string{"desktop", "phone"} {
			if !taken[name+"-"+screen] {
				t.Errorf("the screenshot %s-%s is missing", name, screen)
			}
		}
	}
}

func newTab(started context.Context, t *testing.T, taken map[string]bool) *tab {
	t.Helper()
	b := &tab{world: newWorld(t), taken: taken}
	ctx, cancel := chromedp.NewContext(started, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // opens it for this context, and not for the one with the time limit
		t.Fatal(err)
	}
	b.tabCtx = ctx
	ctx, cancel = context.WithTimeout(ctx, stepTimeout)
	t.Cleanup(cancel)
	b.ctx = ctx
	b.do("start", chromedp.EmulateViewport(desk, 900))
	console := chromedp.Console(ctx)
	go func() {
		for message, err := range console {
			if err != nil {
				return
			}
			// Klarna's pictures cannot be reached from here.
			if (message.Type == chromedp.ConsoleError || message.IsException()) && !strings.Contains(message.URL, "klarnacdn.net") {
				b.mu.Lock()
				b.faults = append(b.faults, message.Text+" "+message.URL)
				b.mu.Unlock()
			}
		}
	}()
	return b
}

func (b *tab) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.giveUp(what, err)
	}
}

func (b *tab) giveUp(what string, err error) {
	b.t.Helper()
	look, cancel := context.WithTimeout(b.tabCtx, 2*time.Second)
	defer cancel()
	page, lookErr := chromedp.Run(look, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	if lookErr != nil {
		page = lookErr.Error()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.t.Fatalf("%s: %v\n%s\n%s", what, err, page, strings.Join(b.faults, "\n"))
}

// until waits for a condition in the page. A page that is just being left has none.
func (b *tab) until(what, function string, args ...string) {
	b.t.Helper()
	quoted, err := json.Marshal(append([]string{}, args...)) // a list even when there are none
	if err != nil {
		b.t.Fatal(err)
	}
	expression := "(" + function + ")(..." + string(quoted) + ")"
	for {
		if is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression)); err == nil && is {
			return
		} else if b.ctx.Err() != nil {
			b.giveUp(what, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.do("open "+path, chromedp.Navigate(b.url+path))
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.until("can click "+selector, `(s) => { const e = document.querySelector(s); return !!e && e.checkVisibility() && !e.disabled; }`, selector)
	b.do("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// follow clicks what leads to another page, and waits for that.
func (b *tab) follow(selector string) {
	b.t.Helper()
	b.do("mark the page", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](`window.leaving = true`)(ctx, t)
		return err
	}))
	b.click(selector)
	b.until("another page after "+selector, `() => !window.leaving && document.readyState === "complete"`)
}

func (b *tab) see(selector string) {
	b.t.Helper()
	b.until("see "+selector, `(s) => { const e = document.querySelector(s); return !!e && e.checkVisibility(); }`, selector)
}

func (b *tab) gone(selector string) {
	b.t.Helper()
	b.until("see no "+selector, `(s) => document.readyState === "complete" && !document.querySelector(s)`, selector)
}

// read waits until an element has a text in it.
func (b *tab) read(selector, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("read %q in %s", text, selector),
		`(s, text) => [...document.querySelectorAll(s)].some((e) => e.innerText.includes(text))`, selector, text)
}

// ready waits until the shopper can pay.
func (b *tab) ready() {
	b.t.Helper()
	b.see(`#checkout[data-state="ready"]`)
	b.see(`#klarna-widget [data-klarna-sandbox="teaser"]`)
}

func (b *tab) openWindow() {
	b.t.Helper()
	b.click("#pay")
	b.see(`[data-klarna-sandbox="dialog"][data-klarna-sandbox-ready]`)
}

// inWindow opens the sandbox's window and presses one of its buttons.
func (b *tab) inWindow(button string) {
	b.t.Helper()
	b.openWindow()
	b.click(`[data-klarna-sandbox="` + button + `"]`)
}

// mistype has the sandbox reject a field.
func (b *tab) mistype(field string) {
	b.t.Helper()
	b.openWindow()
	b.do("choose the field", chromedp.SetValue(chromedp.CSS(`[data-klarna-sandbox="invalid-field"]`), field))
	b.click(`[data-klarna-sandbox="invalid"]`)
}

// shot takes a picture of the whole page, at both widths.
func (b *tab) shot(name string) {
	b.t.Helper()
	b.picture(name, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		if _, err := chromedp.Evaluate[bool](`scrollTo(0, 0), true`)(ctx, t); err != nil { // what is sticky moves with it
			return nil, err
		}
		return chromedp.FullScreenshot(100)(ctx, t)
	})
}

// shotOfWindow takes what is on the screen: a window lies over the page.
func (b *tab) shotOfWindow(name string) {
	b.t.Helper()
	b.picture(name, chromedp.CaptureScreenshot())
}

func (b *tab) picture(name string, take chromedp.Action[[]byte]) {
	b.t.Helper()
	for _, screen := range []struct {
		name          string
		width, height int64
	}{{"phone", phone, 812}, {"desktop", desk, 900}} { // the desktop is what stays
		if b.only != 0 && b.only != screen.width {
			continue
		}
		b.do("screen of a "+screen.name, chromedp.EmulateViewport(screen.width, screen.height))
		b.until("the new width", `(width) => innerWidth === Number(width) && document.readyState === "complete"`, fmt.Sprint(screen.width))
		faults, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](pageFaults))
		if err != nil {
			b.giveUp("look at "+name, err)
		}
		for _, fault := range faults {
			b.t.Errorf("%s on a %s: %s", name, screen.name, fault)
		}
		picture, err := chromedp.Run(b.ctx, take)
		if err != nil {
			b.giveUp("screenshot of "+name, err)
		}
		if err := os.WriteFile(filepath.Join(screenshots, name+"-"+screen.name+".png"), picture, 0o644); err != nil {
			b.t.Fatal(err)
		}
		b.taken[name+"-"+screen.name] = true
	}
}

// pageFaults finds what a person with a phone, or without eyes, would stumble over.
const pageFaults = `(() => {
	const faults = [];
	const wider = document.documentElement.scrollWidth - innerWidth;
	if (wider > 0) faults.push(wider + ' pixels wider than the screen');
	for (const e of document.querySelectorAll('input:not([type=hidden]), button, a, select')) {
		if (!e.checkVisibility()) continue;
		const name = e.ariaLabel || e.innerText.trim() || (e.labels && e.labels.length && e.labels[0].innerText);
		if (!name) faults.push('without a name: ' + e.outerHTML);
	}
	for (const e of document.querySelectorAll('button, .button, nav a, .field input, .method')) {
		const box = e.getBoundingClientRect();
		if (e.checkVisibility() && box.height > 0 && box.height < 43.5) faults.push(box.height + ' pixels high: ' + e.outerHTML);
	}
	for (const e of document.querySelectorAll('img')) if (!e.hasAttribute('alt')) faults.push('without alt: ' + e.outerHTML);
	if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
	return faults;
})()`

// noFaults is for the end of a step. Some faults belong to it.
func (b *tab) noFaults(but ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		expected := false
		for _, text := range but {
			expected = expected || strings.Contains(fault, text)
		}
		if !expected {
			b.t.Errorf("the browser complains: %s", fault)
		}
	}
}

package main

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
)

//go:embed templates static
var files embed.FS

// pages are the templates by name, each with the layout and the parts.
var pages = func() map[string]*template.Template {
	functions := template.FuncMap{
		"euros": euros,
		"add":   func(a, b int64) int64 { return a + b },
		"line": func(csrf string, line shownLine) any {
			return struct {
				CSRF string
				Line shownLine
			}{csrf, line}
		},
		"field": newField,
		"hidden": func(key, seen, captureID string) any {
			return struct{ Key, Seen, CaptureID string }{key, seen, captureID}
		},
		"sample": func(example bool, value string) string {
			if example {
				return value
			}
			return ""
		},
	}
	shared := template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/layout.html", "templates/parts.html"))
	all := map[string]*template.Template{"": shared}
	for _, name := range []string{"goods", "cart", "checkout", "approved", "checking", "hosted_waiting", "order", "problem", "office", "office_order", "office_unresolved",
		"subscription", "office_subscriptions", "office_subscription"} {
		all[name] = template.Must(template.Must(shared.Clone()).ParseFS(files, "templates/"+name+".html"))
	}
	return all
}()

// field is an input of the address form.
type field struct{ Name, Label, Autocomplete, Type, Value string }

func newField(name, label, autocomplete, kind, value string) field {
	return field{name, label, autocomplete, kind, value}
}

// frame is what every page has.
type frame struct {
	Title     string
	Notice    string
	CartCount int64
	CSRF      string
	Office    bool // it is the back office, where nobody shops
	Page      any
}

func (s *shop) render(w http.ResponseWriter, r *http.Request, status int, sh *shopper, name, title string, page any) {
	f := frame{Title: title, Notice: s.payments.notice, Page: page}
	if sh != nil {
		f.CartCount, f.CSRF = sh.cart.count(), s.csrf(sh.id)
	}
	s.write(w, r, status, pages[name], "layout", f)
}

func (s *shop) renderPart(w http.ResponseWriter, r *http.Request, part string, data any) {
	s.write(w, r, http.StatusOK, pages[""], part, data)
}

func (s *shop) renderProblem(w http.ResponseWriter, r *http.Request, status int, sh *shopper, p problem) {
	s.render(w, r, status, sh, "problem", p.Title, p)
}

// write renders before it responds, so that a template that fails does not leave half a page.
func (s *shop) write(w http.ResponseWriter, r *http.Request, status int, t *template.Template, name string, data any) {
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		s.logger.ErrorContext(r.Context(), "a page could not be rendered", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store") // it is for one shopper, and out of date when the shopper comes back
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // fails only when the browser has gone
}

func static() http.Handler {
	root, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	server := http.StripPrefix("/static/", http.FileServerFS(root))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		server.ServeHTTP(w, r)
	})
}

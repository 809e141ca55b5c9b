package preflight

import (
	"fmt"
	"strings"
)

// Check returns an [*Error] with all problems of a request, or nil. It is made for
// [klarna.WithPreflight]. Warnings do not fail it; see [Inspect] for those.
func Check(body any) error {
	report := Inspect(body)
	return report.err()
}

func (r *Report) err() error {
	if len(r.Problems) > 0 {
		return &Error{Problems: r.Problems}
	}
	return nil
}

// Inspect returns all problems and warnings of a request.
func Inspect(body any) Report {
	var report Report
	request, ok := read(body, &report)
	if !ok {
		return report
	}
	checkSize(request, &report)
	checkForm(request, &report)
	if request.contract != payments && request.contract != customerToken {
		if request.money != nil {
			checkMoney(request.money, &report)
		}
		if request.page != nil {
			checkPage(request.page, &report)
		}
		return report
	}
	checkURLs(request, &report)
	checkMarket(request, &report)
	checkPersonalData(request, &report)
	checkCart(request, &report)
	return report
}

// Report is what [Inspect] found.
type Report struct {
	// Problems are what Klarna rejects.
	Problems []Problem
	// Warnings are unusual, but may be intended. They never fail a call.
	Warnings []Problem
}

// Problem is one thing that is wrong.
type Problem struct {
	// Path names the field as Klarna does, such as order_lines[2].total_tax_amount. It is empty for the body as a whole.
	Path string
	// Code is what is wrong, for programs. The package documentation lists the codes.
	Code string
	// Message states in one sentence what was found and what was expected, for developers. It begins with the path.
	Message string
}

// Error is why a request was not sent.
type Error struct {
	// Problems are all that were found, at least one.
	Problems []Problem
}

// maxPrinted keeps the text of an error readable when each of a thousand order lines is wrong.
const maxPrinted = 10

// Error lists the problems, the first few of them.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("preflight: ")
	if n := len(e.Problems); n != 1 {
		fmt.Fprintf(&b, "%d problems: ", n)
	}
	for i, problem := range e.Problems {
		if i == maxPrinted {
			fmt.Fprintf(&b, "; and %d more", len(e.Problems)-maxPrinted)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(problem.Message)
	}
	return b.String()
}

// problem and warning add what was found at a path. What is said of the field goes behind its path.
func (r *Report) problem(path, code, format string, args ...any) {
	r.Problems = append(r.Problems, finding(path, code, format, args))
}

func (r *Report) warning(path, code, format string, args ...any) {
	r.Warnings = append(r.Warnings, finding(path, code, format, args))
}

func finding(path, code, format string, args []any) Problem {
	subject := path
	if path == "" {
		subject = "the body"
	}
	return Problem{path, code, subject + " " + fmt.Sprintf(format, args...)}
}

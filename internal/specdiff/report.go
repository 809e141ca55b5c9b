package specdiff

import (
	"fmt"
	"io"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/klarna-go/klarna-payments/api"
)

// Report compares a document of Klarna's with ours and writes what it finds, grouped by schema: first what is to be
// looked at, then what differs on purpose by the contract's list. It returns the number of those to be looked at.
func Report(w io.Writer, klarna, ours *openapi3.T, contract api.Contract, list []OnPurpose) (int, error) {
	reasons := reasons(list)
	var open, meant []Difference
	for _, d := range Compare(klarna, ours) {
		if _, ok := reasons[d]; ok {
			meant = append(meant, d)
		} else {
			open = append(open, d)
		}
	}

	p := &printer{w: w}
	if len(open) == 0 {
		p.line("Nothing to do: %s states what Klarna's document states, but for %s on purpose.", contract.Document, differences(len(meant)))
	} else {
		p.line("%s to look at, and %d on purpose.", differences(len(open)), len(meant))
		p.groups(open, func(d Difference) string {
			return fmt.Sprintf("%-8s %s%s", d.Kind(), d, details(klarna, d))
		})
		p.line("")
		p.line(`What is to be done with them stands in CONTRIBUTING.md, "When Klarna changes its document".`)
	}
	if len(meant) > 0 {
		p.line("")
		p.line("On purpose:")
		p.groups(meant, func(d Difference) string { return fmt.Sprintf("%s (on purpose: %s)", d, reasons[d]) })
	}
	if settled := settled(list, meant); len(settled) > 0 {
		p.line("")
		p.line("Klarna's document agrees with ours here by now. Were it the base, these would leave the list of what is on purpose:")
		p.groups(settled, Difference.where)
	}
	return len(open), p.err
}

// settled are the differences of the base that this document of Klarna's no longer has.
func settled(list []OnPurpose, meant []Difference) []Difference {
	var gone []Difference
	for _, entry := range list {
		for _, d := range entry.Differences {
			if !entry.Later && !slices.Contains(meant, d) {
				gone = append(gone, d)
			}
		}
	}
	slices.SortFunc(gone, compareDifferences)
	return gone
}

// where is the path and the fact.
func (d Difference) where() string {
	if d.Fact == Presence {
		return d.Path
	}
	return d.Path + ", " + d.Fact
}

func differences(n int) string {
	if n == 1 {
		return "1 difference"
	}
	return fmt.Sprintf("%d differences", n)
}

// printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) groups(all []Difference, text func(Difference) string) {
	group := ""
	for _, d := range all {
		if d.Group() != group {
			group = d.Group()
			p.line("\n%s", group)
		}
		p.line("  %s", text(d))
	}
}

package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/klarna-go/klarna-payments/klarna"
)

// printer writes what happens, as a person would want to read it.
type printer struct{ out io.Writer }

func (p *printer) title(text string) {
	fmt.Fprintf(p.out, "\n%s\n%s\n", text, strings.Repeat("─", utf8.RuneCountInString(text)))
}

func (p *printer) text(lines ...string) { fmt.Fprintln(p.out, strings.Join(lines, "\n")) }

func (p *printer) step(what, format string, args ...any) {
	fmt.Fprintf(p.out, "%-16s %s\n", what, fmt.Sprintf(format, args...))
}

func (p *printer) cart(lines []klarna.OrderLine) {
	for i, line := range lines {
		what := ""
		if i == 0 {
			what = "Cart"
		}
		p.step(what, "%d × %-14s %12s", line.Quantity, line.Name, money(line.TotalAmount))
	}
	amount, tax := klarna.Totals(lines)
	p.step("", "    %-14s %12s, including %s tax", "total", money(amount), money(tax))
}

func (p *printer) categories(categories []klarna.PaymentMethodCategory) {
	names := make([]string, 0, len(categories))
	for _, category := range categories {
		names = append(names, category.Name)
	}
	p.step("Ways to pay", "%s", strings.Join(names, ", "))
}

// money writes minor units of euros.
func money(minor int64) string {
	return fmt.Sprintf("%d.%02d EUR", minor/100, minor%100)
}

// Package specdiff compares a document of Klarna's with ours, structurally: what is new, gone, wider or narrower.
//
// The tests of package api compare each contract with Klarna's structure, and make spec-diff reports what a newer document
// of Klarna's asks of ours.
package specdiff

import (
	"fmt"
	"strings"
)

// Difference is one fact that is not the same in the two documents.
type Difference struct {
	// Path is where, by the names that Klarna's messages would use: order_line.reference, session.order_lines[],
	// createOrder.requestBody.
	Path string
	// Fact is which: maxLength, required, or one of the facts below. The rest are keywords of OpenAPI.
	Fact string
	// Klarna and Ours are what the documents state, and empty where one states nothing.
	Klarna, Ours string
}

// Facts that are not keywords of a schema.
const (
	// Presence is about the part itself: a path, an operation, a schema, a property.
	Presence = ""
	// EnumValue is one value of a list.
	EnumValue = "value"
	// ErrorBody is the body of an error. However many errors have it, it is one difference.
	ErrorBody = "error body"
)

// there stands for what has no value of its own, such as a property, or a fact that holds.
const there = "true"

// onlyKlarna and onlyOurs are the differences of parts that only one document has.

func onlyKlarna(path string) Difference { return Difference{Path: path, Klarna: there} }
func onlyOurs(path string) Difference   { return Difference{Path: path, Ours: there} }

// Group is the schema, operation or path that a difference belongs to.
func (d Difference) Group() string {
	if strings.HasPrefix(d.Path, "/") {
		path, _, _ := strings.Cut(d.Path, " ")
		return path
	}
	return d.Path[:strings.IndexAny(d.Path+".", ".[")]
}

// String returns what Klarna's document states and what ours does.
func (d Difference) String() string {
	return d.Path + ": " + d.sentence()
}

func (d Difference) sentence() string {
	switch {
	case d.Fact == Presence:
		return either(d, "Klarna's has it, ours has not", "ours has it, Klarna's has not")
	case d.Fact == EnumValue:
		return either(d, "Klarna's lists the value "+d.Klarna+", ours does not", "ours lists the value "+d.Ours+", Klarna's does not")
	case d.Fact == ErrorBody:
		return either(d, "Klarna's states it as the body of errors, ours does not", "the body of every error in ours, while Klarna's states it for one only")
	case d.Fact == "enum":
		return either(d, "Klarna's takes only the values that it lists, ours takes others", "ours takes only the values that it lists, Klarna's takes others")
	case d.Klarna == there && d.Ours == "" || d.Klarna == "" && d.Ours == there:
		return either(d, d.Fact+" in Klarna's, not in ours", d.Fact+" in ours, not in Klarna's")
	case d.Klarna == "":
		return fmt.Sprintf("Klarna's states no %s, ours is %s", d.Fact, d.Ours)
	case d.Ours == "":
		return fmt.Sprintf("Klarna's %s is %s, ours states none", d.Fact, d.Klarna)
	default:
		return fmt.Sprintf("Klarna's %s is %s, ours %s", d.Fact, d.Klarna, d.Ours)
	}
}

func either(d Difference, klarna, ours string) string {
	if d.Klarna != "" {
		return klarna
	}
	return ours
}

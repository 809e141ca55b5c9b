package specdiff

import "strconv"

// Kind is what a difference comes to for whoever edits our document: Klarna's is what it is compared with.
type Kind string

// The kinds.
const (
	New      Kind = "new"      // Klarna's has it, ours lacks it
	Gone     Kind = "gone"     // ours has it, Klarna's lacks it
	Wider    Kind = "wider"    // Klarna's lets more pass than ours
	Narrower Kind = "narrower" // Klarna's lets less pass than ours
	Other    Kind = "other"    // neither: another type, another name
)

// limits are the facts that shut something out when they are stated, by what a larger number means.
var limits = map[string]Kind{
	"maximum": Wider, "maxLength": Wider, "maxItems": Wider, "maxProperties": Wider,
	"minimum": Narrower, "minLength": Narrower, "minItems": Narrower, "minProperties": Narrower,
	"multipleOf": Other, "pattern": Other, "format": Other, "enum": Other, "required": Other, "uniqueItems": Other,
	"exclusiveMinimum": Other, "exclusiveMaximum": Other, "additionalProperties": Other,
}

// Kind is new, gone, wider or narrower.
func (d Difference) Kind() Kind {
	larger, isLimit := limits[d.Fact]
	switch {
	case d.Fact == Presence || d.Fact == EnumValue || d.Fact == ErrorBody:
		if d.Klarna != "" {
			return New
		}
		return Gone
	case d.Fact == "nullable":
		if d.Klarna != "" {
			return Wider
		}
		return Narrower
	case !isLimit:
		return Other
	case d.Klarna == "":
		return Wider
	case d.Ours == "":
		return Narrower
	case larger == Other:
		return Other
	case number(d.Klarna) > number(d.Ours):
		return larger
	case larger == Wider:
		return Narrower
	default:
		return Wider
	}
}

// number reads what float and limit wrote.
func number(fact string) float64 {
	n, _ := strconv.ParseFloat(fact, 64)
	return n
}

package klarna

import (
	"runtime"
	"runtime/debug"
	"sync"
)

const modulePath = "github.com/klarna-go/klarna-payments"

// libraryUserAgent is the library's name, its version as the program was built with it, and Go's.
var libraryUserAgent = sync.OnceValue(func() string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range append(info.Deps, &info.Main) {
			if module.Path == modulePath && module.Version != "" && module.Version != "(devel)" {
				version = module.Version
			}
		}
	}
	return "klarna-payments-go/" + version + " (" + runtime.Version() + ")"
})

// Package role names the module's goroutines in profiles, by labels of
// runtime/pprof:
//
//	role  reader, writer, watchdog, parser, poller, events or supervisor
//	conn  number of the connection, where the goroutine has one
//
//	go tool pprof -tagfocus role=parser cpu.out
//	curl localhost:6060/debug/pprof/goroutine?debug=1
package role

import (
	"context"
	"runtime/pprof"
	"strconv"
)

// Common is the connection of a goroutine that works for all of them.
const Common = -1

// Do runs run under the labels. Goroutines that run starts inherit them, unless
// they have a role of their own.
func Do(role string, conn int, run func()) {
	labels := pprof.Labels("role", role)
	if conn != Common {
		labels = pprof.Labels("role", role, "conn", strconv.Itoa(conn))
	}
	// With an empty context: the labels of whoever calls us are not the goroutine's.
	pprof.Do(context.Background(), labels, func(context.Context) { run() })
}

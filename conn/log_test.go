package conn_test

import (
	"bytes"
	"log/slog"
	"net"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker/conn"
)

// A line of the log says what there is to say: no attempt that is none, no
// delay, no error.
func TestLogLeavesOutWhatIsEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := start(t, conn.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(dial int, nc net.Conn) {
			if dial == 0 {
				return
			}
			accept(nc)
			heartbeats(nc)
		})
		after(time.Minute)
		h.stop()
		text := regexp.MustCompile(`(?m)^time=\S+ level=`).ReplaceAllString(log.String(), "")
		text = regexp.MustCompile(`delay=[1-9]\S*`).ReplaceAllString(text, "delay=D")
		text = regexp.MustCompile(`err=".*"`).ReplaceAllString(text, "err=E")
		want := `INFO msg="connection dialing" conn=0 from=idle
WARN msg="connection backing off" conn=0 from=dialing attempt=1 delay=D err=E
INFO msg="connection dialing" conn=0 from="backing off" attempt=1
INFO msg="connection live" conn=0 from=dialing attempt=1
INFO msg="connection stopped" conn=0 from=live attempt=1
`
		if text != want {
			t.Errorf("logged\n%s\nwant\n%s", text, want)
		}
	})
}

package harness

import (
	"crypto/tls"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loov/hrtime"

	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/stats"
)

// Subject is something that receives: a client, or a floor.
type Subject struct {
	Name string
	// Floor names the subject that does the least that this one must do as
	// well; "" if it is a floor itself.
	Floor string
	// Subscribes says that Run subscribes to Session.Tokens in full mode.
	// Otherwise the exchange sends without having been asked.
	Subscribes bool
	// Run opens the load's sockets and reads them until the process ends. It
	// returns only with an error.
	Run func(s *Session) error
}

// Session is what a subject meets: an exchange that waits for its sockets.
type Session struct {
	Load Load
	URL  string      // of the exchange, without credentials; any will do
	TLS  *tls.Config // trusts the exchange; nil without TLS

	start, begin atomic.Int64 // when the first frame is due, and the first that counts

	mu        sync.Mutex
	recorders []*Recorder
	lost      []func() uint64
	room      int // samples that a recorder makes room for
}

// Query has the credentials that the exchange asks for.
const Query = "?api_key=bench&access_token=bench"

// Tokens returns the instruments of the load.
func (s *Session) Tokens() []uint32 { return kitetest.Universe(s.Load.Instruments) }

// OnLost adds a count of ticks that the subject knows it has lost.
func (s *Session) OnLost(count func() uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = append(s.lost, count)
}

// Recorder returns a recorder for one goroutine.
func (s *Session) Recorder() *Recorder {
	r := &Recorder{session: s, samples: make([]time.Duration, 0, s.room)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recorders = append(s.recorders, r)
	return r
}

// Recorder notes how old a frame is when its receiver has it. It does not
// allocate, and belongs to one goroutine.
type Recorder struct {
	session *Session
	samples []time.Duration // its goroutine's until the session has ended
	frames  stats.Counter   // seen since the start, those before begin as well
}

// Tick notes the frame that ends with a tick of these total quantities, if one
// does.
func (r *Recorder) Tick(totalBuy, totalSell uint32) {
	if totalBuy|totalSell != 0 {
		r.Frame(StampOf(totalBuy, totalSell))
	}
}

// Frame notes the frame that was due at the time that its stamp gives. What is
// older than the start is none of the load's: a snapshot.
func (r *Recorder) Frame(due int64) {
	if due < r.session.start.Load() { // far in the future until there is one
		return
	}
	if due >= r.session.begin.Load() {
		r.samples = append(r.samples, hrtime.Now()-time.Duration(due))
	}
	r.frames.Add(1) // last: whoever sees it counted finds it recorded
}

// never is later than any stamp.
const never = math.MaxInt64

// seen returns how many frames were seen since the start.
func (s *Session) seen() (n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.recorders {
		n += r.frames.Load()
	}
	return n
}

// samples returns all samples. Nothing may be recorded any more.
func (s *Session) samples() (all []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.recorders {
		all = append(all, r.samples...)
	}
	return all
}

func (s *Session) lostTicks() (n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, count := range s.lost {
		n += count()
	}
	return n
}

package kiteticker

import "time"

// Stats returns the stream's state at this moment, also after it was closed. It
// may be called from any goroutine.
func (s *TickStream) Stats() StreamStats {
	st := StreamStats{Name: s.name, Overflow: s.overflow, Len: s.Len(), Lost: s.Lost(), Replaced: s.Replaced(), Delivery: s.delivery.Snapshot()}
	for i := range s.inputs {
		in := &s.inputs[i]
		if in.ring != nil {
			st.Cap += in.ring.Cap()
		}
		st.add(in.conn, in.out.lost.Load(), &in.out.patience)
	}
	return st
}

// Stats returns the stream's state at this moment, also after it was closed. It
// may be called from any goroutine.
func (s *FrameStream) Stats() StreamStats {
	st := StreamStats{Name: s.name, Frames: true, Overflow: s.overflow, Len: s.Len(), Lost: s.Lost()}
	for i := range s.inputs {
		in := &s.inputs[i]
		st.Cap += in.ring.Cap()
		st.add(in.conn, in.out.lost.Load(), &in.out.patience)
	}
	return st
}

// add notes what one connection did to the stream.
func (st *StreamStats) add(conn int, lost uint64, p *patience) {
	st.Conns = append(st.Conns, conn)
	st.LostOn = append(st.LostOn, lost)
	st.Waits += p.waits.Load()
	if since := p.since.Load(); since != 0 {
		st.Waiting = append(st.Waiting, StreamWait{Conn: conn, Since: time.Unix(0, since)})
	}
}

// Stats returns the stream's state at this moment, also after it was closed. It
// may be called from any goroutine.
func (s *EventStream) Stats() EventStreamStats { return EventStreamStats{Name: s.name, Len: s.Len()} }

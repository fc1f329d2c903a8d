package decode

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tickOf is the tick that a view shows, field by field.
func tickOf(p Packet) Tick {
	t := Tick{
		Token: p.Token(), LastPrice: p.LastPrice(), LastQuantity: p.LastQuantity(), AveragePrice: p.AveragePrice(),
		Volume: p.Volume(), TotalBuyQuantity: p.TotalBuyQuantity(), TotalSellQuantity: p.TotalSellQuantity(),
		Open: p.Open(), High: p.High(), Low: p.Low(), Close: p.Close(),
		LastTradeTime: p.LastTradeTime(), OI: p.OI(), OIDayHigh: p.OIDayHigh(), OIDayLow: p.OIDayLow(),
		ExchangeTime: p.ExchangeTime(),
		Mode:         p.Mode(), Flags: p.Flags(), Decimals: p.Decimals(), RawChange: p.RawChange(),
	}
	for i := range 5 {
		t.Bids[i], t.Asks[i] = p.Bid(i), p.Ask(i)
	}
	return t
}

// checkView compares the view of pkt with its tick.
func checkView(t *testing.T, d *Decoder, pkt []byte) {
	t.Helper()
	var want Tick
	err := d.Packet(&want, pkt)
	p, ok := d.View(pkt)
	if ok != (err == nil) {
		t.Fatalf("packet of %d bytes: a view: %v, a tick: %v", len(pkt), ok, err)
	}
	if got := tickOf(p); got != want { // both zero where there is no packet
		t.Errorf("packet % x (-tick +view):\n%s", pkt, cmp.Diff(want, got))
	}
	if p.IsIndex() != want.IsIndex() || p.HasDepth() != want.HasDepth() {
		t.Errorf("packet % x: index %v, depth %v, want %v, %v", pkt, p.IsIndex(), p.HasDepth(), want.IsIndex(), want.HasDepth())
	}
}

// extremes are packets of the values at which an arithmetic goes wrong, and of
// bytes that all differ, so that none can stand for another.
func extremes(n int) (packets [][]byte) {
	for _, b := range []byte{0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff} {
		packets = append(packets, bytes.Repeat([]byte{b}, n))
	}
	for _, step := range []byte{1, 7, 255} {
		pkt := make([]byte, n)
		for i := range pkt {
			pkt[i] = byte(i+1) * step
		}
		packets = append(packets, pkt)
	}
	for word := 0; word+4 <= n; word += 4 { // one number at its least or greatest, the others zero
		for _, v := range []uint32{1, 1<<16 - 1, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
			pkt := make([]byte, n)
			binary.BigEndian.PutUint32(pkt[word:], v)
			packets = append(packets, pkt)
		}
	}
	return packets
}

// Law: a view shows what the decoder decodes, for all bytes of all lengths, all
// segments and any table.
func TestView(t *testing.T) {
	own, err := NewDecoder(Segment{Code: 200, Decimals: 9, Index: true}, Segment{Code: 9, Decimals: 0})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, d := range []*Decoder{{}, own} {
		for n := range 400 {
			for code := range 256 {
				pkt := make([]byte, n)
				for i := range pkt {
					pkt[i] = byte(rng.Uint32())
				}
				if n > segmentAt {
					pkt[segmentAt] = byte(code)
				}
				checkView(t, d, pkt)
				if n%4 != 0 {
					break // no packet: once is enough
				}
			}
		}
		for _, n := range []int{ltpLen, ltpcLen, indexQuoteLen, indexFullLen, quoteLen, fullLen} {
			for _, pkt := range extremes(n) {
				checkView(t, d, pkt)
			}
		}
	}
}

// The documented packet, by hand: an index has its prices in another order, and
// its time elsewhere.
func TestViewOfIndex(t *testing.T) {
	pkt := []byte("\x00\x03\xe9\x09" + "\x00\x00\x00\x01" + "\x00\x00\x00\x02" + "\x00\x00\x00\x03" +
		"\x00\x00\x00\x04" + "\x00\x00\x00\x05" + "\xff\xff\xff\xfa" + "\x00\x00\x00\x07")
	p, ok := new(Decoder).View(pkt)
	if !ok || !p.IsIndex() || p.HasDepth() {
		t.Fatalf("view %v, index %v, depth %v", ok, p.IsIndex(), p.HasDepth())
	}
	got := []int32{p.LastPrice(), p.High(), p.Low(), p.Open(), p.Close(), p.RawChange(), int32(p.ExchangeTime())}
	if want := []int32{1, 2, 3, 4, 5, -6, 7}; !reflect.DeepEqual(got, want) {
		t.Errorf("last, high, low, open, close, change, time are %v, want %v", got, want)
	}
}

// Law: no method of any view panics, of the zero Packet either, and beyond five
// levels there is no depth.
func TestViewIsTotal(t *testing.T) {
	if got := tickOf(Packet{}); got != (Tick{}) {
		t.Errorf("the zero Packet shows %+v", got)
	}
	pkt := make([]byte, fullLen)
	for i := range pkt {
		pkt[i] = 0xff
	}
	p, _ := new(Decoder).View(pkt)
	for _, i := range []int{math.MinInt, -1, 5, 6, 10, math.MaxInt/12 + 1, math.MaxInt} {
		if p.Bid(i) != (Level{}) || p.Ask(i) != (Level{}) {
			t.Errorf("level %d is %v, %v, want none", i, p.Bid(i), p.Ask(i))
		}
	}
	// Bytes that View would refuse, of every length up to beyond the last packet.
	for n := range len(pkt) + 1 {
		tickOf(Packet{b: pkt[:n]})
	}
}

// Every field of a packet has a method of its name: a new one cannot be
// forgotten here and in the laws above.
func TestViewHasEveryField(t *testing.T) {
	view := reflect.TypeFor[Packet]()
	for f := range reflect.TypeFor[Tick]().Fields() {
		name := f.Name
		switch name {
		case "ReceivedAt", "Seq", "Conn": // no packet has them
			continue
		case "Bids", "Asks":
			name = strings.TrimSuffix(name, "s")
		}
		if m, ok := view.MethodByName(name); !ok || m.Type.Out(0) != f.Type && f.Type.Kind() != reflect.Array {
			t.Errorf("a Packet has no method %s of type %v", name, f.Type)
		}
	}
}

// A view is the packet: it sees the bytes change, and hands them back.
func TestViewBorrows(t *testing.T) {
	pkt := make([]byte, ltpLen)
	p, _ := new(Decoder).View(pkt)
	binary.BigEndian.PutUint32(pkt, 408065)
	if p.Token() != 408065 || &p.Bytes()[0] != &pkt[0] || len(p.Bytes()) != len(pkt) {
		t.Errorf("token %d, bytes %p, want 408065, %p", p.Token(), p.Bytes(), pkt)
	}
	if got := testing.AllocsPerRun(100, func() {
		if p, ok := new(Decoder).View(pkt); !ok || p.Token() != 408065 {
			t.Fatal("no view")
		}
	}); got != 0 {
		t.Errorf("a view allocates %v times, want 0", got)
	}
}

// Law: as of TestView.
func FuzzView(f *testing.F) {
	for _, n := range []int{0, ltpLen, ltpcLen, indexQuoteLen, indexFullLen, quoteLen, fullLen} {
		f.Add(make([]byte, n), uint8(9), uint8(2), true)
		f.Add(extremes(n)[6], uint8(4), uint8(7), false)
	}
	f.Fuzz(func(t *testing.T, pkt []byte, code, decimals uint8, index bool) {
		d, err := NewDecoder(Segment{Code: code, Decimals: decimals % (maxDecimals + 1), Index: index})
		if err != nil {
			t.Fatal(err)
		}
		checkView(t, d, pkt)
		checkView(t, new(Decoder), pkt)
	})
}

package decode

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const noAVX2 = "no AVX2 here, or not to be used: every packet is decoded by the Go code that the other tests test"

// packetGo is Packet without AVX2.
//
//go:noinline
func (d *Decoder) packetGo(t *Tick, pkt []byte) error {
	if len(pkt) != fullLen {
		return d.Packet(t, pkt)
	}
	p := (*[fullLen]byte)(pkt)
	full(t, p)
	t.finish(d.table()[p[segmentAt]].quote.with(ModeFull, 0))
	return nil
}

// checkSame decodes pkt in both ways into slots that held something else, with
// a slot on either side, and compares all there is.
func checkSame(t *testing.T, d *Decoder, pkt []byte) {
	t.Helper()
	var got, want [3]Tick
	for i := range got {
		got[i].poison()
		want[i].poison()
	}
	wantErr := d.packetGo(&want[1], pkt)
	if err := d.Packet(&got[1], pkt); err != wantErr {
		t.Errorf("%d bytes: error %v by AVX2, %v in Go", len(pkt), err, wantErr)
	}
	if got != want {
		t.Errorf("packet % x\nis by AVX2 %+v\nand in Go  %+v", pkt, got, want)
	}
}

// poison fills a tick with what no packet says.
func (t *Tick) poison() {
	*t = Tick{ReceivedAt: -1, Seq: 1<<64 - 1, Conn: 255, Mode: 255, Flags: 255, Decimals: 255, RawChange: -1}
	full(t, (*[fullLen]byte)(bytes.Repeat([]byte{0xa5}, fullLen)))
	for i := range t.Bids {
		t.Bids[i].Orders, t.Asks[i].Orders = 1<<32-1, 1<<32-1 // no packet has more than 16 bits
	}
}

// Law: AVX2 and Go make the same tick of the same bytes and leave what is
// around it alone, for every length and segment, wherever the packet and the
// tick lie.
func TestAVX2SameAsGo(t *testing.T) {
	if !useAVX2 {
		t.Skip(noAVX2)
	}
	own, err := NewDecoder(Segment{Code: 200, Decimals: 9}, Segment{Code: 9, Decimals: 0})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []byte {
		pkt := make([]byte, n)
		for i := range pkt {
			pkt[i] = byte(rng.Uint32())
		}
		return pkt
	}
	for _, d := range []*Decoder{{}, own} {
		for n := range 400 {
			checkSame(t, d, random(n))
		}
		for _, pkt := range extremes(fullLen) {
			checkSame(t, d, pkt)
		}
		for code := range 256 {
			pkt := random(fullLen)
			pkt[segmentAt] = byte(code)
			checkSame(t, d, pkt)
		}
		for align := range 64 { // at least twice around, whatever the address of memory
			memory := random(64 + fullLen + 64)
			checkSame(t, d, memory[align:align+fullLen:align+fullLen])
			if t.Failed() {
				t.Fatalf("at alignment %d", align)
			}
		}
		for range 10_000 {
			checkSame(t, d, random(fullLen))
		}
	}
}

// A slot of a ring is aligned to 8 bytes and not to more.
func TestAVX2SlotAlignment(t *testing.T) {
	if !useAVX2 {
		t.Skip(noAVX2)
	}
	var memory struct {
		slots [4]struct {
			tick Tick
			_    uint64 // 216 bytes: each slot is 24 bytes off the alignment of the last
		}
	}
	var d Decoder
	for _, pkt := range extremes(fullLen) {
		for i := range memory.slots {
			var want Tick
			memory.slots[i].tick.poison()
			_ = d.packetGo(&want, pkt)
			_ = d.Packet(&memory.slots[i].tick, pkt)
			if got := memory.slots[i].tick; got != want {
				t.Fatalf("slot %d is %+v, want %+v", i, got, want)
			}
		}
	}
}

// Law: as of TestAVX2SameAsGo, for any bytes at any alignment.
func FuzzAVX2(f *testing.F) {
	if !useAVX2 {
		f.Skip(noAVX2)
	}
	f.Add([]byte(nil), uint8(0))
	f.Add(bytes.Repeat([]byte{0xff}, fullLen), uint8(31))
	f.Add(extremes(fullLen)[6], uint8(1))
	f.Fuzz(func(t *testing.T, pkt []byte, align uint8) {
		at := int(align % 64)
		memory := make([]byte, at+max(len(pkt), fullLen))
		n := copy(memory[at:], pkt)
		checkSame(t, new(Decoder), memory[at:at+n])
		checkSame(t, new(Decoder), memory[at:at+fullLen]) // most inputs are of another length
	})
}

// GODEBUG=cpu.avx2=off is the way back to Go without building anew. With it the
// tests of packets pass, and those of AVX2 have nothing to do.
func TestAVX2CanBeTurnedOff(t *testing.T) {
	if !useAVX2 {
		t.Skip(noAVX2)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^(TestGolden|TestPacket.*|TestView|TestAVX2SameAsGo)$", "-test.v")
	cmd.Env = append(os.Environ(), "GODEBUG=cpu.avx2=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{noAVX2, "--- SKIP: TestAVX2SameAsGo", "--- PASS: TestGolden", "--- PASS: TestView"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("without AVX2 the tests do not say %q:\n%s", want, out)
		}
	}
}

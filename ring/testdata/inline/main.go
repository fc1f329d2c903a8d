// Command inline calls each hot method of the rings of slots once. TestInlining builds
// it and reads what the compiler did with the calls.
package main

import "github.com/kiteticker/kiteticker/ring"

type tick [26]uint64

func main() {
	p, c := ring.New[tick](1)
	if slot, ok := p.Reserve(); ok {
		slot[0] = 1
		p.Commit()
	}
	p.CommitN(0)
	p.Publish()
	if item, ok := c.Peek(); ok {
		println(item[0])
		c.Advance()
	}
	c.AdvanceN(0)
	c.Release()

	ps, _ := ring.NewConflating[tick](1)
	println(ps[0].Reserve()[0])
}

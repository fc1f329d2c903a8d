package shard_test

import (
	"errors"
	"fmt"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/shard"
)

func Example() {
	table, err := shard.NewTable(shard.Config{Conns: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := table.Subscribe(decode.ModeFull, 408065, 884737, 256265, 5633); err != nil {
		fmt.Println(err)
		return
	}
	for conn := range 3 {
		sent := shard.Set{} // a new socket
		for _, cmd := range shard.Diff(table.Desired(conn), sent, 0) {
			fmt.Printf("%d: %s\n", conn, cmd.AppendJSON(nil))
		}
	}
	// Output:
	// 0: {"a":"subscribe","v":[5633,408065]}
	// 0: {"a":"mode","v":["full",[5633,408065]]}
	// 1: {"a":"subscribe","v":[884737]}
	// 1: {"a":"mode","v":["full",[884737]]}
	// 2: {"a":"subscribe","v":[256265]}
	// 2: {"a":"mode","v":["full",[256265]]}
}

// A mode change and a replacement, on a socket that already carries tokens.
func ExampleDiff() {
	sent := shard.Set{408065: decode.ModeQuote, 884737: decode.ModeFull}
	desired := shard.Set{408065: decode.ModeLTP, 5633: decode.ModeQuote}
	for _, cmd := range shard.Diff(desired, sent, 0) {
		fmt.Printf("%s\n", cmd.AppendJSON(nil))
	}
	// Output:
	// {"a":"unsubscribe","v":[884737]}
	// {"a":"subscribe","v":[5633]}
	// {"a":"mode","v":["ltp",[408065]]}
	// {"a":"mode","v":["quote",[5633]]}
}

func ExampleTable_Subscribe_capacity() {
	table, err := shard.NewTable(shard.Config{Conns: 3, Capacity: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = table.Subscribe(decode.ModeQuote, 1, 2, 3, 4, 5, 6, 7)
	if ce, ok := errors.AsType[*shard.CapacityError](err); ok {
		fmt.Printf("%d too many; on conn 0: %d\n", ce.Want-ce.Free, table.Len(0))
	}
	// Output:
	// 1 too many; on conn 0: 0
}

package shard_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/shard"
)

func TestMove(t *testing.T) {
	table, err := shard.NewTable(shard.Config{Conns: 3, Capacity: 3})
	if err != nil {
		t.Fatal(err)
	}
	for token := range uint32(7) { // 1 4 7 on 0, 2 5 on 1, 3 6 on 2
		if err := table.Subscribe(decode.ModeFull, token+1); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.SetMode(decode.ModeLTP, 4); err != nil {
		t.Fatal(err)
	}
	got := table.Move([]uint32{1, 4, 7, 99, 2}, 1, 2)
	want := []shard.Moved{{Token: 1, From: 0, To: 1}, {Token: 4, From: 0, To: 2}} // then both are full; 2 is on 1 already
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("moved (-want +got):\n%s", diff)
	}
	sets := []shard.Set{
		{7: decode.ModeFull},
		{1: decode.ModeFull, 2: decode.ModeFull, 5: decode.ModeFull},
		{3: decode.ModeFull, 4: decode.ModeLTP, 6: decode.ModeFull},
	}
	for conn, want := range sets {
		if diff := cmp.Diff(want, table.Desired(conn)); diff != "" {
			t.Errorf("connection %d (-want +got):\n%s", conn, diff)
		}
	}
	if back := table.Move([]uint32{1, 4}, 0); len(back) != 2 || table.Len(0) != 3 {
		t.Errorf("moving back moved %v", back)
	}
	if none := table.Move([]uint32{1}); none != nil {
		t.Errorf("a move to nowhere moved %v", none)
	}
}

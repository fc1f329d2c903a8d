// Package shard decides which connection carries which instrument, and what
// has to be said to the server to make it so.
//
// It is pure: no I/O, no clock, no goroutine, and the same calls give the same
// result every time. Nothing in it is safe for concurrent use; the caller
// holds a lock.
//
// # Desired state
//
// Callers do not send commands, they edit a [Table], the desired state. What a
// socket was sent is a [Set] of the connection's own, empty when the socket is
// new. [Diff] compares the two:
//
//	for _, cmd := range shard.Diff(table.Desired(conn), sent, chunk) {
//		buf = cmd.AppendJSON(buf[:0])
//		// ... send buf as a text message; on an error the socket is done ...
//		sent.Apply(cmd)
//	}
//
// So a reconnect is not a case of its own: clear sent, and the same lines
// restore every token in its mode, each sent once. Nor are edits that arrive
// while commands are on their way: Diff again. Once Diff returns nothing, sent
// equals the connection's part of the table.
//
// [Table.Desired] lends the table's own map instead of a copy, because it is
// read after every edit: hold the lock during Diff. The commands do not refer
// to the table, so they can be sent without it.
//
// # Decisions
//
// Capacity is checked for the whole call before anything changes. The server
// takes the tokens that fit, and its error for the others names none of them.
//
// A token stays where it was placed. Nothing is rebalanced when tokens leave,
// since moving one costs its data a gap and a snapshot. A token that is
// unsubscribed and subscribed again is placed anew.
//
// The sets are the table: a token is on the connection whose set it is in, and
// no index has to be kept in step with them. Finding a token means asking each
// connection's set; connections are few.
//
// Unsubscribes go first. The server counts what it was sent, duplicates
// included, against the limit of 3,000 (Zerodha staff, forum 7069 and 5271),
// so room is made before it is used, and nothing is subscribed twice.
//
// Every subscribe is followed by a mode, even if the mode is the server's
// default, quote (Zerodha staff, forum 16363): nothing documents that default,
// and an explicit mode costs a few bytes.
//
// Token 0 is refused. Segment 0 does not exist, so it is always an unset
// variable or a lookup that failed, which should not wait for data in vain.
//
// Connections are dense, 0 to Conns-1, and the package does not know which
// account they belong to: three connections of one account and six of two look
// the same here.
package shard

package shard

// Moved is a token that [Table.Move] put on another connection.
type Moved struct {
	Token    uint32
	From, To int
}

// Move puts each of the tokens on the least loaded of the connections to, and
// returns what it moved, in the order given. A token stays where it is if the
// table does not have it, if it is on one of those connections already, or if
// all of them are full. The policy is not asked: a move overrides it, until the
// token is moved back.
func (t *Table) Move(tokens []uint32, to ...int) []Moved {
	var moved []Moved
	for _, token := range tokens {
		from, known := t.Conn(token)
		best := -1
		for _, conn := range to {
			if conn == from {
				best = -1
				break
			}
			if n := len(t.sets[conn]); n < t.cfg.Capacity && (best < 0 || n < len(t.sets[best])) {
				best = conn
			}
		}
		if !known || best < 0 {
			continue
		}
		t.sets[best][token] = t.sets[from][token]
		delete(t.sets[from], token)
		moved = append(moved, Moved{Token: token, From: from, To: best})
	}
	return moved
}

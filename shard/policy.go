package shard

import "fmt"

// Policy says which connection a new token goes to.
type Policy uint8

const (
	LeastLoaded Policy = iota // the connection with the fewest tokens, the lowest id among equals
	RoundRobin                // the next connection in turn that has room
	Pinned                    // the connection Config.Pin names
)

var policyNames = [...]string{LeastLoaded: "least-loaded", RoundRobin: "round-robin", Pinned: "pinned"}

// String returns the name of p: "least-loaded", "round-robin" or "pinned".
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return fmt.Sprintf("Policy(%d)", uint8(p))
}

// MarshalText returns the name of p.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText sets p to the policy named by text, as [Policy.String] spells
// it.
func (p *Policy) UnmarshalText(text []byte) error {
	for i, name := range policyNames {
		if name == string(text) {
			*p = Policy(i)
			return nil
		}
	}
	return fmt.Errorf("kiteticker: sharding policy is %q, want least-loaded, round-robin or pinned", text)
}

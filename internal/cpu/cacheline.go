package cpu

// CacheLine is how far apart, in bytes, two fields must be so that writing one
// never slows a core that reads the other. It is two lines of 64 bytes: Intel's
// adjacent-line prefetcher fetches lines in pairs, and 128 bytes is the line
// of Apple's arm64 cores.
const CacheLine = 128

// Pad keeps the fields on its two sides in different cache lines.
type Pad [CacheLine]byte
